// Texts that come by pointer and length, and "fills out[cap], always says how much is needed": the two-call protocol of
// every function that gives an array.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "api/guard.h"

namespace infer::api {

// A caller's text; len < 0: to NUL.
inline std::string_view view_of(const char* text, int64_t len) {
  if (len == 0) return {};
  return len < 0 ? std::string_view(text) : std::string_view(text, static_cast<size_t>(len));
}

inline Status check_buffer(const void* out, int64_t cap, const int64_t* n) {
  TRY(need(n, "n"));
  if (cap < 0) return Status::invalid(str("cap is ", cap));
  if (cap > 0) return need(out, "out");
  return {};
}

template <class T>
Answer give(std::span<const T> items, T* out, int64_t cap, int64_t* n) {
  const auto size = static_cast<int64_t>(items.size());
  *n = size;
  if (!out && cap == 0) return INFER_OK;  // only the size was asked for
  if (size > cap) {
    return Status(INFER_E_FULL, str("out holds ", cap, "; ", size, " are needed"), "call again with a larger buffer");
  }
  std::copy(items.begin(), items.end(), out);
  return INFER_OK;
}

}  // namespace infer::api
