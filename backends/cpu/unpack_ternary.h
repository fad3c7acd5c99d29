// Rows of TQ1_0 -> int8 with a scale per 32 values. Contract: unpack.h. Layout: quant/blocks.h.
//
// Byte arithmetic of constant length and without branches: compilers turn it into vector code.
#pragma once
#include <cstdint>
#include <cstring>

#include "backends/cpu/unpack_code_books.h"

namespace infer::cpu {

struct TQ1_0 {
  using Block = quant::BlockTQ1_0;
  static constexpr quant::Type kType = quant::Type::kTQ1_0;
  static constexpr int kPart = 32;
};

using Bytes [[gnu::vector_size(16)]] = int8_t;
using UnsignedBytes [[gnu::vector_size(16)]] = uint8_t;
inline constexpr uint8_t kPowersOf3[4] = {1, 3, 9, 27};

// The five base-3 digits, less 1, of each of 16 bytes: digit k of byte m goes to q[k * stride + m]. A byte is a
// fraction of 256: its first digit is 0, 1 or 2 by thirds, and tripling it brings the next digit up. (A comparison
// gives -1 where it holds.)
inline void unpack_base_3(const uint8_t bytes[16], int8_t* q, int stride) {
  UnsignedBytes rest;
  std::memcpy(&rest, bytes, sizeof rest);
  for (int k = 0; k < 5; ++k, q += stride) {
    const Bytes digits = -1 - (rest >= 86) - (rest >= 171);
    std::memcpy(q, &digits, sizeof digits);
    rest = rest + rest + rest;
  }
}

template <>
inline void unpack_row<TQ1_0>(const void* blocks, int64_t k, int8_t* q, float* scale) {
  for (const quant::BlockTQ1_0& b : quant::blocks_of<quant::BlockTQ1_0>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g) *scale++ = d;
    unpack_base_3(b.qs, q, 32);
    unpack_base_3(b.qs + 16, q + 16, 32);
    unpack_base_3(b.qs + 32, q + 160, 16);
    uint8_t rest[16];
    for (int m = 0; m < 16; ++m) rest[m] = static_cast<uint8_t>(b.qh[m % 4] * kPowersOf3[m / 4]);
    for (int m = 0; m < 16; ++m) q[240 + m] = static_cast<int8_t>((rest[m] * 3 >> 8) - 1);
    q += 256;
  }
}

}  // namespace infer::cpu
