#include "quant/random_blocks.h"

#include <cstring>

#include "quant/blocks.h"

namespace infer::quant {
namespace {

// Where the binary16 scales of a type are, and the largest |value / scale| each can meet.
struct Scales {
  int offset = -1, second = -1;  // bytes into the block; -1: none
  float reach = 1.0f, second_reach = 1.0f;
};

Scales scales_of(Type t) {
  switch (t) {
    case Type::kQ4_0:
      return {0, -1, 8};
    case Type::kQ4_1:
      return {0, 2, 15, 1};
    case Type::kQ5_0:
      return {0, -1, 16};
    case Type::kQ5_1:
      return {0, 2, 31, 1};
    case Type::kQ8_0:
      return {0, -1, 128};
    case Type::kQ2_K:
      return {80, 82, 15 * 3, 15};
    case Type::kQ3_K:
      return {108, -1, 32 * 4};
    case Type::kQ4_K:
      return {0, 2, 63 * 15, 63};
    case Type::kQ5_K:
      return {0, 2, 63 * 31, 63};
    case Type::kQ6_K:
      return {208, -1, 128 * 32};
    case Type::kIQ2_XXS:
    case Type::kIQ2_XS:
    case Type::kIQ2_S:
      return {0, -1, 15.5f * 0.25f * 43};
    case Type::kIQ3_XXS:
      return {0, -1, 15.5f * 0.5f * 62};
    case Type::kIQ3_S:
      return {0, -1, 31 * 15};
    case Type::kIQ1_S:
      return {0, -1, 15 * 1.125f};
    case Type::kIQ4_NL:
      return {0, -1, 127};
    case Type::kIQ4_XS:
      return {0, -1, 32 * 127};
    case Type::kTQ1_0:
      return {52, -1, 1};
    case Type::kTQ2_0:
      return {64, -1, 2};
    default:
      return {};
  }
}

uint16_t random_scale(Random& random, float by, float reach) {
  const float magnitude = by * random.within(0.5f, 1.0f) / reach;
  return f32_to_f16(random.bits() & 1 ? -magnitude : magnitude);
}

}  // namespace

void fill_random_bytes(uint64_t seed, void* out, size_t n) {
  Random random(seed);
  auto* bytes = static_cast<uint8_t*>(out);
  for (size_t i = 0; i < n; i += 8) {
    const uint64_t word = random.bits();
    std::memcpy(bytes + i, &word, n - i < 8 ? n - i : 8);
  }
}

void fill_random_blocks(Type t, int64_t n, uint64_t seed, void* out, float reach) {
  auto* bytes = static_cast<uint8_t*>(out);
  const float by = reach / 2;  // 1 leaves the scales as scales_of says
  const TypeInfo& type = info(t);
  fill_random_bytes(seed, bytes, static_cast<size_t>(row_bytes(t, static_cast<uint64_t>(n))));
  Random random(seed ^ 0x5ca1e5u);
  const Scales scales = scales_of(t);
  for (int64_t i = 0; i < n / type.block_elems; ++i, bytes += type.block_bytes) {
    if (t == Type::kF32) {
      const float f = random.within(-by, by);
      std::memcpy(bytes, &f, sizeof f);
    } else if (t == Type::kF16 || t == Type::kBF16) {
      const float f = random.within(-by, by);
      const uint16_t h = t == Type::kF16 ? f32_to_f16(f) : f32_to_bf16(f);
      std::memcpy(bytes, &h, sizeof h);
    } else if (t == Type::kMXFP4) {
      bytes[0] = static_cast<uint8_t>(122 + random.bits() % 4);  // 2^-6 .. 2^-3, times up to 12
    } else if (t == Type::kNVFP4) {
      for (int g = 0; g < 4; ++g) bytes[g] = static_cast<uint8_t>(16 + random.bits() % 24);  // 2^-6 .. 2^-3
    } else if (t == Type::kIQ1_M) {
      const uint16_t h = random_scale(random, by, 15 * 1.125f);
      for (int g = 0; g < 4; ++g) {  // the top nibbles of four 16-bit words
        uint8_t& byte = bytes[48 + 2 * g + 1];
        byte = static_cast<uint8_t>((byte & 15) | (h >> 4 * g & 15) << 4);
      }
    } else {
      const uint16_t d = random_scale(random, by, scales.reach);
      if (scales.offset >= 0) std::memcpy(bytes + scales.offset, &d, sizeof d);
      const uint16_t m = random_scale(random, by, scales.second_reach);
      if (scales.second >= 0) std::memcpy(bytes + scales.second, &m, sizeof m);
    }
  }
}

std::vector<uint8_t> random_blocks(Type t, int64_t n, uint64_t seed) {
  std::vector<uint8_t> row(static_cast<size_t>(row_bytes(t, static_cast<uint64_t>(n))));
  fill_random_blocks(t, n, seed, row.data());
  return row;
}

}  // namespace infer::quant
