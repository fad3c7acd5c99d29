// Threads that stay: each job runs once on every thread, the caller's among them. Waiting spins for some tens of
// microseconds, then sleeps, so an idle pool costs nothing; a pool of more threads than processors sleeps at once, for
// who spins then keeps the one he waits for from running.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/thread.h"

namespace infer::cpu {

// Where the threads of one job meet.
class Barrier {
 public:
  // spins: how often a waiting thread looks before it sleeps.
  Barrier(int n, int spins) : n_(n), spins_(spins) {}
  // Returns when all n threads are here. `last` runs on the last to arrive, before anyone leaves.
  template <class F>
  void meet(F&& last) {
    const uint32_t phase = phase_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == n_) {
      last();
      arrived_.store(0, std::memory_order_relaxed);
      phase_.store(phase + 1, std::memory_order_release);
      if (n_ > 1) phase_.notify_all();
      return;
    }
    wait_while(phase_, phase, spins_);
  }
  // Returns when v is no longer `old`.
  static void wait_while(const std::atomic<uint32_t>& v, uint32_t old, int spins);

 private:
  const int n_, spins_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<uint32_t> phase_{0};
};

class Pool {
 public:
  using Job = void (*)(void* context, int thread);
  // Tries to have n threads; has fewer where the system gives no more. Never fails. processors: that they share.
  Pool(int n, int processors);
  ~Pool();
  Pool(const Pool&) = delete;
  int size() const { return static_cast<int>(workers_.size()) + 1; }
  int spins() const { return spins_; }  // for Barriers of this pool's threads
  // job(context, t) for t in 0 .. size()-1, t = 0 on this thread. Callers take turns. job must not throw.
  void run(Job job, void* context);

 private:
  void work(int thread);
  const int spins_;
  std::mutex turn_;
  std::vector<Thread> workers_;
  Job job_ = nullptr;  // of the current epoch; null: leave
  void* context_ = nullptr;
  alignas(64) std::atomic<uint32_t> epoch_{0};
  alignas(64) std::atomic<uint32_t> unfinished_{0};  // workers still in the job
};

}  // namespace infer::cpu
