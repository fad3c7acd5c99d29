#include "backends/cpu/pool.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
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

// ---- threads of the host --------------------------------------------------------------------------------------------

// A host's way to make n calls.
struct Lent {
  using Call = std::function<void(int32_t)>;
  explicit Lent(std::function<void(int32_t, const Call&)> way) : make(std::move(way)) {}
  Lent(const Lent&) = delete;
  std::function<void(int32_t n, const Call& call)> make;
  std::atomic<int> runs{0}, most{0};
  const infer_executor executor{{sizeof(infer_executor), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
                                this,
                                [](void* self, int32_t n, void (*body)(void*, int32_t), void* arg) {
                                  Lent& l = *static_cast<Lent*>(self);
                                  l.runs++;
                                  if (n > l.most) l.most = n;
                                  l.make(n, [=](int32_t i) { body(arg, i); });
                                }};
};

void on_new_threads(int32_t n, const Lent::Call& call) {
  std::vector<std::thread> threads;
  for (int32_t i = 1; i < n; i++) threads.emplace_back(call, i);
  call(0);
  for (std::thread& t : threads) t.join();
}

// Threads that stay, and take calls in the order in which they come; who asks for calls makes none.
class HostThreads {
 public:
  explicit HostThreads(int n) {
    for (int i = 0; i < n; i++) threads_.emplace_back([this] { work(); });
  }
  ~HostThreads() {
    {
      const std::lock_guard lock(mutex_);
      end_ = true;
    }
    changed_.notify_all();
    for (std::thread& t : threads_) t.join();
  }
  void operator()(int32_t n, const Lent::Call& call) {
    std::unique_lock lock(mutex_);
    int32_t left = n;
    for (int32_t i = 0; i < n; i++) calls_.push_back({&call, i, &left});
    changed_.notify_all();
    changed_.wait(lock, [&] { return left == 0; });
  }

 private:
  struct Item {
    const Lent::Call* call;
    int32_t i, *left;
  };
  void work() {
    for (std::unique_lock lock(mutex_);;) {
      changed_.wait(lock, [&] { return end_ || !calls_.empty(); });
      if (calls_.empty()) return;
      const Item item = calls_.front();
      calls_.pop_front();
      lock.unlock();
      (*item.call)(item.i);
      lock.lock();
      if (--*item.left == 0) changed_.notify_all();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> calls_;
  bool end_ = false;
  std::vector<std::thread> threads_;
};

TEST_CASE("an executor may make its calls one after another, in any order, or leave out what the first has done") {
  const std::array<std::function<void(int32_t, const Lent::Call&)>, 5> ways = {
      [](int32_t n, const Lent::Call& call) {
        for (int32_t i = 0; i < n; i++) call(i);
      },
      [](int32_t n, const Lent::Call& call) {
        for (int32_t i = n; i-- > 0;) call(i);
      },
      [](int32_t n, const Lent::Call& call) { call(n / 2); },
      [](int32_t n, const Lent::Call& call) { std::thread([&] { call(n - 1); }).join(); },
      [](int32_t, const Lent::Call&) {},  // none: a host that ends
  };
  const std::array<std::array<size_t, 2>, 5> first = {{{0, 0}, {2, 4}, {1, 2}, {2, 4}, {0, 0}}};  // of 3, of 5
  for (size_t w = 0; w < ways.size(); w++) {
    CAPTURE(w);
    Lent lent(ways[w]);
    Pool pool({3, 5, 5, {}, &lent.executor});
    CHECK(pool.threads() == 5);
    for (const bool few : {true, false, true}) {
      Marks marks(sizes(200));
      const int64_t all = [&] {
        int64_t n = 0;
        for (int64_t s : sizes(200)) n += s;
        return n;
      }();
      pool.run(marks, few);
      CHECK(marks.wrong == 0);
      CHECK(marks.by_thread[first[w][few ? 0 : 1]] == all);
    }
    CHECK(lent.runs == 3);  // a run asks once
    CHECK(lent.most == 5);
  }
}

TEST_CASE("threads of an executor share the steps, with delays, whether they come soon, late or after the end") {
  for (const int n : {2, 4, 16}) {
    Lent soon(on_new_threads), late([](int32_t asked, const Lent::Call&call) {
      on_new_threads(asked, [&](int32_t i) {
        std::this_thread::sleep_for(std::chrono::microseconds(i * 100));
        call(i);
      });
    });
    for (Lent* lent : {&soon, &late}) {
      Pool pool({n, n + 1, n + 1, {}, &lent->executor});
      Delays delays(sizes(100));
      for (int i = 0; i < 15; i++) {
        delays.again();
        pool.run(delays, i % 2 == 0);
      }
      CHECK(delays.wrong == 0);
      CHECK(lent->runs == 15);
    }
  }
}

TEST_CASE("threads of an executor are there at the same time, and what one holds stops no other") {
  Lent lent(on_new_threads);
  Pool pool({2, 2, 2, {}, &lent.executor});
  Held work({1000}, 999);
  pool.run(work, true);
  CHECK(work.wrong == 0);
  CHECK(!work.given_up);
  CHECK(work.by_thread[1] == 1);
}

TEST_CASE("an executor with fewer threads than are asked for, and two pools that use it at the same time") {
  for (const int n : {1, 2, 3}) {
    HostThreads threads(n);
    Lent lent([&](int32_t asked, const Lent::Call& call) { threads(asked, call); });
    std::atomic<int> wrong{0};
    const auto use = [&] {
      Pool pool({4, 6, 6, {}, &lent.executor});
      Delays delays(sizes(60));
      for (int i = 0; i < 25; i++) {
        delays.again();
        pool.run(delays, i % 2 == 0);
      }
      wrong += delays.wrong;
    };
    std::thread other(use);
    use();
    other.join();
    CHECK(wrong == 0);
    CHECK(lent.runs == 50);
  }
}

TEST_CASE("a pool of one thread asks no executor; a call that was not asked for does nothing") {
  Lent none([](int32_t, const Lent::Call&) {}), more([](int32_t n, const Lent::Call&call) {
    for (const int32_t i : {-1, n, 1000, 1}) call(i);
  });
  Marks marks({5, 1, 70});
  Pool one({1, 3, 3, {}, &none.executor});
  one.run(marks, true);
  CHECK(none.runs == 0);
  CHECK(marks.by_thread[0] == 76);
  marks.again();
  Pool three({2, 3, 3, {}, &more.executor});
  three.run(marks, true);
  CHECK(marks.by_thread[1] == 76);
  CHECK(marks.wrong == 0);
}

TEST_CASE("how the host's threads round does not show in units, and is theirs again afterwards") {
  struct Rounds final : Work {
    int64_t next() override { return steps++ < 2 ? 4 : 0; }
    void unit(int, int64_t) override { usual = usual && std::fegetround() == FE_TONEAREST; }
    int steps = 0;
    bool usual = true;
  } work;
  int after = -1;
  Lent lent([&](int32_t, const Lent::Call& call) {
    std::thread([&] {
      std::fesetround(FE_UPWARD);
      call(0);
      after = std::fegetround();
    }).join();
  });
  Pool({2, 2, 2, {}, &lent.executor}).run(work, true);
  CHECK(work.usual);
  CHECK(after == FE_UPWARD);
}

}  // namespace
}  // namespace infer::cpu
