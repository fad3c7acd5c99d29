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
namespace {

Status failed(const char* what, const std::string& path) {
  const DWORD error = GetLastError();
  const bool absent = error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND;
  return Status(absent ? INFER_E_NOT_FOUND : INFER_E_IO,
                str(what, " '", path, "': ", std::system_category().message(static_cast<int>(error))));
}

int64_t nanoseconds(const FILETIME& t, const FILETIME& since) {
  const auto ticks = [](const FILETIME& f) { return (static_cast<int64_t>(f.dwHighDateTime) << 32) + f.dwLowDateTime; };
  return (ticks(t) - ticks(since)) * 100;
}

}  // namespace

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

Result<FileFacts> file_facts(const std::string& path) {
  TRY_SET(const std::wstring w, wide(path));
  WIN32_FILE_ATTRIBUTE_DATA data{};
  if (!GetFileAttributesExW(w.c_str(), GetFileExInfoStandard, &data)) return failed("cannot examine", path);
  if (data.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DEVICE))
    return Status::invalid(str("'", path, "' is not a regular file"));
  FILETIME now{};
  GetSystemTimeAsFileTime(&now);
  return FileFacts{(static_cast<int64_t>(data.nFileSizeHigh) << 32) + data.nFileSizeLow,
                   nanoseconds(now, data.ftLastWriteTime)};
}

Status make_folder(const std::string& path) {
  for (size_t slash = path.find_first_of("/\\", 1);; slash = path.find_first_of("/\\", slash + 1)) {
    TRY_SET(const std::wstring part, wide(path.substr(0, slash)));
    const bool made = CreateDirectoryW(part.c_str(), nullptr) || GetLastError() == ERROR_ALREADY_EXISTS;
    if (slash == std::string::npos) return made ? Status() : failed("cannot make the folder", path);
  }
}

Status remove_file(const std::string& path) {
  TRY_SET(const std::wstring w, wide(path));
  return DeleteFileW(w.c_str()) ? Status() : failed("cannot remove", path);
}

Status touch_file(const std::string& path) {
  TRY_SET(const std::wstring w, wide(path));
  const HANDLE file =
      CreateFileW(w.c_str(), FILE_WRITE_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr,
                  OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
  if (file == INVALID_HANDLE_VALUE) return failed("cannot touch", path);
  FILETIME now{};
  GetSystemTimeAsFileTime(&now);
  const bool set = SetFileTime(file, nullptr, nullptr, &now);
  const Status s = set ? Status() : failed("cannot touch", path);
  CloseHandle(file);
  return s;
}

}  // namespace infer
#endif
