// A range of code points as sequences of ranges of bytes (as in Russ Cox, "Regular Expression Matching in the Wild",
// 2010): within one, each byte may be any of its range.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace infer::text {

struct ByteSequence {
  size_t n = 0;  // bytes, 1 .. 4
  uint8_t first[4] = {}, last[4] = {};
};

namespace detail {
inline size_t encode_utf8(uint32_t c, uint8_t* out) {
  if (c < 0x80) return out[0] = static_cast<uint8_t>(c), 1;
  const size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i > 0; --i, c >>= 6) out[i] = static_cast<uint8_t>(0x80 | (c & 0x3f));
  out[0] = static_cast<uint8_t>((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
  return n;
}
}  // namespace detail

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
    s.n = detail::encode_utf8(first, s.first);
    detail::encode_utf8(end, s.last);
    out.push_back(s);
    first = end + 1;
  }
  return out;
}

}  // namespace infer::text
