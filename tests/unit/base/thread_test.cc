#include "base/thread.h"

#include <doctest/doctest.h>

#include <atomic>

#include "base/memory.h"

using namespace infer;

TEST_CASE("a thread runs its body, and its end is waited for") {
  std::atomic<int> ran{0};
  {
    auto t = Thread::start([&] { ++ran; });
    REQUIRE(t.ok());
    Thread moved = t.take();
    CHECK(moved.started());
  }
  CHECK(ran == 1);
  Thread none;
  none.join();
  CHECK_FALSE(none.started());
}

TEST_CASE("what a body throws ends its thread alone") {
  auto t = Thread::start([] { throw 1; });
  REQUIRE(t.ok());
  t->join();
}

TEST_CASE("assigning over a running thread waits for it") {
  std::atomic<bool> done{false};
  Thread t = Thread::start([&] { done = true; }).take();
  t = Thread();
  CHECK(done);
}

TEST_CASE("free memory is known here, and plausible") {
  const int64_t bytes = free_memory();
  CHECK(bytes > 1 << 20);
  CHECK(bytes < int64_t{1} << 46);
}
