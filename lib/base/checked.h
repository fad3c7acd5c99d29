// Arithmetic on values that came from outside. Every product, sum and narrowing of such a value goes through here.
//
//   Size bytes = Size(n_rows) * row_bytes + header;      // any step that wraps makes the whole expression invalid
//   if (!bytes.fits(file_size)) return Status::corrupt(...);
#pragma once
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace infer {

// An unsigned 64-bit value that remembers whether it overflowed. Wrapping to exactly 0 is remembered as well.
class Size {
 public:
  template <std::integral T>
  constexpr Size(T v) : value_(static_cast<uint64_t>(v)), valid_(std::in_range<uint64_t>(v)) {}  // NOLINT: implicit
  friend constexpr Size operator+(Size a, Size b) {
    Size r(0u);
    r.valid_ = !__builtin_add_overflow(a.value_, b.value_, &r.value_) && a.valid_ && b.valid_;
    return r;
  }
  friend constexpr Size operator-(Size a, Size b) {
    Size r(0u);
    r.valid_ = !__builtin_sub_overflow(a.value_, b.value_, &r.value_) && a.valid_ && b.valid_;
    return r;
  }
  friend constexpr Size operator*(Size a, Size b) {
    Size r(0u);
    r.valid_ = !__builtin_mul_overflow(a.value_, b.value_, &r.value_) && a.valid_ && b.valid_;
    return r;
  }
  // Division by zero is invalid, not a trap.
  friend constexpr Size operator/(Size a, Size b) {
    Size r(0u);
    r.valid_ = b.value_ != 0 && a.valid_ && b.valid_;
    if (r.valid_) r.value_ = a.value_ / b.value_;
    return r;
  }
  // Rounded up to a multiple of `unit` (> 0).
  constexpr Size padded(uint64_t unit) const { return (*this + (unit - 1)) / unit * unit; }
  constexpr bool valid() const { return valid_; }
  constexpr bool fits(uint64_t limit) const { return valid_ && value_ <= limit; }
  constexpr uint64_t value() const { return value_; }  // meaningful only when valid()

 private:
  uint64_t value_;
  bool valid_;
};

// The value as another integer type, if it fits.
template <std::integral To, std::integral From>
constexpr std::optional<To> narrow(From v) {
  if (!std::in_range<To>(v)) return std::nullopt;
  return static_cast<To>(v);
}

// Do bytes [at, at + n) lie inside `size` bytes?
constexpr bool inside(int64_t at, int64_t n, int64_t size) { return at >= 0 && n >= 0 && at <= size && n <= size - at; }

}  // namespace infer
