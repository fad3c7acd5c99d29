// Rows of the ternary types (TQ1_0, TQ2_0) and the 4-bit floats (MXFP4, NVFP4) -> int8 with a scale per 32 or 16
// values. Contract: unpack.h. Layouts: quant/blocks.h. Byte arithmetic that compilers turn into vector code, as in
// unpack_k_quants.h.
#pragma once
#include <cstdint>

#include "backends/cpu/unpack_k_quants.h"
#include "quant/blocks.h"

namespace infer::cpu {

// The first `digits` base-3 digits of n bytes, less 1; digit k of byte m is q[k * n + m]. A byte is a fraction of 256:
// its first digit is 0, 1 or 2 by thirds, and tripling it brings the next digit up.
template <int n, int digits>
inline void unpack_base_3(const uint8_t* bytes, int8_t* __restrict q) {
  uint8_t rest[n];
  for (int m = 0; m < n; ++m) rest[m] = bytes[m];
  for (int k = 0; k < digits; ++k, q += n) {
    for (int m = 0; m < n; ++m) {
      const uint8_t r = rest[m];
      q[m] = static_cast<int8_t>((r >= 86) + (r >= 171) - 1);
      rest[m] = static_cast<uint8_t>(r * 3);
    }
  }
}

inline void unpack_tq1_0(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockTQ1_0& b : quant::blocks_of<quant::BlockTQ1_0>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g) *scale++ = d;
    unpack_base_3<32, 5>(b.qs, q);
    unpack_base_3<16, 5>(b.qs + 32, q + 160);
    unpack_base_3<4, 4>(b.qh, q + 240);
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

// kFp4Values[x] for x in 0..15, by arithmetic: 0 1 2 3 4 6 8 12, bit 3 the sign.
inline int8_t fp4_value(uint8_t x) {
  const auto code = static_cast<int8_t>(x & 7);
  const auto magnitude = static_cast<int8_t>(code + (code > 4) + (code > 5) + 3 * (code > 6));
  const auto sign = static_cast<int8_t>(x & 8 ? -1 : 0);
  return static_cast<int8_t>((magnitude ^ sign) - sign);
}

inline void unpack_mxfp4(const void* blocks, int64_t k, int8_t* __restrict q, float* __restrict scale, float*) {
  for (const quant::BlockMXFP4& b : quant::blocks_of<quant::BlockMXFP4>(blocks, k / 32)) {
    *scale++ = quant::e8m0_half(b.e);
    for (int j = 0; j < 16; ++j) q[j] = fp4_value(b.qs[j] & 15);
    for (int j = 0; j < 16; ++j) q[j + 16] = fp4_value(b.qs[j] >> 4);
    q += 32;
  }
}

inline void unpack_nvfp4(const void* blocks, int64_t k, int8_t* __restrict q, float* __restrict scale, float*) {
  for (const quant::BlockNVFP4& b : quant::blocks_of<quant::BlockNVFP4>(blocks, k / 64)) {
    for (int g = 0; g < 4; ++g, q += 16) {
      *scale++ = quant::ue4m3_half(b.d[g]);
      for (int j = 0; j < 8; ++j) q[j] = fp4_value(b.qs[8 * g + j] & 15);
      for (int j = 0; j < 8; ++j) q[j + 8] = fp4_value(b.qs[8 * g + j] >> 4);
    }
  }
}

}  // namespace infer::cpu
