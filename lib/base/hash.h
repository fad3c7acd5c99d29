// Checksums and names of bytes: XXH3. Against accidents, not against someone who means harm.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace infer {

uint64_t hash64(std::span<const std::byte> bytes);

// 128 bits: as good as different for different bytes.
struct Hash128 {
  uint64_t high = 0, low = 0;
  bool operator==(const Hash128&) const = default;
  std::string hex() const;  // 32 digits
};
Hash128 hash128(std::span<const std::byte> bytes);
inline Hash128 hash128(const std::string& text) { return hash128(std::as_bytes(std::span(text))); }

// hash64 of what is added, piece by piece.
class Hash {
 public:
  Hash();
  void add(std::span<const std::byte> bytes);
  uint64_t value() const;

 private:
  alignas(64) std::byte state_[640];
};

}  // namespace infer
