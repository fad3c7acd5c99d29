// Files on Linux, Android and the Apples: open, fstat, mmap. The mapping keeps a descriptor, to ask later whether the
// file is still whole.
//
// Everything is decided on the opened descriptor (fstat), never on the path a second time. O_NONBLOCK keeps a named
// pipe from hanging the open; it means nothing for the regular files that we go on with.
#ifndef _WIN32
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/checked.h"
#include "base/descriptor_posix.h"
#include "base/file.h"

namespace infer {
namespace {

constexpr const char* kPathHint = "check the path; the folders in it must exist";

class MappedFile final : public File {
 public:
  MappedFile(std::string name, std::string stamp, int own_fd, std::byte* base, size_t mapped, int64_t start,
             size_t skip)
      : fd_(own_fd), base_(base), mapped_(mapped), end_(start + static_cast<int64_t>(mapped)) {
    bytes_ = {base + skip, mapped - skip};
    name_ = std::move(name);
    stamp_ = std::move(stamp);
  }
  ~MappedFile() override { ::munmap(base_, mapped_); }

  Status intact() const override {
    struct stat st {};
    if (::fstat(fd_.get(), &st) != 0) return Status::io(str("cannot examine '", name_, "': ", reason(errno)));
    if (st.st_size >= end_) return {};
    return Status::io(str("'", name_, "' was cut to ", st.st_size, " bytes while in use; it had ", end_),
                      "put the file back and open it again; to replace a file in use, rename a new one over it");
  }

  Status read_inside(int64_t at, std::span<std::byte> out) const override {
    int64_t from = end_ - static_cast<int64_t>(bytes_.size()) + at;
    while (!out.empty()) {
      const ssize_t n = restart([&] {
        return ::pread(fd_.get(), out.data(), std::min(out.size(), size_t{1} << 30), static_cast<off_t>(from));
      });
      if (n < 0) return Status::io(str("cannot read '", name_, "': ", reason(errno)));
      if (n == 0) {
        TRY(intact());
        return Status::io(str("'", name_, "' ended at ", from));
      }
      out = out.subspan(static_cast<size_t>(n));
      from += n;
    }
    return {};
  }

  void will_need(std::span<const std::byte> range) const override {
    if (range.empty() || range.data() < bytes_.data() || range.data() + range.size() > bytes_.data() + bytes_.size())
      return;
    const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    const size_t offset = static_cast<size_t>(range.data() - base_), start = offset / page * page;
    ::madvise(base_ + start, offset - start + range.size(), MADV_WILLNEED);
  }

 private:
  Descriptor fd_;
  std::byte* base_;  // page-aligned start of the mapping
  size_t mapped_;    // bytes
  int64_t end_;      // of the mapping, in the file
};

// When the file's bytes were changed last.
std::string changed_at(const struct stat& st) {
#ifdef __APPLE__
  const timespec& t = st.st_mtimespec;
#else
  const timespec& t = st.st_mtim;
#endif
  return str(static_cast<int64_t>(t.tv_sec), ".", static_cast<int64_t>(t.tv_nsec));
}

}  // namespace

Status cannot_open(const std::string& path, int error) {
  const std::string what = str("cannot open '", path, "': ");
  switch (error) {
    case ENOENT:
      return Status::not_found(what + "no such file", kPathHint);
    case ENOTDIR:
      return Status::not_found(what + "a part of the path is not a directory", kPathHint);
    case EISDIR:
      return Status::invalid(str("'", path, "' is a directory, not a file"), "name the file in it");
    case EACCES:
    case EPERM:
      return Status::io(what + "no permission", "let this user read the file and enter its directories");
    case ELOOP:
      return Status::io(what + "it is a symbolic link, and links are not followed here", "put the file itself there");
    case ENAMETOOLONG:
      return Status::invalid(what + "the path is too long");
    case EMFILE:
    case ENFILE:
      return Status::io(what + "too many files are open", "close some, or raise the limit (ulimit -n)");
    case ENOMEM:
      return Status::no_memory(what + reason(error));
    default:
      return Status::io(what + reason(error));
  }
}

Result<std::shared_ptr<const File>> map_file(int fd, const std::string& name, int64_t offset, int64_t length,
                                             int flags) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) return Status::io(str("cannot examine '", name, "': ", reason(errno)));
  if (S_ISDIR(st.st_mode))
    return Status::invalid(str("'", name, "' is a directory, not a file"), "name the file in it");
  if (!S_ISREG(st.st_mode))
    return Status::invalid(str("'", name, "' is not a regular file (a pipe, socket or device cannot be mapped)"),
                           "copy the data to a file first");
  if (st.st_size == 0) return Status::corrupt(str("'", name, "' is empty"), "fetch or copy the file again");
  const int64_t size = st.st_size;
  if (offset < 0 || offset > size)
    return Status::invalid(str("offset ", offset, " lies outside '", name, "', which has ", size, " bytes"));
  if (length < 0) length = size - offset;
  if (length > size - offset)
    return Status::invalid(str("'", name, "' has ", size, " bytes: too few for ", length, " bytes at offset ", offset));
  if (length == 0) return Status::corrupt(str("the window at offset ", offset, " of '", name, "' is empty"));

  const int64_t page = ::sysconf(_SC_PAGESIZE), start = offset / page * page;
  const auto n = narrow<size_t>(offset - start + length);
  if (!n) return Status::no_memory(str("'", name, "' (", length, " bytes) does not fit this process's address space"));
  void* base = ::mmap(nullptr, *n, PROT_READ, flags, fd, static_cast<off_t>(start));
  if (base == MAP_FAILED) {
    const int error = errno;
    const std::string what = str("cannot map ", length, " bytes of '", name, "': ", reason(error));
    return error == ENOMEM ? Status::no_memory(what, "free address space or raise its limit (ulimit -v)")
                           : Status::io(what);
  }
  const int own_fd = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own_fd < 0) {
    const int error = errno;
    ::munmap(base, *n);
    return cannot_open(name, error);
  }
  try {
    return {std::make_shared<const MappedFile>(name, str(size, " ", changed_at(st), " ", offset), own_fd,
                                               static_cast<std::byte*>(base), *n, start,
                                               static_cast<size_t>(offset - start))};
  } catch (...) {
    ::munmap(base, *n);
    ::close(own_fd);
    throw;
  }
}

