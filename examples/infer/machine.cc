#include "machine.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "machine_probes.h"

namespace infer::tool {
namespace {

struct alignas(64) Line {
  char bytes[64];
};
constexpr size_t kLines = 3u << 19, kReadBytes = kLines * sizeof(Line);  // 96 MiB per thread: beyond every cache
constexpr int kReadRepeats = 16, kPeakRepeats = 16;
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

Machine measure_machine(int threads) {
  const Probes& probes = best_probes();
  const auto n = static_cast<size_t>(threads);
  Machine m;
  m.isa = probes.name;
  m.threads = threads;
  std::atomic<uint64_t> sink{0};
  {
    std::vector<std::unique_ptr<Line[]>> data(n);
    const auto fill = [&](int i) {
      data[static_cast<size_t>(i)].reset(new Line[kLines]);
      std::memset(data[static_cast<size_t>(i)].get(), 1, kReadBytes);
    };
    const auto read = [&](int i) { sink += probes.read(data[static_cast<size_t>(i)][0].bytes, kReadBytes); };
    m.read_per_s = static_cast<double>(n * kReadBytes) / best_time(threads, kReadRepeats, fill, read);
  }
  const auto nothing = [](int) {};
  const double rounds = static_cast<double>(kPeakRounds) * threads;
  m.int8_per_s =
      rounds * probes.int8_ops / best_time(threads, kPeakRepeats, nothing, [&](int) { probes.int8(kPeakRounds); });
  m.f32_per_s =
      rounds * probes.f32_ops / best_time(threads, kPeakRepeats, nothing, [&](int) { probes.f32(kPeakRounds); });
  return m;
}

}  // namespace infer::tool
