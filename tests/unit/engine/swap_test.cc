// Preempted requests: their pages come back from where they were put aside, or are computed again, whichever is
// cheaper.
#include <doctest/doctest.h>

#include <filesystem>

#include "../folder.h"
#include "toy.h"

using namespace toy;
using namespace infer::engine;
using namespace std::chrono_literals;

namespace {

using Tokens = std::vector<int32_t>;

// Pages for one and a half of its requests.
Sizes tight() {
  Sizes s = sizes();
  s.n_pages = 18;
  s.sequences = 2;
  return s;
}

struct Swapping : Bench {
  explicit Swapping(int64_t slots = 100, const std::string& folder = "")
      : Bench(tight(), 50, nullptr, 0, 0, 0,
              infer::cache::SwapStore::make(tight().page * 4, slots * tight().page * 4, folder).take()) {}
  // Long answers, which are interrupted again and again by urgent requests that need their pages.
  void run(int rounds = 6) {
    std::vector<std::shared_ptr<Request>> low, high;
    for (int32_t i = 0; i < 3; ++i) low.push_back(*engine->submit(task(prompt(30, i), 30)));
    for (int32_t i = 0; i < rounds; ++i) {
      const Piece* piece = nullptr;
      Status why;
      low[0]->next(20, piece, why);
      if (piece) first.insert(first.end(), piece->tokens.begin(), piece->tokens.end());
      Task t = task(prompt(40, 10 + i), 3);
      t.priority = 5;
      high.push_back(*engine->submit(t));
      CHECK(collect(*high.back()).tokens == solo(prompt(40, 10 + i), 3));
    }
    const auto rest = collect(*low[0]).tokens;
    first.insert(first.end(), rest.begin(), rest.end());
    CHECK(first == solo(prompt(30, 0), 30));
    for (int32_t i = 1; i < 3; ++i) CHECK(collect(*low[static_cast<size_t>(i)]).tokens == solo(prompt(30, i), 30));
    settle(*engine);
    CHECK(counter(*engine, "pages.used") == 0);
    CHECK(counter(*engine, "requests.preempted") > 0);
  }
  int64_t out() const { return counter(*engine, "pages.swapped_out"); }
  int64_t in() const { return counter(*engine, "pages.swapped_in"); }
  Tokens first;  // of the first answer
};

}  // namespace

TEST_CASE("where computing is slow, pages come back from where they were put aside") {
  const infer::Folder folder;
  for (const std::string& where : {std::string(), folder.path.string()}) {
    Swapping b(100, where);
    b.executor->before_run = [](int64_t) { return std::this_thread::sleep_for(2ms), Status(); };
    b.run();
    CHECK(b.out() > 0);
    CHECK(b.in() > 0);
  }
}

TEST_CASE("where moving is slow, they are computed again once that is known") {
  Swapping b;
  b.executor->before_move = [] { return std::this_thread::sleep_for(10ms), Status(); };
  b.run(12);
  CHECK(b.out() <= 20);  // the first time, before anything was measured
  const int64_t before = b.out();
  b.first.clear();
  b.run(12);
  CHECK(b.out() == before);
}

TEST_CASE("what cannot be moved out or back is computed again, and nothing is lost") {
  for (const int from : {0, 3, 15, 25}) {
    Swapping b;
    b.executor->before_run = [](int64_t) { return std::this_thread::sleep_for(1ms), Status(); };
    std::atomic<int> moves{0};
    b.executor->before_move = [&] { return moves++ >= from ? Status(INFER_E_IO, "no") : Status(); };
    b.run();
  }
}

TEST_CASE("a page that does not come back may be one that others have computed meanwhile") {
  Swapping b;
  b.executor->before_run = [](int64_t) { return std::this_thread::sleep_for(1ms), Status(); };
  std::atomic<bool> refuse{false};
  b.executor->before_move = [&] { return refuse ? Status(INFER_E_IO, "no") : Status(); };
  for (int32_t i = 0; i < 8; ++i) {
    refuse = false;
    auto low = *b.engine->submit(task(prompt(36, 1), 20));  // the same beginning for all that are low
    auto twin = *b.engine->submit(task(prompt(34, 1), 20));
    const Piece* piece = nullptr;
    Status why;
    REQUIRE(low->next(-1, piece, why) == INFER_OK);
    Tokens first = piece->tokens;
    Task t = task(prompt(40, 20 + i), 6);
    t.priority = 5;
    auto high = *b.engine->submit(t);
    REQUIRE(high->next(-1, piece, why) == INFER_OK);
    Tokens urgent = piece->tokens;
    refuse = true;
    const auto rest = collect(*low).tokens;
    first.insert(first.end(), rest.begin(), rest.end());
    CHECK(first == solo(prompt(36, 1), 20));
    CHECK(collect(*twin).tokens == solo(prompt(34, 1), 20));
    const auto more = collect(*high).tokens;
    urgent.insert(urgent.end(), more.begin(), more.end());
    CHECK(urgent == solo(prompt(40, 20 + i), 6));
    settle(*b.engine);
    CHECK(counter(*b.engine, "pages.used") == 0);
    REQUIRE(b.engine->trim().ok());
  }
}

TEST_CASE("a file that is damaged meanwhile costs time and no answer") {
  const infer::Folder folder;
  Swapping b(100, folder.path.string());
  const auto file = *std::filesystem::directory_iterator(folder.path);
  b.executor->before_run = [&](int64_t n) {
    std::this_thread::sleep_for(1ms);
    if (n == 10) std::filesystem::resize_file(file.path(), 0);
    return Status();
  };
  b.run();
}

TEST_CASE("with little room some are put aside and others not") {
  Swapping b(8);
  b.executor->before_run = [](int64_t) { return std::this_thread::sleep_for(1ms), Status(); };
  b.run();
}

TEST_CASE("a request that is cancelled while it is put aside gives its room back") {
  Swapping b(10);  // for one
  b.executor->before_run = [](int64_t) { return std::this_thread::sleep_for(1ms), Status(); };
  for (int i = 0; i < 5; ++i) {
    auto low = *b.engine->submit(task(prompt(36, i), 20));
    const Piece* piece = nullptr;
    Status why;
    REQUIRE(low->next(-1, piece, why) == INFER_OK);
    Task t = task(prompt(40, 20 + i), 10);
    t.priority = 5;
    const int64_t before = b.out();
    auto high = *b.engine->submit(t);
    REQUIRE(high->next(-1, piece, why) == INFER_OK);
    CHECK(b.out() > before);
    low->cancel();
    collect(*high);
    settle(*b.engine);
  }
}
