#ifndef _WIN32
#include <dlfcn.h>

#include <filesystem>

#include "base/own_folder.h"

namespace infer {

std::string own_folder() {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<const void*>(&own_folder), &info) || !info.dli_fname) return {};
  std::error_code error;
  const std::filesystem::path file = std::filesystem::absolute(info.dli_fname, error);
  return error ? std::string() : file.parent_path().string();
}

}  // namespace infer
#endif
