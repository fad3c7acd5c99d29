// The super-block types: 256 values whose sub-blocks have scales (and minima) that are themselves small integers.
#include "quant/blocks.h"
#include "quant/decoders.h"

namespace infer::quant {

void decode_q2_k(const void* blocks, float* __restrict out, int64_t n_blocks) {
  for (const BlockQ2_K& b : blocks_of<BlockQ2_K>(blocks, n_blocks)) {
    const float d = b.d.value(), dmin = b.dmin.value();
    for (int g = 0; g < 16; ++g) {
      const float scale = d * static_cast<float>(b.scales[g] & 15), min = dmin * static_cast<float>(b.scales[g] >> 4);
      const uint8_t* qs = b.qs + 32 * (g / 8) + 16 * (g % 2);
      const int shift = 2 * (g / 2 % 4);
      for (int j = 0; j < 16; ++j) *out++ = scale * static_cast<float>(qs[j] >> shift & 3) - min;
    }
  }
}

void decode_q3_k(const void* blocks, float* __restrict out, int64_t n_blocks) {
  for (const BlockQ3_K& b : blocks_of<BlockQ3_K>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int g = 0; g < 16; ++g) {
      const int low = b.scales[g % 8] >> 4 * (g / 8) & 15, high = b.scales[8 + g % 4] >> 2 * (g / 4) & 3;
      const float scale = d * static_cast<float>((low | high << 4) - 32);
      const uint8_t* qs = b.qs + 32 * (g / 8) + 16 * (g % 2);
      const uint8_t* hmask = b.hmask + 16 * (g % 2);
      const int shift = 2 * (g / 2 % 4), bit = g / 2;
      for (int j = 0; j < 16; ++j) {
        const int q = (qs[j] >> shift & 3) - (hmask[j] >> bit & 1 ? 0 : 4);
        *out++ = scale * static_cast<float>(q);
      }
    }
  }
}

void decode_q4_k(const void* blocks, float* __restrict out, int64_t n_blocks) {
  for (const BlockQ4_K& b : blocks_of<BlockQ4_K>(blocks, n_blocks)) {
    const float d = b.d.value(), dmin = b.dmin.value();
    for (int i = 0; i < 8; ++i) {
      const ScaleMin s = scale_min(b.scales, i);
      const float scale = d * static_cast<float>(s.scale), min = dmin * static_cast<float>(s.min);
      const uint8_t* qs = b.qs + 32 * (i / 2);
      const int shift = 4 * (i % 2);
      for (int j = 0; j < 32; ++j) *out++ = scale * static_cast<float>(qs[j] >> shift & 15) - min;
    }
  }
}

void decode_q5_k(const void* blocks, float* __restrict out, int64_t n_blocks) {
  for (const BlockQ5_K& b : blocks_of<BlockQ5_K>(blocks, n_blocks)) {
    const float d = b.d.value(), dmin = b.dmin.value();
    for (int i = 0; i < 8; ++i) {
      const ScaleMin s = scale_min(b.scales, i);
      const float scale = d * static_cast<float>(s.scale), min = dmin * static_cast<float>(s.min);
      const uint8_t* qs = b.qs + 32 * (i / 2);
      const int shift = 4 * (i % 2);
      for (int j = 0; j < 32; ++j) {
        const int q = (qs[j] >> shift & 15) | (b.qh[j] >> i & 1) << 4;
        *out++ = scale * static_cast<float>(q) - min;
      }
    }
  }
}

void decode_q6_k(const void* blocks, float* __restrict out, int64_t n_blocks) {
  for (const BlockQ6_K& b : blocks_of<BlockQ6_K>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int g = 0; g < 16; ++g) {
      const float scale = d * static_cast<float>(b.scales[g]);
      const int half = g / 8, r = 16 * (g % 8);  // r: of the group's first value, within its 128
      const uint8_t *ql = b.ql + 64 * half + r % 64, *qh = b.qh + 32 * half + r % 32;
      const int low = 4 * (r / 64), high = 2 * (r / 32);
      for (int j = 0; j < 16; ++j) {
        const int q = (ql[j] >> low & 15) | (qh[j] >> high & 3) << 4;
        *out++ = scale * static_cast<float>(q - 32);
      }
    }
  }
}

}  // namespace infer::quant
