// Values of -1, 0, 1 times one scale: five to a byte in base 3 (TQ1_0) or four to a byte (TQ2_0).
#include "quant/blocks.h"
#include "quant/decoders.h"

namespace infer::quant {
namespace {

// Digit k (0 is the first) of n bytes, for k < n_digits: value k * n + m is digit k of byte m.
float* put_digits(float* out, const uint8_t* bytes, int n, int n_digits, float d) {
  uint8_t power = 1;
  for (int k = 0; k < n_digits; ++k, power = static_cast<uint8_t>(power * 3)) {
    for (int m = 0; m < n; ++m) {
      const int digit = static_cast<uint8_t>(bytes[m] * power) * 3 >> 8;
      *out++ = d * static_cast<float>(digit - 1);
    }
  }
  return out;
}

}  // namespace

void decode_tq1_0(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockTQ1_0& b : blocks_of<BlockTQ1_0>(blocks, n_blocks)) {
    const float d = b.d.value();
    out = put_digits(out, b.qs, 32, 5, d);
    out = put_digits(out, b.qs + 32, 16, 5, d);
    out = put_digits(out, b.qh, 4, 4, d);
  }
}

void decode_tq2_0(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockTQ2_0& b : blocks_of<BlockTQ2_0>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g) {
      const uint8_t* qs = b.qs + 32 * (g / 4);
      const int shift = 2 * (g % 4);
      for (int j = 0; j < 32; ++j) *out++ = d * static_cast<float>((qs[j] >> shift & 3) - 1);
    }
  }
}

}  // namespace infer::quant
