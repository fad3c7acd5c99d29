// Storms: many cancels, many threads, random operations in any order. INFER_SOAK=n makes them n times as long.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "../folder.h"
#include "toy.h"

using namespace toy;
using namespace infer::engine;

namespace {

int soak() {
  const char* n = std::getenv("INFER_SOAK");
  return n ? std::max(1, std::atoi(n)) : 1;
}

}  // namespace

TEST_CASE("cancels at random moments: every page comes back, and the neighbours' answers are what they are alone") {
  std::vector<std::vector<int32_t>> expected;
  for (int32_t i = 0; i < 8; ++i) expected.push_back(solo(prompt(5 + 4 * i, i), 12));
  Sizes s = sizes();
  s.queue = 256;
  Bench b(s);
  std::mt19937 random(1);
  const auto draw = [&](uint32_t n) { return static_cast<int32_t>(random() % n); };
  std::vector<double> waits;  // from cancel to the engine letting go, ms
  int cancels = 0, kept = 0;
  while (cancels < 1000 * soak()) {
    std::vector<std::pair<int32_t, std::shared_ptr<Request>>> neighbours, victims;
    for (int i = 0; i < 24; ++i) {
      const int32_t which = draw(8);
      Task t = task(prompt(5 + 4 * which, which), 12);
      t.priority = draw(3);
      t.lookup = draw(2) * 8;
      auto r = *b.engine->submit(t);
      (draw(4) == 0 ? neighbours : victims).emplace_back(which, std::move(r));
    }
    std::shuffle(victims.begin(), victims.end(), random);
    for (const auto& [which, r] : victims) {
      for (int n = draw(400); n > 0; --n) std::this_thread::yield();
      const auto start = std::chrono::steady_clock::now();
      r->cancel();
      (void)r->wait_end().ok();  // some had ended before
      waits.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
      ++cancels;
    }
    for (const auto& [which, r] : neighbours) {
      CHECK(collect(*r).tokens == expected[static_cast<size_t>(which)]);
      ++kept;
    }
  }
  settle(*b.engine);
  CHECK(counter(*b.engine, "pages.used") == 0);
  REQUIRE(b.engine->trim().ok());
  CHECK(b.executor->discarded == s.n_pages);
  CHECK(kept > 100);
  std::sort(waits.begin(), waits.end());
  MESSAGE(cancels << " cancels; the engine let go after " << waits[waits.size() / 2] << " ms (median), "
                  << waits[waits.size() * 99 / 100] << " ms (p99)");
}

TEST_CASE("sixteen threads do everything that an engine can do, in any order") {
  const auto expected = solo({9, 8, 7, 6, 5}, 6);
  const infer::Folder folder;
  Sizes s = sizes();
  s.queue = 64;
  auto b = std::make_unique<Bench>(s, 50, nullptr, 50);
  std::vector<std::thread> threads;
  std::atomic<int> right{0}, refused{0}, wrong{0};
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(static_cast<uint32_t>(t));
      std::vector<std::shared_ptr<Request>> held;
      for (int i = 0; i < 60 * soak(); ++i) {
        switch (random() % 12) {
          case 0:
            if (!held.empty()) held.back()->cancel();
            break;
          case 1:
            if (!held.empty()) held.erase(held.begin());
            break;
          case 2:
            if (b->engine->pause().ok()) b->engine->resume();
            break;
          case 3:
            CHECK(b->engine->trim().ok());
            break;
          case 4:
            CHECK(!b->engine->metrics().empty());
            CHECK(!b->engine->trace().empty());
            break;
          case 5: {
            const std::string path = folder / std::to_string(t);
            const auto saved = b->engine->save(std::vector<int32_t>{9, 8, 7, 6, 5}, nullptr, path);
            if (saved.ok()) {
              const auto restored = b->engine->restore(path, nullptr);
              CHECK((restored.ok() || restored.status().code() == INFER_E_FULL));
            }
            break;
          }
          case 6:
            if (!held.empty()) held.back()->usage();
            break;
          default: {
            Task one = task({9, 8, 7, 6, 5}, 6);
            one.priority = static_cast<int32_t>(random() % 3);
            auto r = b->engine->submit(one);
            if (!r.ok()) {
              ++refused;
            } else if (random() % 2) {
              (collect(**r).tokens == expected ? right : wrong)++;
            } else {
              held.push_back(*r);
            }
          }
        }
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(right > 50);
  b.reset();  // with what is left in it
}

TEST_CASE("an engine is destroyed while threads wait for its requests") {
  for (int round = 0; round < 20 * soak(); ++round) {
    Bench b;
    b.executor->before_run = [](int64_t) { return std::this_thread::yield(), Status(); };
    std::vector<std::thread> threads;
    std::vector<std::shared_ptr<Request>> requests;
    for (int i = 0; i < 6; ++i) requests.push_back(*b.engine->submit(task({1, 2, i}, 50)));
    for (const auto& r : requests)
      threads.emplace_back([r] {
        const auto out = collect(*r);
        CHECK((out.status == INFER_DONE || out.status == INFER_E_CANCELLED));
      });
    for (int n = round * 50; n > 0; --n) std::this_thread::yield();
    b.engine.reset();
    for (auto& t : threads) t.join();
  }
}
