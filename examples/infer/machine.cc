#include "machine.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstring>
#include <functional>
#include <new>
#include <thread>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "machine_probes.h"

namespace infer::tool {
namespace {

constexpr size_t kReadBytes = size_t{96} << 20;  // per thread: beyond every cache
constexpr int kReadRepeats = 6, kPeakRepeats = 12;
constexpr int64_t kPeakRounds = 400000;

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Least time in which all threads did `work`, of some repeats. prepare(i) runs once on thread i.
double best_time(int threads, int repeats, const std::function<void(int)>& prepare,
                 const std::function<void(int)>& work) {
  std::barrier meet(threads);
  double best = 1e30;
  std::vector<std::thread> pool;
  for (int i = 0; i < threads; ++i) {
    pool.emplace_back([&, i] {
      prepare(i);
      for (int r = 0; r < repeats; ++r) {
        meet.arrive_and_wait();
        const double start = now_s();
        work(i);
        meet.arrive_and_wait();
        if (i == 0) best = std::min(best, now_s() - start);
      }
    });
  }
  for (auto& t : pool) t.join();
  return best;
}

}  // namespace

// Large pages where the system gives them: the machine at its best.
struct Prober::Block {
  static constexpr std::align_val_t kAlign{size_t{2} << 20};
  char* data = static_cast<char*>(::operator new(kReadBytes, kAlign));
  Block() {
#if defined(__linux__)
    madvise(data, kReadBytes, MADV_HUGEPAGE);
#endif
  }
  Block(const Block&) = delete;
  ~Block() { ::operator delete(data, kAlign); }
};

Prober::Prober(int threads) : threads_(threads) {
  for (int i = 0; i < threads; ++i) blocks_.push_back(std::make_unique<Block>());
  // Each thread touches its own block first.
  best_time(
      threads, 1, [&](int i) { std::memset(blocks_[static_cast<size_t>(i)]->data, 1, kReadBytes); }, [](int) {});
}

Prober::~Prober() = default;

Machine Prober::measure() {
  const Probes& probes = best_probes();
  Machine m;
  m.isa = probes.name;
  m.threads = threads_;
  std::atomic<uint64_t> sink{0};
  const auto nothing = [](int) {};
  const auto read = [&](int i) { sink += probes.read(blocks_[static_cast<size_t>(i)]->data, kReadBytes); };
  m.read_per_s = static_cast<double>(blocks_.size() * kReadBytes) / best_time(threads_, kReadRepeats, nothing, read);
  const double rounds = static_cast<double>(kPeakRounds) * threads_;
  m.int8_per_s =
      rounds * probes.int8_ops / best_time(threads_, kPeakRepeats, nothing, [&](int) { probes.int8(kPeakRounds); });
  m.f32_per_s =
      rounds * probes.f32_ops / best_time(threads_, kPeakRepeats, nothing, [&](int) { probes.f32(kPeakRounds); });
  return m;
}

}  // namespace infer::tool
