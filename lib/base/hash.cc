#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace infer {
namespace {
static_assert(sizeof(XXH3_state_t) <= 640 && alignof(XXH3_state_t) <= 64);
XXH3_state_t* state(std::byte* s) { return reinterpret_cast<XXH3_state_t*>(s); }
}  // namespace

uint64_t hash64(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

Hash128 hash128(std::span<const std::byte> bytes) {
  const XXH128_hash_t h = XXH3_128bits(bytes.data(), bytes.size());
  return {h.high64, h.low64};
}

std::string Hash128::hex() const {
  std::string text;
  for (const uint64_t word : {high, low})
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
  return text;
}

Hash::Hash() { XXH3_64bits_reset(state(state_)); }
void Hash::add(std::span<const std::byte> bytes) { XXH3_64bits_update(state(state_), bytes.data(), bytes.size()); }
uint64_t Hash::value() const { return XXH3_64bits_digest(reinterpret_cast<const XXH3_state_t*>(state_)); }

}  // namespace infer
