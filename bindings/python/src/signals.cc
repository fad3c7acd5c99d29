#include "signals.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace libinfer_python {

constexpr size_t kMostLines = 1000;

infer_hooks Signals::hooks() {
  infer_hooks h = INFER_HOOKS_INIT;
  h.user = this;
  h.wake = wake;
  h.log = log;
  return h;
}

int Signals::add() {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  const std::lock_guard lock(mutex_);
  if (fd >= 0) fds_.push_back(fd);
  return fd;
}

void Signals::remove(int fd) {
  const std::lock_guard lock(mutex_);
  fds_.erase(std::remove(fds_.begin(), fds_.end(), fd), fds_.end());
  ::close(fd);
}

void Signals::wake(void* user) {
  auto* self = static_cast<Signals*>(user);
  const std::lock_guard lock(self->mutex_);
  const uint64_t one = 1;
  for (const int fd : self->fds_) {
    // It fails only when the counter is full, and then the loop is awake anyway.
    [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
  }
}

void Signals::log(void* user, int32_t level, const char* text, int64_t len) {
  auto* self = static_cast<Signals*>(user);
  const std::lock_guard lock(self->mutex_);
  self->log_.emplace_back(level, std::string(text, static_cast<size_t>(len)));
  if (self->log_.size() > kMostLines) self->log_.pop_front();
}

std::vector<std::pair<int, std::string>> Signals::take_log() {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<int, std::string>> lines(log_.begin(), log_.end());
  log_.clear();
  return lines;
}

void Waker::clear() {
  uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
}

void Waker::close() {
  // In a forked child the mutex may be held by a thread that is gone.
  if (fd_ >= 0 && forks() == made_after_) signals_->remove(fd_);
  fd_ = -1;
}

}  // namespace libinfer_python
