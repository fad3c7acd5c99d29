// Shared libraries on Windows. Paths are UTF-8 outside and UTF-16 here.
#ifdef _WIN32
#ifndef NOMINMAX
#define NOMINMAX
#endif
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <filesystem>
#include <system_error>

#include "base/library.h"

namespace infer {

// The altered search path makes a plugin's own dependencies come from its folder.
Result<Library> Library::open(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(std::u8string(path.begin(), path.end()), error);
  if (path.empty() || error)
    return Status::not_found(str("'", path, "' is not a path"), "give the path of a shared library");
  if (HMODULE handle = LoadLibraryExW(absolute.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH)) return Library(handle);
  const std::string reason = std::system_category().message(static_cast<int>(GetLastError()));
  const bool exists = std::filesystem::exists(absolute, error);
  const infer_status code = exists ? INFER_E_IO : INFER_E_NOT_FOUND;
  return Status(code, str("cannot load '", path, "': ", reason),
                exists ? "it must be a shared library for this system and processor, with the libraries it needs"
                       : "check the path");
}

void* Library::symbol(const char* name) const {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(handle_), name));
}

}  // namespace infer
#endif
