// Wakes threads that wait for any of several things at once, each of which has a lock of its own: whoever changes one
// of them rings. There is one bell in the process, so that what belongs to different engines can be waited for
// together; ringing costs an atomic read while nobody waits.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace infer::engine {

class Bell {
 public:
  static Bell& one();
  void ring() noexcept;  // after the change was made
  // Until ready() says true, which is asked without any lock of the bell; false: the time came before. timeout_ms < 0:
  // forever.
  bool wait(int32_t timeout_ms, const std::function<bool()>& ready);

 private:
  std::atomic<int32_t> waiters_{0};
  std::mutex mutex_;
  std::condition_variable rung_;
  uint64_t rings_ = 0;
};

}  // namespace infer::engine
