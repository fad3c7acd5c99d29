// The bytes of one block of kLanes weight rows, one row per lane, from the file's layout or from the packed one. Both
// answer alike, so a format (formats.h) is described once:
//   word(at)     bytes at .. at+3 of each row            f16(at)   bytes at, at+1 as a binary16 number
//   words(at)    [j], j in 0 .. 3: bytes at+4j .. at+4j+3
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
  };
  INFER_INLINE typename V::I word(int at) const { return V::gather32(p + at, stride); }
  INFER_INLINE typename V::F f16(int at) const {  // of a block of more than 2 bytes, and without reading past its end
    return V::low_f16(at < 2 ? word(at) : V::shr(word(at - 2), 16));
  }
  INFER_INLINE Words words(int at) const {
    Words r;
    V::load16(p + at, stride, r.w);
    return r;
  }
};

// kLanes of the kPackedRows rows of a packed tile: see packing.h.
template <class V, int kOdd, int kOddBytes>
struct PackedBlock {
  static constexpr int kPlane = 4 * kPackedRows;  // bytes from word to word
  const uint8_t *odd, *first;                     // of the first of the lanes
  PackedBlock() = default;
  INFER_INLINE PackedBlock(const uint8_t* block, int lane)
      : odd(block + lane * kOddBytes), first(block + kPackedRows * kOddBytes + lane * 4) {}
  struct Words {
    const uint8_t* p;
    INFER_INLINE typename V::B operator[](int j) const { return V::load_b(p + j * kPlane); }
  };
  INFER_INLINE static int plane(int at) { return (kOddBytes > 0 && at > kOdd ? at - kOddBytes : at) / 4 * kPlane; }
  INFER_INLINE typename V::I word(int at) const {
    return V::bits(V::load(reinterpret_cast<const float*>(first + plane(at))));
  }
  INFER_INLINE typename V::F f16(int) const { return V::load_f16(reinterpret_cast<const uint16_t*>(odd)); }
  INFER_INLINE Words words(int at) const { return {first + plane(at)}; }
};

}  // namespace infer::cpu
