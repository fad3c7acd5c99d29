// Rows of Q2_K and Q3_K -> int8 with a scale (and offset) per 16 values. Contract: unpack.h. Layouts: quant/blocks.h.
//
// Defined in a header so that unpack.cc compiles each for several instruction sets. The loops are over bytes, of
// constant length and without branches: compilers turn them into vector code, and that is why there are no intrinsics
// here.
#pragma once
#include <cstdint>

#include "quant/blocks.h"

namespace infer::cpu {

// 64 bytes of four 2-bit numbers -> 256 numbers 0..3, less `minus`, in the order of Q2_K, Q3_K and TQ2_0.
inline void unpack_two_bits(const uint8_t* qs, int8_t* __restrict q, int minus) {
  for (int half = 0; half < 2; ++half, qs += 32, q += 128) {
    for (int j = 0; j < 32; ++j) {
      const uint8_t b = qs[j];
      q[j] = static_cast<int8_t>((b & 3) - minus);
      q[j + 32] = static_cast<int8_t>((b >> 2 & 3) - minus);
      q[j + 64] = static_cast<int8_t>((b >> 4 & 3) - minus);
      q[j + 96] = static_cast<int8_t>((b >> 6) - minus);
    }
  }
}

inline void unpack_q2_k(const void* blocks, int64_t k, int8_t* q, float* __restrict scale, float* __restrict offset) {
  for (const quant::BlockQ2_K& b : quant::blocks_of<quant::BlockQ2_K>(blocks, k / 256)) {
    const float d = b.d.value(), dmin = b.dmin.value();
    for (int g = 0; g < 16; ++g) {
      scale[g] = d * static_cast<float>(b.scales[g] & 15);
      offset[g] = -(dmin * static_cast<float>(b.scales[g] >> 4));
    }
    unpack_two_bits(b.qs, q, 0);
    q += 256, scale += 16, offset += 16;
  }
}

inline void unpack_q3_k(const void* blocks, int64_t k, int8_t* __restrict q, float* __restrict scale, float*) {
  for (const quant::BlockQ3_K& b : quant::blocks_of<quant::BlockQ3_K>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 16; ++g) {
      const int low = b.scales[g % 8] >> 4 * (g / 8) & 15, high = b.scales[8 + g % 4] >> 2 * (g / 4) & 3;
      scale[g] = d * static_cast<float>((low | high << 4) - 32);
    }
    // The third bit, at 4: clear means 4 less.
    for (int half = 0; half < 2; ++half, q += 128) {
      const uint8_t* qs = b.qs + 32 * half;
      for (int j = 0; j < 32; ++j) {
        const uint8_t low = qs[j], high = static_cast<uint8_t>(b.hmask[j] >> 4 * half);
        q[j] = static_cast<int8_t>(((low & 3) | (high << 2 & 4)) - 4);
        q[j + 32] = static_cast<int8_t>(((low >> 2 & 3) | (high << 1 & 4)) - 4);
        q[j + 64] = static_cast<int8_t>(((low >> 4 & 3) | (high & 4)) - 4);
        q[j + 96] = static_cast<int8_t>((low >> 6 | (high >> 1 & 4)) - 4);
      }
    }
    scale += 16;
  }
}

}  // namespace infer::cpu
