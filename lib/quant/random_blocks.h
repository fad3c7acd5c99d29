// Rows of any block type from a seed: the same bytes on every platform. For models whose weights do not matter (speed,
// memory) and for tests.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "quant/types.h"

namespace infer::quant {

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t bits() { return mix(state_ += 0x9e3779b97f4a7c15u); }
  float unit() { return static_cast<float>(bits() >> 40) * 0x1p-24f; }  // [0, 1)
  float within(float lo, float hi) { return lo + (hi - lo) * unit(); }
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

// All bits random; infinite, subnormal and NaN scales turn up.
void fill_random_bytes(uint64_t seed, void* out, size_t n);

// n values (a multiple of block_elems) of type t -> out, row_bytes(t, n) bytes. All bits random but the scales, which
// are moderate: either sign, decoded values within about -reach .. reach (MXFP4 and NVFP4: within 2, whatever reach
// is).
void fill_random_blocks(Type t, int64_t n, uint64_t seed, void* out, float reach = 2.0f);
std::vector<uint8_t> random_blocks(Type t, int64_t n, uint64_t seed);

}  // namespace infer::quant
