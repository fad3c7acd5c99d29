#ifdef _WIN32
#include "base/wide_win32.h"

#ifndef NOMINMAX
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "base/checked.h"

namespace infer {

Result<std::wstring> wide(const std::string& path) {
  constexpr const char* kHint = "check the path";
  if (path.empty()) return Status::invalid("the path of the file is empty", kHint);
  if (path.find('\0') != std::string::npos) return Status::invalid("the path of the file has a zero byte in it", kHint);
  const auto bytes = narrow<int>(path.size());
  const int n = bytes ? MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.data(), *bytes, nullptr, 0) : 0;
  if (n <= 0) return Status::invalid("the path of the file is not valid UTF-8", kHint);
  std::wstring w(static_cast<size_t>(n), L'\0');
  MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path.data(), *bytes, w.data(), n);
  const DWORD full = GetFullPathNameW(w.c_str(), 0, nullptr, nullptr);
  if (full < MAX_PATH || w.starts_with(L"\\\\")) return {std::move(w)};
  std::wstring absolute(full, L'\0');
  absolute.resize(GetFullPathNameW(w.c_str(), full, absolute.data(), nullptr));
  return {L"\\\\?\\" + absolute};
}

std::string utf8(std::wstring_view text) {
  const auto size = narrow<int>(text.size());
  const int n =
      size && *size > 0 ? WideCharToMultiByte(CP_UTF8, 0, text.data(), *size, nullptr, 0, nullptr, nullptr) : 0;
  std::string s(static_cast<size_t>(n), '\0');
  if (n > 0) WideCharToMultiByte(CP_UTF8, 0, text.data(), *size, s.data(), n, nullptr, nullptr);
  return s;
}

}  // namespace infer
#endif
