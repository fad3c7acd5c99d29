// Shared libraries on Linux, Android and the Apples.
#ifndef _WIN32
#include <dlfcn.h>

#include <filesystem>

#include "base/library.h"

namespace infer {

// RTLD_NOW: a missing symbol is found here and not in the middle of a run. RTLD_LOCAL: nothing of it leaks into the
// process.
Result<Library> Library::open(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  if (path.empty() || error)
    return Status::not_found(str("'", path, "' is not a path"), "give the path of a shared library");
  if (void* handle = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL)) return Library(handle);
  const char* reason = dlerror();
  const bool exists = std::filesystem::exists(absolute, error);
  const infer_status code = exists ? INFER_E_IO : INFER_E_NOT_FOUND;
  return Status(code, str("cannot load '", path, "': ", reason ? reason : "no reason given"),
                exists ? "it must be a shared library for this system and processor, with the libraries it needs"
                       : "check the path");
}

void* Library::symbol(const char* name) const { return dlsym(handle_, name); }

}  // namespace infer
#endif
