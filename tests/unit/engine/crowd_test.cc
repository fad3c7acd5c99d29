#include "engine/crowd.h"

#include <doctest/doctest.h>

#include "tests/unit/engine/toy.h"

using namespace infer;
using infer::engine::Crowd;

TEST_CASE("as many run together as are computed while a step waits for its weights") {
  // Reading takes 100 units; each request's token 4.
  Crowd crowd(8, 64);
  CHECK(crowd.size() == 8);
  for (int step = 0; step < 200; ++step) {
    const int64_t computing = 4 * crowd.size();
    crowd.learn(std::max<int64_t>(100, computing), std::max<int64_t>(0, 100 - computing), crowd.size());
  }
  CHECK(crowd.size() >= 22);
  CHECK(crowd.size() <= 30);
}

TEST_CASE("nobody is let in for whom there is no wait, nor beyond what was asked") {
  Crowd computing(8, 64), waiting(8, 16), all(12, 12), few(8, 64);
  for (int step = 0; step < 100; ++step) {
    computing.learn(100, 0, computing.size());
    waiting.learn(100, 90, waiting.size());
    all.learn(100, 90, 12);
    few.learn(100, 90, 2);  // there are no others to let in
  }
  CHECK(computing.size() == 8);
  CHECK(waiting.size() == 16);
  CHECK(all.size() == 12);
  CHECK(few.size() == 8);
}

TEST_CASE("an engine that waits for weights lets more requests run, and says how many") {
  using namespace toy;
  infer::engine::Sizes s = sizes();
  s.sequences = s.rows = 8;
  s.n_pages = 400;
  Bench b(s, 50, nullptr, 0, 0, 0, nullptr, 2);
  CHECK(counter(*b.engine, "requests.most") == 2);
  b.executor->before_run = [&](int64_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    b.executor->waited += 1000000;
    return Status();
  };
  std::vector<std::shared_ptr<infer::engine::Request>> all;
  for (int i = 0; i < 12; ++i) all.push_back(*b.engine->submit(task(prompt(5, i), 12)));
  for (int i = 0; i < 12; ++i) CHECK(collect(*all[static_cast<size_t>(i)]).tokens == solo(prompt(5, i), 12));
  settle(*b.engine);
  CHECK(counter(*b.engine, "requests.most") == 8);
  CHECK(b.executor->most_seqs.load() > 2);
}
