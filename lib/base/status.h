// How a failure travels inside libinfer: a Status, or a Result<T> that is either a value or a Status.
//
// Exceptions are not used for flow. They still exist (std::bad_alloc from a container); the guard at the C boundary
// and at every thread's entry turns them into a Status. Codes are those of infer.h, so nothing is translated later.
#pragma once
#include <libinfer/infer.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace infer {

// str("tensor '", name, "' has ", n, " dims"): text from strings, characters and numbers.
namespace detail {
inline void append(std::string& s, std::string_view v) { s += v; }
inline void append(std::string& s, const char* v) { s += v; }
inline void append(std::string& s, char v) { s += v; }
inline void append(std::string& s, bool v) { s += v ? "true" : "false"; }
template <class T>
requires std::is_arithmetic_v<T>
void append(std::string& s, T v) { s += std::to_string(v); }
}  // namespace detail
template <class... A>
std::string str(const A&... a) {
  std::string s;
  (detail::append(s, a), ...);
  return s;
}

class [[nodiscard]] Status {
 public:
  Status() = default;  // success; allocates nothing
  // message: what is wrong and where. hint: what to do about it (may be empty).
  Status(infer_status code, std::string message, std::string hint = {})
      : detail_(std::make_shared<Detail>(Detail{code, std::move(message), std::move(hint)})) {}

  static Status invalid(std::string m, std::string hint = {}) {
    return {INFER_E_INVALID, std::move(m), std::move(hint)};
  }
  static Status corrupt(std::string m, std::string hint = {}) {
    return {INFER_E_CORRUPT, std::move(m), std::move(hint)};
  }
  static Status unsupported(std::string m, std::string hint = {}) {
    return {INFER_E_UNSUPPORTED, std::move(m), std::move(hint)};
  }
  static Status not_found(std::string m, std::string hint = {}) {
    return {INFER_E_NOT_FOUND, std::move(m), std::move(hint)};
  }
  static Status no_memory(std::string m, std::string hint = {}) {
    return {INFER_E_NO_MEMORY, std::move(m), std::move(hint)};
  }
  static Status io(std::string m, std::string hint = {}) { return {INFER_E_IO, std::move(m), std::move(hint)}; }
  static Status internal(std::string m, std::string hint = {}) {
    return {INFER_E_INTERNAL, std::move(m), std::move(hint)};
  }
  // For paths that may not allocate: a failed status with a fixed text.
  static Status out_of_memory() noexcept;

  bool ok() const { return !detail_; }
  infer_status code() const { return detail_ ? detail_->code : INFER_OK; }
  std::string_view message() const { return detail_ ? std::string_view(detail_->message) : std::string_view(); }
  std::string_view hint() const { return detail_ ? std::string_view(detail_->hint) : std::string_view(); }
  // The same failure, seen from further out: "opening x.gguf: tensor ...".
  Status in(std::string_view where) const;

 private:
  struct Detail {
    infer_status code;
    std::string message, hint;
  };
  std::shared_ptr<const Detail> detail_;  // null = success
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: implicit on purpose
  Result(Status status) : status_(std::move(status)) {}  // NOLINT
  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  T take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace infer

// TRY(f()): leave with the failure. TRY_SET(auto x, f()): x is the value, or leave with the failure.
#define TRY(expr)                                               \
  do {                                                          \
    if (::infer::Status try_ = (expr); !try_.ok()) return try_; \
  } while (0)
#define INFER_CAT2(a, b) a##b
#define INFER_CAT(a, b) INFER_CAT2(a, b)
#define TRY_SET(lhs, expr) TRY_SET_(INFER_CAT(try_, __LINE__), lhs, expr)
#define TRY_SET_(tmp, lhs, expr)      \
  auto tmp = (expr);                  \
  if (!tmp.ok()) return tmp.status(); \
  lhs = tmp.take()
