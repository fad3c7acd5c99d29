#ifndef _WIN32
#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "base/folder.h"

namespace infer {

Result<std::vector<std::string>> list_folder(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), [](DIR* d) { return ::closedir(d); });
  if (!dir) {
    const infer_status code =
        errno == ENOENT || errno == ENOTDIR ? INFER_E_NOT_FOUND : (errno == ENOMEM ? INFER_E_NO_MEMORY : INFER_E_IO);
    return Status(code, str("cannot read the folder '", folder, "': ", std::generic_category().message(errno)));
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0)
    return Status::io(str("cannot read the folder '", folder, "': ", std::generic_category().message(errno)));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace infer
#endif