namespace {

Status write_all(int fd, std::span<const std::span<const std::byte>> pieces) {
  for (std::span<const std::byte> bytes : pieces) {
    while (!bytes.empty()) {
      const ssize_t n = restart([&] { return ::write(fd, bytes.data(), std::min(bytes.size(), size_t{1} << 30)); });
      if (n < 0) return Status::io(reason(errno), errno == ENOSPC ? "free some disk space" : "");
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
  }
  if (restart([&] { return ::fsync(fd); }) != 0) return Status::io(reason(errno));
  return {};
}

}  // namespace

Result<std::shared_ptr<const File>> File::open(const std::string& path, Links links) {
  if (path.empty()) return Status::invalid("the path of the file is empty", kPathHint);
  if (path.find('\0') != std::string::npos)
    return Status::invalid("the path of the file has a zero byte in it", kPathHint);
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (links == Links::kRefuse ? O_NOFOLLOW : 0);
  const Descriptor fd(restart([&] { return ::open(path.c_str(), flags); }));
  if (fd.get() < 0) return cannot_open(path, errno);
  return map_file(fd.get(), path, 0, -1, MAP_PRIVATE);
}

Result<std::shared_ptr<const File>> File::open_fd(int fd, int64_t offset, int64_t length) {
  if (fd < 0) return Status::invalid(str("descriptor ", fd, " is not an open file"));
  return map_file(fd, str("fd ", fd), offset, length, MAP_PRIVATE);
}

Status write_file(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
  if (path.empty() || path.find('\0') != std::string::npos)
    return Status::invalid("the path of the file to write is empty or has a zero byte in it");
  static std::atomic<uint32_t> serial{0};
  const std::string temporary = str(path, ".", ::getpid(), "-", serial.fetch_add(1), ".tmp");
  const std::string what = str("cannot write '", path, "'");
  {
    Descriptor fd(restart([&] { return ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); }));
    if (fd.get() < 0) return cannot_open(temporary, errno).in(what);
    Status written = write_all(fd.get(), pieces);
    if (written.ok() && fd.close_now() != 0 && errno != EINTR) written = Status::io(reason(errno));
    if (written.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) {
      const int error = errno;
      written = error == EISDIR ? Status::invalid("it is a directory") : Status::io(reason(error));
    }
    if (!written.ok()) {
      ::unlink(temporary.c_str());
      return written.in(what);
    }
  }
  // The name reaches the disk with its directory. Not every file system lets a directory be synced: a failure is no
  // failure.
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const Descriptor dir(restart([&] { return ::open(folder.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (dir.get() >= 0) (void)::fsync(dir.get());
  return {};
}

}  // namespace infer
#endif
