#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <thread>
#include <utility>

#include "backends/cpu/pool.h"

namespace infer::cpu {
namespace {

TEST_CASE("a job runs once on every thread, job after job") {
  for (const auto& [n, processors] : {std::pair{1, 1}, {2, 2}, {5, 5}, {5, 2}, {9, 1}}) {
    Pool pool(n, processors);
    CHECK((pool.spins() == 0) == (n > processors));
    std::array<std::atomic<int>, 12> runs{};
    for (int i = 0; i < 500; i++)
      pool.run([](void* c,
                  int thread) { (*static_cast<std::array<std::atomic<int>, 12>*>(c))[static_cast<size_t>(thread)]++; },
               &runs);
    for (int t = 0; t < pool.size(); t++) CHECK(runs[static_cast<size_t>(t)] == 500);
    CHECK(runs[static_cast<size_t>(pool.size())] == 0);
  }
}

struct Meeting {
  explicit Meeting(int size) : n(size), barrier(size, 100) {}
  const int n;
  Barrier barrier;
  std::atomic<int> here{0}, decided{0}, wrong{0};
};

TEST_CASE("nobody leaves a meeting before all have come, and the last decides for all") {
  Pool pool(3, 3);
  Meeting m(pool.size());
  pool.run(
      [](void* c, int) {
        auto& meeting = *static_cast<Meeting*>(c);
        for (int round = 1; round <= 300; round++) {
          meeting.here++;
          meeting.barrier.meet([&] { meeting.decided = meeting.here == round * meeting.n ? round : -1; });
          if (meeting.decided != round) meeting.wrong++;
          meeting.barrier.meet([] {});
        }
      },
      &m);
  CHECK(m.wrong == 0);
}

TEST_CASE("callers on several threads take turns") {
  Pool pool(2, 2);
  std::atomic<int> inside{0}, together{0};
  struct Both {
    std::atomic<int>&inside, &together;
  } both{inside, together};
  const auto call = [&] {
    for (int i = 0; i < 200; i++)
      pool.run(
          [](void* c, int thread) {
            if (thread != 0) return;
            auto& b = *static_cast<Both*>(c);
            if (b.inside++ != 0) b.together++;
            b.inside--;
          },
          &both);
  };
  std::thread other(call);
  call();
  other.join();
  CHECK(together == 0);
}

}  // namespace
}  // namespace infer::cpu
