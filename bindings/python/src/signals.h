// What the library's threads leave for Python: bytes in descriptors that event loops look at, and lines of the log. The
// hooks never touch the interpreter, so no thread of an engine ever waits for its lock.
#pragma once
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "handle.h"

namespace libinfer_python {

class Signals {
 public:
  infer_hooks hooks();
  // A descriptor (eventfd) that becomes readable when a request of the runtime may have something to pull.
  int add();
  void remove(int fd);
  std::vector<std::pair<int, std::string>> take_log();

 private:
  static void wake(void* user);
  static void log(void* user, int32_t level, const char* text, int64_t len);
  std::mutex mutex_;
  std::vector<int> fds_;
  std::deque<std::pair<int, std::string>> log_;  // the latest kMostLines
};

// One event loop's descriptor.
class Waker {
 public:
  explicit Waker(std::shared_ptr<Signals> signals) : signals_(std::move(signals)), fd_(signals_->add()) {}
  ~Waker() { close(); }
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  int fileno() const { return fd_; }
  void clear();  // until the next wake
  void close();

 private:
  std::shared_ptr<Signals> signals_;
  int fd_;
  int made_after_ = forks();
};

}  // namespace libinfer_python
