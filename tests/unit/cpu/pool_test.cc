#include "backends/cpu/pool.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/processors.h"

namespace infer::cpu {
namespace {

// Steps of given sizes. Every unit leaves a mark; next() looks whether the step before was whole. What is counted is
// relaxed, so that only the pool orders the marks (ThreadSanitizer sees where it does not).
class Marks : public Work {
 public:
  explicit Marks(std::vector<int64_t> sizes) : sizes_(std::move(sizes)), marks_(Pool::kMostUnits) {}
  int64_t next() override {
    if (inside_.load(std::memory_order_relaxed) != 0) wrong++;
    check();
    if (step_ == sizes_.size()) return 0;
    return sizes_[step_++];
  }
  void unit(int thread, int64_t unit) override {
    inside_.fetch_add(1, std::memory_order_relaxed);
    if (unit < 0 || unit >= sizes_[step_ - 1] || thread < 0) wrong++;
    busy(thread, unit);
    marks_[static_cast<size_t>(unit)]++;  // not atomic: a second thread at the same unit is a race
    if (thread < 256) by_thread[static_cast<size_t>(thread)].fetch_add(1, std::memory_order_relaxed);
    inside_.fetch_sub(1, std::memory_order_relaxed);
  }
  void again() { step_ = 0; }
  std::atomic<int> wrong{0};
  std::array<std::atomic<int64_t>, 256> by_thread{};

 protected:
  virtual void busy(int, int64_t) {}

