// Rows of the ternary types (TQ1_0, TQ2_0) and the 4-bit floats (MXFP4, NVFP4) -> int8 with a scale per 32 or 16
// values. Contract: unpack.h. Layouts: quant/blocks.h. Byte arithmetic that compilers turn into vector code, as in
// unpack_k_quants.h.
#pragma once
#include <cstdint>
#include <cstring>

#include "backends/cpu/unpack_k_quants.h"
#include "quant/blocks.h"

namespace infer::cpu {

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

inline void unpack_tq1_0(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
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

inline void unpack_tq2_0(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockTQ2_0& b : quant::blocks_of<quant::BlockTQ2_0>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g) *scale++ = d;
    unpack_two_bits(b.qs, q, 1);
    q += 256;
  }
}

// kFp4Values[x] of nibbles x, by arithmetic: 0 1 2 3 4 6 8 12, bit 3 the sign. (A comparison gives -1 where it holds.)
inline Bytes fp4_values(Bytes x) {
  const Bytes code = x & 7, negative = (x & 8) != 0;
  const Bytes magnitude = code - (code > 4) - (code > 5) + ((code > 6) & 3);
  return (magnitude ^ negative) - negative;
}

inline Bytes low_nibbles(Bytes x) { return x & 15; }
inline Bytes high_nibbles(Bytes x) { return x >> 4 & 15; }

inline void unpack_mxfp4(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockMXFP4& b : quant::blocks_of<quant::BlockMXFP4>(blocks, k / 32)) {
    *scale++ = quant::e8m0_half(b.e);
    Bytes qs;
    std::memcpy(&qs, b.qs, sizeof qs);
    const Bytes low = fp4_values(low_nibbles(qs)), high = fp4_values(high_nibbles(qs));
    std::memcpy(q, &low, sizeof low);
    std::memcpy(q + 16, &high, sizeof high);
    q += 32;
  }
}

inline void unpack_nvfp4(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockNVFP4& b : quant::blocks_of<quant::BlockNVFP4>(blocks, k / 64)) {
    for (int g = 0; g < 4; ++g, q += 16) {
      *scale++ = quant::ue4m3_half(b.d[g]);
      uint64_t both;
      std::memcpy(&both, b.qs + 8 * g, sizeof both);
      const uint64_t halves[2] = {both, both >> 4};
      Bytes nibbles;
      std::memcpy(&nibbles, halves, sizeof nibbles);
      const Bytes values = fp4_values(low_nibbles(nibbles));
      std::memcpy(q, &values, sizeof values);
    }
  }
}

}  // namespace infer::cpu
