// Reads little-endian values one after the other from bytes that may end anywhere.
#pragma once
#include <bit>
#include <cstring>
#include <span>
#include <string_view>

namespace infer::formats {

static_assert(std::endian::native == std::endian::little, "values are read as they lie in the file");

class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}
  uint64_t at() const { return at_; }                    // bytes read so far
  uint64_t left() const { return bytes_.size() - at_; }  // bytes to the end
  const std::byte* here() const { return bytes_.data() + at_; }

  // False, and nothing moves: fewer bytes are left.
  template <class T>
  [[nodiscard]] bool take(T& v) {
    if (left() < sizeof v) return false;
    std::memcpy(&v, here(), sizeof v);
    at_ += sizeof v;
    return true;
  }
  [[nodiscard]] bool skip(uint64_t n) {
    if (left() < n) return false;
    at_ += n;
    return true;
  }
  [[nodiscard]] bool take(uint64_t n, std::string_view& text) {
    if (left() < n) return false;
    text = {reinterpret_cast<const char*>(here()), static_cast<size_t>(n)};
    at_ += n;
    return true;
  }

 private:
  std::span<const std::byte> bytes_;
  uint64_t at_ = 0;
};

}  // namespace infer::formats
