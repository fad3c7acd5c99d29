#ifndef _WIN32
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>

#include "base/descriptor_posix.h"
#include "base/folder.h"

namespace infer {
namespace {

Status failed(const char* what, const std::string& path, int error) {
  const infer_status code = error == ENOENT || error == ENOTDIR ? INFER_E_NOT_FOUND : INFER_E_IO;
  return Status(code, str(what, " '", path, "': ", reason(error)));
}

}  // namespace

Result<std::vector<std::string>> list_folder(const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), [](DIR* d) { return ::closedir(d); });
  if (!dir) {
    const infer_status code =
        errno == ENOENT || errno == ENOTDIR ? INFER_E_NOT_FOUND : (errno == ENOMEM ? INFER_E_NO_MEMORY : INFER_E_IO);
    return Status(code, str("cannot read the folder '", folder, "': ", reason(errno)));
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return Status::io(str("cannot read the folder '", folder, "': ", reason(errno)));
  std::sort(names.begin(), names.end());
  return names;
}

Result<FileFacts> file_facts(const std::string& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) return failed("cannot examine", path, errno);
  if (!S_ISREG(st.st_mode)) return Status::invalid(str("'", path, "' is not a regular file"));
#ifdef __APPLE__
  const timespec& changed = st.st_mtimespec;
#else
  const timespec& changed = st.st_mtim;
#endif
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return FileFacts{st.st_size, (now.tv_sec - changed.tv_sec) * int64_t{1'000'000'000} + now.tv_nsec - changed.tv_nsec};
}

Status make_folder(const std::string& path) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST && (slash == std::string::npos || errno == ENOENT))
      return failed("cannot make the folder", path, errno);
    if (slash == std::string::npos) return {};
  }
}

Status remove_file(const std::string& path) {
  return ::unlink(path.c_str()) == 0 ? Status() : failed("cannot remove", path, errno);
}

Status touch_file(const std::string& path) {
  const int done = ::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  return done == 0 ? Status() : failed("cannot touch", path, errno);
}

}  // namespace infer
#endif
