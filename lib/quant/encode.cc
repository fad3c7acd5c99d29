// Encoders: one scale per block of 32 from the largest magnitude (or the range), then round to nearest.
//
// The inverse scale is 1 / d in binary32 before d is rounded to binary16, as the `gguf` package computes it.
#include "quant/encode.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "quant/blocks.h"

namespace infer::quant {
namespace {

// The integer part of v as 0..15. What is not in that range, infinities and NaN included, is brought into it.
int to_nibble(float v) { return v >= 15.0f ? 15 : v >= 0.0f ? static_cast<int>(v) : 0; }

float inverse(float d) { return d == 0.0f ? 0.0f : 1.0f / d; }

void encode_q4_0(const float* x, BlockQ4_0& b) {
  float max = x[0];  // the value of largest magnitude, sign kept; the first of equals
  for (int j = 1; j < 32; ++j) {
    if (std::fabs(x[j]) > std::fabs(max)) max = x[j];
  }
  const float d = max / -8.0f, id = inverse(d);
  for (int j = 0; j < 16; ++j) {
    const int low = to_nibble(x[j] * id + 8.5f), high = to_nibble(x[j + 16] * id + 8.5f);
    b.qs[j] = static_cast<uint8_t>(low | high << 4);
  }
  b.d.set(d);
}

void encode_q4_1(const float* x, BlockQ4_1& b) {
  const auto [min, max] = std::minmax_element(x, x + 32);
  const float d = (*max - *min) / 15.0f, id = inverse(d);
  for (int j = 0; j < 16; ++j) {
    const int low = to_nibble((x[j] - *min) * id + 0.5f), high = to_nibble((x[j + 16] - *min) * id + 0.5f);
    b.qs[j] = static_cast<uint8_t>(low | high << 4);
  }
  b.d.set(d);
  b.m.set(*min);
}

// Halves away from zero, in the operations of the `gguf` package: floor(|v|) + floor(2 * the rest).
int round_away(float v) {
  const float a = std::fabs(v);
  if (!(a < 128.0f)) return v < 0.0f ? -127 : 127;
  const float whole = std::floor(a), rounded = whole + std::floor(2.0f * (a - whole));
  return static_cast<int>(v < 0.0f ? -rounded : rounded);
}

void encode_q8_0(const float* x, BlockQ8_0& b) {
  float max = 0.0f;
  for (int j = 0; j < 32; ++j) max = std::max(max, std::fabs(x[j]));
  const float d = max / 127.0f, id = inverse(d);
  for (int j = 0; j < 32; ++j) b.qs[j] = static_cast<int8_t>(std::clamp(round_away(x[j] * id), -127, 127));
  b.d.set(d);
}

// encode: void(const float* x, Block&), on every block of a row.
template <class Block, class Encode>
void each_block(const float* values, void* out, int64_t n, Encode encode) {
  auto* blocks = static_cast<Block*>(out);
  for (int64_t i = 0; i < n / Block::kElems; ++i) encode(values + i * Block::kElems, blocks[i]);
}

}  // namespace

bool can_encode(Type t) {
  switch (t) {
    case Type::kF32:
    case Type::kF16:
    case Type::kBF16:
    case Type::kQ4_0:
    case Type::kQ4_1:
    case Type::kQ8_0:
      return true;
    default:
      return false;
  }
}

void encode_row(Type t, const float* values, void* out, int64_t n) {
  switch (t) {
    case Type::kF32:
      if (n > 0) std::memcpy(out, values, static_cast<size_t>(n) * sizeof(float));
      break;
    case Type::kF16:
      for (int64_t i = 0; i < n; ++i) static_cast<Half*>(out)[i].set(values[i]);
      break;
    case Type::kBF16:
      for (int64_t i = 0; i < n; ++i) static_cast<Word<uint16_t>*>(out)[i].set(f32_to_bf16(values[i]));
      break;
    case Type::kQ4_0:
      each_block<BlockQ4_0>(values, out, n, encode_q4_0);
      break;
    case Type::kQ4_1:
      each_block<BlockQ4_1>(values, out, n, encode_q4_1);
      break;
    case Type::kQ8_0:
      each_block<BlockQ8_0>(values, out, n, encode_q8_0);
      break;
    default:
      break;
  }
}

}  // namespace infer::quant
