// What the files of base that speak to POSIX share: an owned descriptor, calls repeated after a signal, errors in
// words.
#pragma once
#ifndef _WIN32
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/file.h"

namespace infer {

inline std::string reason(int error) { return std::generic_category().message(error); }

// Repeats a call that a signal interrupted.
template <class F>
auto restart(F call) {
  auto r = call();
  while (r == -1 && errno == EINTR) r = call();
  return r;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close_now(); }
  int get() const { return fd_; }
  void reset(int fd) {
    close_now();
    fd_ = fd;
  }
  // EINTR is not retried: on Linux the descriptor is gone already.
  int close_now() {
    const int fd = fd_;
    fd_ = -1;
    return fd < 0 ? 0 : ::close(fd);
  }

 private:
  int fd_;
};

Status cannot_open(const std::string& path, int error);
// length < 0: to the end. flags: of mmap.
Result<std::shared_ptr<const File>> map_file(int fd, const std::string& name, int64_t offset, int64_t length,
                                             int flags);

}  // namespace infer
#endif
