#ifndef _WIN32
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>

#include "base/descriptor_posix.h"
#include "base/new_file.h"

namespace infer {
namespace {

Status write_error(int error) {
  return Status::io(reason(error), error == ENOSPC || error == EDQUOT ? "free some disk space" : "");
}

class PosixNewFile final : public NewFile {
 public:
  // from: null, or what is renamed to path first.
  static Result<std::unique_ptr<PosixNewFile>> open(const std::string& path, int flags, const char* from);
  ~PosixNewFile() override {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  // Sets the size; takes the room, too, where the file system knows how to.
  Status reserve(int64_t bytes);

  Status write(int64_t at, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = restart([&] {
        return ::pwrite(fd_.get(), bytes.data(), std::min(bytes.size(), size_t{1} << 30), static_cast<off_t>(at));
      });
      if (n < 0) return write_error(errno).in(str("cannot write '", path_, "'"));
      bytes = bytes.subspan(static_cast<size_t>(n));
      at += n;
    }
    return {};
  }
  Result<std::shared_ptr<const File>> map() const override { return map_file(fd_.get(), path_, 0, -1, MAP_SHARED); }
  Status rename(const std::string& path) override {
    if (::rename(path_.c_str(), path.c_str()) != 0)
      return write_error(errno).in(str("cannot rename '", path_, "' to '", path, "'"));
    path_.clear();
    return {};
  }

 private:
  PosixNewFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  Descriptor fd_;
  std::string path_;  // empty: it has its name
};

Status PosixNewFile::reserve(int64_t bytes) {
  const auto cannot = [&](int error) {
    return write_error(error).in(str("cannot make '", path_, "' with ", bytes, " bytes"));
  };
  rlimit most{};  // to write beyond it is a signal
  if (::getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY &&
      static_cast<uint64_t>(bytes) > most.rlim_cur)
    return cannot(EFBIG);
#ifdef __linux__
  if (restart([&] { return ::fallocate(fd_.get(), 0, 0, static_cast<off_t>(bytes)); }) == 0) return {};
  if (errno != EOPNOTSUPP && errno != ENOSYS) return cannot(errno);
#endif
  return restart([&] { return ::ftruncate(fd_.get(), static_cast<off_t>(bytes)); }) == 0 ? Status() : cannot(errno);
}

Result<std::unique_ptr<PosixNewFile>> PosixNewFile::open(const std::string& path, int flags, const char* from) {
  if (path.empty() || path.find('\0') != std::string::npos)
    return Status::invalid("the path of the file to write is empty or has a zero byte in it");
  std::unique_ptr<PosixNewFile> file(new PosixNewFile(-1, path));  // before there is something to lose
  const bool named = !from || ::rename(from, path.c_str()) == 0;
  if (named)
    file->fd_.reset(restart([&] { return ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0666); }));
  if (file->fd_.get() >= 0) return {std::move(file)};
  const int error = errno;
  if (!from || !named) file->path_.clear();  // not ours to remove
  if (error == EEXIST) return Status::invalid(str("'", path, "' exists already"));
  return cannot_open(named ? path : from, error);
}

}  // namespace

Result<std::unique_ptr<NewFile>> NewFile::make(const std::string& path, int64_t bytes) {
  if (bytes < 0) return Status::invalid(str("a file of ", bytes, " bytes"));
  TRY_SET(auto file, PosixNewFile::open(path, O_CREAT | O_EXCL, nullptr));
  TRY(file->reserve(bytes));
  return std::unique_ptr<NewFile>(std::move(file));
}

Result<std::unique_ptr<NewFile>> NewFile::take(const std::string& path, const std::string& own) {
  TRY_SET(auto file, PosixNewFile::open(own, O_NONBLOCK, path.c_str()));
  return std::unique_ptr<NewFile>(std::move(file));
}

}  // namespace infer
#endif
