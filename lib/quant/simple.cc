// The types of 32 values with one scale, and a minimum in the _1 forms.
#include "quant/blocks.h"
#include "quant/decoders.h"

namespace infer::quant {

void decode_q4_0(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockQ4_0& b : blocks_of<BlockQ4_0>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int j = 0; j < 16; ++j) {
      out[j] = d * static_cast<float>((b.qs[j] & 15) - 8);
      out[j + 16] = d * static_cast<float>((b.qs[j] >> 4) - 8);
    }
    out += BlockQ4_0::kElems;
  }
}

void decode_q4_1(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockQ4_1& b : blocks_of<BlockQ4_1>(blocks, n_blocks)) {
    const float d = b.d.value(), m = b.m.value();
    for (int j = 0; j < 16; ++j) {
      out[j] = d * static_cast<float>(b.qs[j] & 15) + m;
      out[j + 16] = d * static_cast<float>(b.qs[j] >> 4) + m;
    }
    out += BlockQ4_1::kElems;
  }
}

void decode_q5_0(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockQ5_0& b : blocks_of<BlockQ5_0>(blocks, n_blocks)) {
    const float d = b.d.value();
    const uint32_t qh = b.qh.value();
    for (int j = 0; j < 16; ++j) {
      const int low = (b.qs[j] & 15) | (qh >> j & 1) << 4, high = b.qs[j] >> 4 | (qh >> (j + 16) & 1) << 4;
      out[j] = d * static_cast<float>(low - 16);
      out[j + 16] = d * static_cast<float>(high - 16);
    }
    out += BlockQ5_0::kElems;
  }
}

void decode_q5_1(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockQ5_1& b : blocks_of<BlockQ5_1>(blocks, n_blocks)) {
    const float d = b.d.value(), m = b.m.value();
    const uint32_t qh = b.qh.value();
    for (int j = 0; j < 16; ++j) {
      const int low = (b.qs[j] & 15) | (qh >> j & 1) << 4, high = b.qs[j] >> 4 | (qh >> (j + 16) & 1) << 4;
      out[j] = d * static_cast<float>(low) + m;
      out[j + 16] = d * static_cast<float>(high) + m;
    }
    out += BlockQ5_1::kElems;
  }
}

void decode_q8_0(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockQ8_0& b : blocks_of<BlockQ8_0>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int j = 0; j < 32; ++j) out[j] = d * static_cast<float>(b.qs[j]);
    out += BlockQ8_0::kElems;
  }
}

}  // namespace infer::quant
