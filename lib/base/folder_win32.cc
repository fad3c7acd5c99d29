#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <algorithm>
#include <memory>
#include <system_error>

#include "base/folder.h"

namespace infer {
namespace {

std::wstring wide(const std::string& s) {
  const int n = MultiByteToWideChar(CP_UTF8, 0, s.data(), static_cast<int>(s.size()), nullptr, 0);
  std::wstring w(static_cast<size_t>(n), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, s.data(), static_cast<int>(s.size()), w.data(), n);
  return w;
}

std::string narrow_text(const wchar_t* w) {
  const int n = WideCharToMultiByte(CP_UTF8, 0, w, -1, nullptr, 0, nullptr, nullptr);
  std::string s(static_cast<size_t>(n > 0 ? n - 1 : 0), '\0');
  if (n > 1) WideCharToMultiByte(CP_UTF8, 0, w, -1, s.data(), n, nullptr, nullptr);
  return s;
}

}  // namespace

Result<std::vector<std::string>> list_folder(const std::string& folder) {
  WIN32_FIND_DATAW found;
  const HANDLE raw = FindFirstFileW(wide(folder + "\\*").c_str(), &found);
  if (raw == INVALID_HANDLE_VALUE) {
    const DWORD error = GetLastError();
    const bool absent = error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND || error == ERROR_DIRECTORY;
    return Status(
        absent ? INFER_E_NOT_FOUND : INFER_E_IO,
        str("cannot read the folder '", folder, "': ", std::system_category().message(static_cast<int>(error))));
  }
  const std::unique_ptr<void, BOOL(WINAPI*)(HANDLE)> search(raw, FindClose);
  std::vector<std::string> names;
  do {
    std::string name = narrow_text(found.cFileName);
    if (name != "." && name != "..") names.push_back(std::move(name));
  } while (FindNextFileW(raw, &found));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace infer
#endif
