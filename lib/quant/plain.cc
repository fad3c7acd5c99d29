// Types without blocks: each value stands alone.
#include <bit>
#include <cstring>

#include "base/numeric.h"
#include "quant/blocks.h"
#include "quant/decoders.h"

namespace infer::quant {
namespace {

// Masks rather than ?:, which compilers may turn into branches around the floating-point operations behind an operand.
uint32_t choose(bool first, uint32_t a, uint32_t b) {
  const uint32_t mask = 0u - static_cast<uint32_t>(first);
  return (a & mask) | (b & ~mask);
}

}  // namespace

void decode_f32(const void* blocks, float* out, int64_t n) {
  if (n > 0) std::memcpy(out, blocks, static_cast<size_t>(n) * sizeof(float));
}

// As f16_to_f32, but without branches: the three cases are computed and one is chosen, so that compilers
// make vectors of them.
void decode_f16(const void* blocks, float* __restrict out, int64_t n) {
  const auto* halves = static_cast<const Half*>(blocks);
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t h = halves[i].bits(), sign = (h & 0x8000u) << 16, mantissa = h & 0x3ffu, magnitude = h & 0x7fffu;
    const uint32_t tiny = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(mantissa)) * 0x1p-24f);
    const uint32_t normal = (magnitude << 13) + (112u << 23);
    const uint32_t special = magnitude << 13 | choose(magnitude > 0x7c00u, 0x7fc00000u, 0x7f800000u);
    const uint32_t finite = choose(magnitude < 0x400u, tiny, normal);
    out[i] = std::bit_cast<float>(choose(magnitude < 0x7c00u, finite, special) | sign);
  }
}

void decode_bf16(const void* blocks, float* out, int64_t n) {
  for (const Word<uint16_t>& h : blocks_of<Word<uint16_t>>(blocks, n)) *out++ = bf16_to_f32(h.value());
}

}  // namespace infer::quant
