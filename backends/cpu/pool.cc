#include "backends/cpu/pool.h"

namespace infer::cpu {
namespace {

constexpr int kSpins = 4000;  // 30 to 60 microseconds

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

}  // namespace

void Barrier::wait_while(const std::atomic<uint32_t>& v, uint32_t old, int spins) {
  for (int i = 0; i < spins; i++) {
    if (v.load(std::memory_order_acquire) != old) return;
    relax();
  }
  while (v.load(std::memory_order_acquire) == old) v.wait(old, std::memory_order_acquire);
}

Pool::Pool(int n, int processors) : spins_(n > processors ? 0 : kSpins) {
  if (n < 2) return;
  workers_.reserve(static_cast<size_t>(n - 1));
  for (int t = 1; t < n; t++) {
    auto started = Thread::start([this, t] { work(t); });
    if (!started.ok()) return;  // no more threads to be had: fewer do
    workers_.push_back(started.take());
  }
}

Pool::~Pool() {
  job_ = nullptr;
  epoch_.fetch_add(1, std::memory_order_release);
  epoch_.notify_all();
  for (Thread& t : workers_) t.join();
}

void Pool::work(int thread) {
  uint32_t seen = 0;
  for (;;) {
    Barrier::wait_while(epoch_, seen, spins_);
    seen++;
    if (!job_) return;
    job_(context_, thread);
    if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished_.notify_one();
  }
}

void Pool::run(Job job, void* context) {
  const std::lock_guard lock(turn_);
  if (workers_.empty()) return job(context, 0);
  job_ = job;
  context_ = context;
  unfinished_.store(static_cast<uint32_t>(workers_.size()), std::memory_order_relaxed);
  epoch_.fetch_add(1, std::memory_order_release);
  epoch_.notify_all();
  job(context, 0);
  for (uint32_t n = unfinished_.load(std::memory_order_acquire); n != 0;
       n = unfinished_.load(std::memory_order_acquire))
    Barrier::wait_while(unfinished_, n, spins_);
}

}  // namespace infer::cpu
