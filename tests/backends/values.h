// Seeded contents for the tensors of cases.
#pragma once
#include <cmath>

#include "quant/random_blocks.h"
#include "tests/backends/case.h"

namespace infer::conformance {

inline std::vector<float> random_floats(int64_t n, uint64_t seed, float reach = 1) {
  quant::Random random(seed);
  std::vector<float> v(static_cast<size_t>(n));
  for (float& x : v) x = random.within(-reach, reach);
  return v;
}
inline Bytes random_f32(int64_t n, uint64_t seed, float reach = 1) { return bytes_of(random_floats(n, seed, reach)); }

inline Bytes random_ids(int64_t n, int64_t limit, uint64_t seed) {
  quant::Random random(seed);
  std::vector<int32_t> v(static_cast<size_t>(n));
  for (int32_t& x : v) x = static_cast<int32_t>(random.bits() % static_cast<uint64_t>(limit));
  return bytes_of(v);
}

// Slots of n rows of a bank of n_slots; about one in n_slots + 1 is -1, none.
inline Bytes random_slots(int64_t n, int64_t n_slots, uint64_t seed) {
  std::vector<int32_t> slots = values_of<int32_t>(random_ids(n, n_slots + 1, seed));
  for (int32_t& s : slots) s--;
  return bytes_of(slots);
}

// k different ids of n_experts in each of n rows.
inline Bytes random_choices(int64_t n, int64_t k, int64_t n_experts, uint64_t seed) {
  quant::Random random(seed);
  std::vector<int32_t> all;
  for (int64_t t = 0; t < n; ++t) {
    std::vector<int32_t> ids(static_cast<size_t>(n_experts));
    for (size_t e = 0; e < ids.size(); ++e) ids[e] = static_cast<int32_t>(e);
    for (size_t e = 0; e < static_cast<size_t>(k); ++e) std::swap(ids[e], ids[e + random.bits() % (ids.size() - e)]);
    all.insert(all.end(), ids.begin(), ids.begin() + k);
  }
  return bytes_of(all);
}

inline Bytes random_weights(quant::Type type, int64_t n, uint64_t seed) {
  const std::vector<uint8_t> blocks = quant::random_blocks(type, n, seed);
  return bytes_of(blocks);
}

// Types that a weight can have.
inline std::vector<quant::Type> weight_types() {
  std::vector<quant::Type> types;
  for (const quant::TypeInfo& t : quant::all_types())
    if (t.type != quant::Type::kI32) types.push_back(t.type);
  return types;
}
inline bool plain(quant::Type t) { return quant::info(t).block_elems == 1; }

}  // namespace infer::conformance
