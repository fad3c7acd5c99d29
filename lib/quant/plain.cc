// Types without blocks: each value stands alone.
#include <cstring>

#include "base/numeric.h"
#include "quant/blocks.h"
#include "quant/decoders.h"

namespace infer::quant {

void decode_f32(const void* blocks, float* out, int64_t n) {
  if (n > 0) std::memcpy(out, blocks, static_cast<size_t>(n) * sizeof(float));
}

void decode_f16(const void* blocks, float* out, int64_t n) {
  for (const Half& h : blocks_of<Half>(blocks, n)) *out++ = h.value();
}

void decode_bf16(const void* blocks, float* out, int64_t n) {
  for (const Word<uint16_t>& h : blocks_of<Word<uint16_t>>(blocks, n)) *out++ = bf16_to_f32(h.value());
}

}  // namespace infer::quant
