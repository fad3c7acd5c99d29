// Structs that cross the line in both directions between libraries and programs of different age.
//
// Each begins with struct_size, the size its user was compiled with. Older users have shorter structs, newer ones
// longer: only the part that both know is copied. No struct is ever shorter than in version 1.0.
#pragma once
#include <libinfer/infer.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/status.h"

namespace infer::api {

// Size of each struct in ABI 1.0: a constant, not sizeof, so that growth does not refuse old programs.
template <class T>
inline constexpr uint32_t kFirstSize = 0;
template <>
inline constexpr uint32_t kFirstSize<infer_hooks> = 32;
template <>
inline constexpr uint32_t kFirstSize<infer_device> = 48;
template <>
inline constexpr uint32_t kFirstSize<infer_backend_info> = 32;
template <>
inline constexpr uint32_t kFirstSize<infer_tensor_info> = 64;
template <>
inline constexpr uint32_t kFirstSize<infer_part> = 40;
template <>
inline constexpr uint32_t kFirstSize<infer_piece> = 64;
template <>
inline constexpr uint32_t kFirstSize<infer_usage> = 56;

// Is struct_size a size that T has or may come to have?
template <class T>
Status check_size(uint32_t size, std::string_view name) {
  static_assert(sizeof(void*) != 8 || kFirstSize<T> != 0, "say how large it was in 1.0");
  const uint32_t least = sizeof(void*) == 8 ? kFirstSize<T> : static_cast<uint32_t>(sizeof(T));
  if (size >= least && size <= 65536) return {};
  return Status(INFER_E_ABI, str(name, ".struct_size is ", size, ", not a size that this struct can have"),
                "initialise the struct with its _INIT macro");
}

// The caller's struct as ours; what it does not have is zero.
template <class T>
Status read_struct(const T* from, std::string_view name, T& out) {
  uint32_t size = 0;
  std::memcpy(&size, from, sizeof size);
  TRY(check_size<T>(size, name));
  out = T{};
  std::memcpy(&out, from, std::min<size_t>(size, sizeof(T)));
  return {};
}

// Ours into the caller's struct, as far as it reaches; struct_size stays the caller's.
template <class T>
Status write_struct(T* to, std::string_view name, T value) {
  uint32_t size = 0;
  std::memcpy(&size, to, sizeof size);
  TRY(check_size<T>(size, name));
  value.struct_size = size;
  std::memcpy(to, &value, std::min<size_t>(size, sizeof(T)));
  return {};
}

}  // namespace infer::api
