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
#include "base/wide_win32.h"

namespace infer {

Result<std::vector<std::string>> list_folder(const std::string& folder) {
  TRY_SET(const std::wstring pattern, wide(folder + "\\*"));
  WIN32_FIND_DATAW found;
  const HANDLE raw = FindFirstFileW(pattern.c_str(), &found);
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
    std::string name = utf8(found.cFileName);
    if (name != "." && name != "..") names.push_back(std::move(name));
  } while (FindNextFileW(raw, &found));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace infer
#endif