 private:
  void check() {
    if (step_ == 0) return;
    for (int64_t u = 0; u < sizes_[step_ - 1]; u++) {
      if (marks_[static_cast<size_t>(u)] != 1) wrong++;
      marks_[static_cast<size_t>(u)] = 0;
    }
  }
  std::vector<int64_t> sizes_;
  std::vector<int> marks_;
  size_t step_ = 0;  // steps begun
  std::atomic<int> inside_{0};
};

std::vector<int64_t> sizes(size_t n) {
  std::vector<int64_t> s;
  for (size_t i = 0; i < n; i++) s.push_back(i % 50 == 0 ? 3000 : 1 + static_cast<int64_t>(i * 7919 % 37));
  return s;
}

TEST_CASE("every unit of every step is done once, and no step begins before the last one is done") {
  for (const auto& [few, many, processors] :
       {std::array{1, 1, 1}, {2, 2, 2}, {5, 5, 5}, {2, 5, 5}, {5, 2, 5}, {9, 9, 2}}) {
    Pool pool({few, many, processors, {}});
    CHECK(pool.threads() == std::min(std::max(few, many), processors));
    Marks marks(sizes(200));
    for (int i = 0; i < 20; i++) {
      marks.again();
      pool.run(marks, i % 3 != 0);
    }
    CHECK(marks.wrong == 0);
  }
}

TEST_CASE("a work without steps, and one of the most units that a step may have") {
  Pool pool({3, 3, 3, {}});
  Marks none({}), most({Pool::kMostUnits, 1, Pool::kMostUnits});
  pool.run(none, true);
  pool.run(most, false);
  CHECK(none.wrong == 0);
  CHECK(most.wrong == 0);
  int64_t done = 0;
  for (const auto& n : most.by_thread) done += n;
  CHECK(done == 2 * Pool::kMostUnits + 1);
}

// Threads that stop in the middle of things, for less and for more than the time in which others fall asleep.
class Delays final : public Marks {
  using Marks::Marks;
  void busy(int thread, int64_t unit) override {
    thread_local uint32_t random = 12345u + static_cast<uint32_t>(thread);
    random = random * 1664525u + 1013904223u + static_cast<uint32_t>(unit);
    if (random >> 24 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random >> 14 & 0x1ff));
    if (random >> 24 == 1) std::this_thread::yield();
  }
};

TEST_CASE("the same with delays in units, pauses between runs, and many more threads than processors") {
  for (const int n : {2, 4, 32}) {
    Pool pool({n, n + 1, n + 1, {}});
    Delays delays(sizes(100));
    for (int i = 0; i < 15; i++) {
      delays.again();
      pool.run(delays, i % 2 == 0);
      if (i % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
    CHECK(delays.wrong == 0);
  }
}

// Thread 0 waits until thread 1 holds a unit; thread 1 then does not go on before all others are done without it.
class Held final : public Marks {
 public:
  Held(std::vector<int64_t> s, int64_t others) : Marks(std::move(s)), others_(others) {}
  std::atomic<bool> given_up{false};

 private:
  void busy(int thread, int64_t) override {
    if (thread == 1) {
      held_ = true;
      wait([&] { return done_ == others_; });
    } else {
      wait([&] { return held_.load(); });
      done_++;
    }
  }
  template <class Condition>
  void wait(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && !given_up) {
      if (std::chrono::steady_clock::now() > end) given_up = true;
      std::this_thread::yield();
    }
  }
  const int64_t others_;
  std::atomic<bool> held_{false};
  std::atomic<int64_t> done_{0};
};

TEST_CASE("a thread that does not go on costs the unit that it holds, not the others of its part") {
  Pool pool({2, 2, 2, {}});
  REQUIRE(pool.threads() == 2);
  Held work({1000}, 999);
  pool.run(work, true);
  CHECK(work.wrong == 0);
  CHECK(!work.given_up);
  CHECK(work.by_thread[1] == 1);
}

TEST_CASE("parts without a thread are done by the threads there are") {
  Pool pool({64, 64, 1, {}});
  CHECK(pool.threads() == 1);
  Marks marks({1, 63, 64, 65, 1000});
  pool.run(marks, true);
  CHECK(marks.wrong == 0);
  CHECK(marks.by_thread[0] == 1193);
}

TEST_CASE("runs with few rows leave the threads alone that are for many") {
  Pool pool({2, 4, 4, {}});
  REQUIRE(pool.threads() == 4);
  Marks marks(sizes(300));
  for (int i = 0; i < 10; i++) {
    marks.again();
    pool.run(marks, true);
  }
  CHECK(marks.wrong == 0);
  CHECK(marks.by_thread[2] + marks.by_thread[3] == 0);
}

// Which processors each thread may run on.
class Places final : public Marks {
 public:
  using Marks::Marks;
  std::array<std::vector<int>, 2> allowed;

 private:
  void busy(int thread, int64_t) override {
    allowed[static_cast<size_t>(thread)] = allowed_processors();
    came_[static_cast<size_t>(thread)] = true;
    while (!came_[0] || !came_[1]) std::this_thread::yield();  // both
  }
  std::array<std::atomic<bool>, 2> came_{};
};

TEST_CASE("threads run on the processors that they are bound to, the caller on the first") {
  const std::vector<int> all = allowed_processors();
  if (all.empty()) return;  // a system that binds no threads
  std::thread([&] {
    const std::vector<int> to = {all.back(), all.front()};
    Pool pool({2, 2, 2, to});
    Places places({2});
    pool.run(places, true);
    CHECK(places.allowed[0] == std::vector{to[0]});
    CHECK(places.allowed[1] == std::vector{to[1]});
  }).join();
}

TEST_CASE("callers on several threads take turns") {
  Pool pool({2, 2, 2, {}});
  struct Both final : Work {
    explicit Both(std::atomic<int>* in) : inside(in) {}
    int64_t next() override {
      if (steps == 0 && ++*inside != 1) together++;
      if (steps == 3) --*inside;
      return steps++ < 3 ? 2 : 0;
    }
    void unit(int, int64_t) override {}
    std::atomic<int>* inside;
    int steps = 0, together = 0;
  };
  std::atomic<int> inside{0}, together{0};
  const auto call = [&] {
    for (int i = 0; i < 300; i++) {
      Both work(&inside);
      pool.run(work, true);
      together += work.together;
    }
  };
  std::thread other(call);
  call();
  other.join();
  CHECK(together == 0);
}

}  // namespace
}  // namespace infer::cpu
