#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "base/own_folder.h"

namespace infer {

std::string own_folder() {
  HMODULE module = nullptr;
  const DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  if (!GetModuleHandleExW(flags, reinterpret_cast<LPCWSTR>(&own_folder), &module)) return {};
  std::wstring path(32768, L'\0');
  path.resize(GetModuleFileNameW(module, path.data(), static_cast<DWORD>(path.size())));
  const size_t slash = path.find_last_of(L"\\/");
  if (slash == std::wstring::npos) return {};
  const int wide = static_cast<int>(slash);
  std::string folder(
      static_cast<size_t>(WideCharToMultiByte(CP_UTF8, 0, path.data(), wide, nullptr, 0, nullptr, nullptr)), '\0');
  WideCharToMultiByte(CP_UTF8, 0, path.data(), wide, folder.data(), static_cast<int>(folder.size()), nullptr, nullptr);
  return folder;
}

}  // namespace infer
#endif
