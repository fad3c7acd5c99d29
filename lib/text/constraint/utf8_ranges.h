// A range of code points as sequences of ranges of bytes (as in Russ Cox, "Regular Expression Matching in the Wild",
// 2010): within one, each byte may be any of its range.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace infer::text {

struct ByteSequence {
  std::string first, last;  // bytes, 1 .. 4
};

// first <= last, no surrogates in between.
inline std::vector<ByteSequence> utf8_ranges(uint32_t first, uint32_t last) {
  std::vector<ByteSequence> out;
  while (first <= last) {
    // To the end of what has as many bytes as `first`, and then to the end of the largest block of 64^k code points
    // that begins at `first` (its last k bytes are then free).
    uint32_t end = last;
    for (const uint32_t most : {0x7fu, 0x7ffu, 0xffffu})
      if (first <= most && end > most) end = most;
    for (uint32_t bits = 6; bits <= 18; bits += 6) {
      const uint32_t low = (1u << bits) - 1;
      if ((first & ~low) == (end & ~low)) break;  // the bytes before the last k are one value each
      if ((first & low) != 0) {
        end = first | low;
      } else if ((end & low) != low) {
        end = (end & ~low) - 1;
      }
    }
    ByteSequence s;
    append_utf8(s.first, first);
    append_utf8(s.last, end);
    out.push_back(std::move(s));
    first = end + 1;
  }
  return out;
}

}  // namespace infer::text
