// The bytes of one block of kLanes weight rows, one row per lane, from the file's layout or from the packed one. Both
// answer alike, so a format (formats.h) is described once:
//   word(at)     bytes at .. at+3 of each row            f16(at)   bytes at, at+1 as a binary16 number
//   byte(at)     byte `at` of each row
//   words(at)    [j], j in 0 .. 3: bytes at+4j .. at+4j+3, read for the first time in this pass; again(j): once more
#pragma once
#include <cstdint>

#include "backends/cpu/codegen.h"
#include "backends/cpu/packing.h"

namespace infer::cpu {

// Rows as they are in the file, `stride` bytes apart.
template <class V>
struct RowsBlock {
  const uint8_t* p;
  int64_t stride;
  struct Words {
    typename V::B w[4];
    INFER_INLINE typename V::B operator[](int j) const { return w[j]; }
    INFER_INLINE typename V::B again(int j) const { return w[j]; }
  };
  INFER_INLINE typename V::I word(int at) const { return V::gather32(p + at, stride); }
  INFER_INLINE typename V::I byte(int at) const { return V::and_i(word(at), 255); }
  INFER_INLINE typename V::F f16(int at) const {  // of a block of more than 2 bytes, and without reading past its end
    return V::low_f16(at < 2 ? word(at) : V::shr(word(at - 2), 16));
  }
  INFER_INLINE Words words(int at) const {
    Words r;
    V::load16(p + at, stride, r.w);
    return r;
  }
};

// kLanes of the kPackedRows rows of a packed tile: see packing.h. A tile is one stream of memory; whoever reads a word
// fetches the one kAhead bytes further, which spreads the fetches evenly. The distance, times the streams that are read
// in turn (kStreams): as many cache lines as a core can wait for at once, and hardly more. (Zen 3 waits for 24; Q4_K
// from memory there in one stream, of 23 GB/s from the cache: 11 GB/s without fetches, 9.5 when each block fetches the
// next tile's, 16 at 1.5 KiB, 10 to 12 at 2.25 to 4.5 KiB, and no better when fetched into the second level.)
template <class V, class Format>
struct PackedBlock {
  static constexpr bool kInTurn = Format::kStreams > 1 && V::kStreams > 1;
  static constexpr int kPlane = 4 * kPackedRows, kAhead = kInTurn ? 768 : 1536;  // bytes; kPlane: from word to word
  const uint8_t *odd, *first;                                                    // of the first of the lanes
  // A tile's vectors lie beside each other, so the first fetches for all. (Zen 3, from the cache: Q6_K 14.5 -> 18.6
  // GB/s, Q3_K 6.3 -> 8.9, Q5_K 13.6 -> 15.5, IQ4_XS 12.0 -> 14.1, Q4_K 18.9 -> 19.8; from memory Q6_K 11.0 -> 11.8,
  // Q4_K 11.0 -> 12.5. Blocks of 32 values gain nothing by it.)
  bool fetches;
  PackedBlock() = default;
  INFER_INLINE PackedBlock(const uint8_t* block, int lane)
      : odd(block + lane * Format::kOddBytes),
        first(block + kPackedRows * Format::kOddBytes + lane * 4),
        fetches(lane == 0) {}
  INFER_INLINE static void fetch(const uint8_t* p, bool really) {
    if (Format::kValues == 32 || really)
      __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(p) + kAhead));
  }
  struct Words {
    const uint8_t* p;
    bool fetches;
    INFER_INLINE const uint8_t* at(int j) const { return p + j * Format::kApart * kPlane; }
    INFER_INLINE typename V::B operator[](int j) const {
      fetch(at(j), fetches);
      return V::load_b(at(j));
    }
    INFER_INLINE typename V::B again(int j) const { return V::load_b(at(j)); }
  };
  INFER_INLINE const uint8_t* plane(int at) const {
    const int word = (Format::kOddBytes > 0 && at > Format::kOdd ? at - Format::kOddBytes : at) / 4;
    return first + Format::place(word) * kPlane;
  }
  INFER_INLINE typename V::I word(int at) const {
    fetch(plane(at), fetches);
    return V::bits(V::load(reinterpret_cast<const float*>(plane(at))));
  }
  INFER_INLINE typename V::I byte(int) const {
    fetch(odd, fetches);
    return V::and_i(V::to_i(V::load_i8(reinterpret_cast<const int8_t*>(odd))), 255);
  }
  INFER_INLINE typename V::F f16(int) const {
    fetch(odd, fetches);
    return V::load_f16(reinterpret_cast<const uint16_t*>(odd));
  }
  INFER_INLINE Words words(int at) const { return {plane(at), fetches}; }
};

}  // namespace infer::cpu
