#include "engine/bell.h"

namespace infer::engine {

Bell& Bell::one() {
  static Bell bell;
  return bell;
}

// A waiter counts itself before it asks whether anything is ready. Whoever made a change that it did not see therefore
// sees the waiter here: both went through the lock of what was changed, in this order.
void Bell::ring() noexcept {
  if (waiters_.load() == 0) return;
  std::lock_guard lock(mutex_);
  ++rings_;
  rung_.notify_all();
}

bool Bell::wait(int32_t timeout_ms, const std::function<bool()>& ready) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms < 0 ? 0 : timeout_ms);
  std::unique_lock lock(mutex_);
  ++waiters_;
  for (bool late = false;;) {
    const uint64_t seen = rings_;
    lock.unlock();
    const bool is = ready();
    lock.lock();
    if (is || late) return --waiters_, is;
    const auto rung = [&] { return rings_ != seen; };
    if (timeout_ms < 0) {
      rung_.wait(lock, rung);
    } else {
      late = !rung_.wait_until(lock, end, rung);
    }
  }
}

}  // namespace infer::engine
