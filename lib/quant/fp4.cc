// The 4-bit floating-point types: e2m1 values with a power-of-two scale (MXFP4) or an e4m3 scale (NVFP4).
#include "quant/blocks.h"
#include "quant/decoders.h"
#include "quant/tables.h"

namespace infer::quant {

void decode_mxfp4(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockMXFP4& b : blocks_of<BlockMXFP4>(blocks, n_blocks)) {
    const float d = e8m0_half(b.e);
    for (int j = 0; j < 16; ++j) {
      out[j] = d * static_cast<float>(kFp4Values[b.qs[j] & 15]);
      out[j + 16] = d * static_cast<float>(kFp4Values[b.qs[j] >> 4]);
    }
    out += BlockMXFP4::kElems;
  }
}

void decode_nvfp4(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockNVFP4& b : blocks_of<BlockNVFP4>(blocks, n_blocks)) {
    for (int g = 0; g < 4; ++g) {
      const float d = ue4m3_half(b.d[g]);
      const uint8_t* qs = b.qs + 8 * g;
      for (int j = 0; j < 8; ++j) {
        out[j] = d * static_cast<float>(kFp4Values[qs[j] & 15]);
        out[j + 8] = d * static_cast<float>(kFp4Values[qs[j] >> 4]);
      }
      out += 16;
    }
  }
}

}  // namespace infer::quant
