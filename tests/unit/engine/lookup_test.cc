// Guessing from earlier text, and what an engine makes of guesses.
#include "engine/lookup.h"

#include <doctest/doctest.h>

#include <random>

#include "toy.h"

using namespace toy;
using namespace infer::engine;

namespace {

using Tokens = std::vector<int32_t>;

Tokens guess(const Tokens& tokens, int32_t n = 8, int32_t right_before = 4) {
  Lookup l(n);
  Tokens out;
  out.reserve(static_cast<size_t>(n));
  l.learn(right_before, right_before);  // so that it guesses more than its first
  l.guess(tokens, n, out);
  return out;
}

Task with_lookup(const Tokens& ids, int64_t n, int32_t lookup) {
  Task t = task(ids, n);
  t.lookup = lookup;
  return t;
}

// A vocabulary of two: what was will soon be again.
Tokens alone(const Tokens& ids, int64_t n) {
  Bench b(sizes(), 2);
  return collect(**b.engine->submit(task(ids, n))).tokens;
}

}  // namespace

TEST_CASE("what followed the last tokens where they stood before is guessed") {
  CHECK(guess({1, 2, 3, 4, 5, 6, 7, 1, 2, 3}, 3) == Tokens{4, 5, 6});
  CHECK(guess({9, 1, 2, 4, 9, 1, 2}, 1) == Tokens{4});
  CHECK(guess({1, 2, 3, 4, 5}).empty());
  CHECK(guess({2, 3, 7, 2, 3}).empty());  // two are too few
  CHECK(guess({}).empty());
  CHECK(guess({1}).empty());
}

TEST_CASE("the longest match counts, the latest of equals") {
  CHECK(guess({5, 1, 2, 3, 60, 1, 2, 3, 70, 5, 1, 2, 3}, 1) == Tokens{60});
  CHECK(guess({1, 2, 3, 60, 1, 2, 3, 70, 1, 2, 3}, 1) == Tokens{70});
}

TEST_CASE("a guess that runs into the end of the text goes round") {
  CHECK(guess({7, 8, 7, 8, 7}, 5) == Tokens{8, 7, 8, 7, 8});
  CHECK(guess({4, 4, 4, 4}, 3) == Tokens{4, 4, 4});
}

TEST_CASE("right guesses are followed by longer ones, wrong ones by silence that grows") {
  const Tokens text{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3};
  Lookup l(16);
  Tokens out;
  out.reserve(16);
  l.guess(text, 16, out);
  CHECK(out.size() == Lookup::kFirst);
  l.learn(2, 2);
  l.guess(text, 16, out);
  CHECK(out.size() == 4);
  l.learn(4, 1);
  l.guess(text, 16, out);
  CHECK(out.size() == Lookup::kFirst);
  for (int silent = 1; silent <= Lookup::kMostSilent; silent *= 2) {
    l.learn(2, 0);
    for (int i = 0; i < silent; ++i) {
      l.guess(text, 16, out);
      CHECK(out.empty());
    }
    l.guess(text, 16, out);
    CHECK(out.size() == Lookup::kFirst);
  }
  l.guess(text, 1, out);
  CHECK(out.size() == 1);
  l.guess(text, 0, out);
  CHECK(out.empty());
}

TEST_CASE("answers with guesses are those without, in fewer steps where guesses are right") {
  int64_t accepted = 0, steps = 0, tokens = 0;
  for (int32_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    const Tokens ids{seed & 1, seed >> 1 & 1, seed >> 2 & 1, seed >> 3 & 1, 1, 0, 1, 0, 1, 0, 1};
    Bench b(sizes(), 2);
    const auto r = *b.engine->submit(with_lookup(ids, 50, 8));
    CHECK(collect(*r).tokens == alone(ids, 50));
    CHECK(r->usage().generated_tokens == 50);
    settle(*b.engine);
    accepted += counter(*b.engine, "tokens.accepted");
    steps += counter(*b.engine, "steps");
    tokens += 50;
    CHECK(counter(*b.engine, "tokens.accepted") <= counter(*b.engine, "tokens.draft"));
    CHECK(counter(*b.engine, "pages.used") == 0);
  }
  CHECK(accepted > 100);
  CHECK(steps <= tokens - accepted + 30);
}

TEST_CASE("with a temperature each token is the same draw as without guesses") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::vector<Tokens> found;
    for (const int32_t lookup : {0, 16}) {
      Bench b(sizes(), 3);
      Task t = with_lookup({0, 1, 0, 1, 0, 1}, 50, lookup);
      t.sampling.temperature = 0.8;
      t.sampling.seed = seed;
      t.sampling.n_logprobs = 1;
      found.push_back(collect(**b.engine->submit(t)).tokens);
    }
    CHECK(found[0] == found[1]);
  }
}

TEST_CASE("guesses end with the answer: max_tokens, context, end token") {
  for (const int64_t most : {1, 2, 3, 7, 1000}) {
    Bench b(sizes(), 1);  // the one token that there is: every guess is right
    const auto r = *b.engine->submit(with_lookup({0, 0, 0, 0, 0}, most, 16));
    CHECK(static_cast<int64_t>(collect(*r).tokens.size()) == std::min<int64_t>(most, 64 - 5));
  }
  Bench b(sizes(), 2);
  Task t = with_lookup({1, 1, 0, 1, 1, 0, 1, 1}, 50, 16);
  t.stop_ids = {0};
  const auto out = collect(**b.engine->submit(t));
  CHECK(out.finish == INFER_FINISH_STOP);
  CHECK(out.tokens.back() == 0);
  CHECK(std::count(out.tokens.begin(), out.tokens.end(), 0) == 1);
}

TEST_CASE("a page that another one reaches by guesses alone is not taken for computed") {
  Bench b(sizes(), 1);  // one token: what is guessed is right
  std::shared_ptr<Request> second;
  b.executor->before_run = [&](int64_t n) {
    if (n == 0) second = *b.engine->submit(task(Tokens(12, 0), 4));  // planned beside the first one's guesses
    return Status();
  };
  const auto first = *b.engine->submit(with_lookup(Tokens(5, 0), 8, 8));  // 5 of 8 positions of two pages; guesses: 2
  CHECK(collect(*first).tokens == Tokens(8, 0));
  REQUIRE(second);
  CHECK(collect(*second).tokens == Tokens(4, 0));
  CHECK(counter(*b.engine, "tokens.accepted") > 0);
}

TEST_CASE("random schedules with guesses: each request gets what it gets alone, and every page comes back") {
  int64_t accepted = 0, preempted = 0;
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto draw = [&](uint32_t n) { return static_cast<int32_t>(random() % n); };
    Sizes s = sizes();
    s.tokens = 4 + draw(14);
    s.sequences = 1 + draw(4);
    s.rows = s.sequences + draw(12);
    s.n_pages = 16 + draw(30);
    Bench b(s, 2);
    const int bad = draw(4) == 0 ? 3 + draw(20) : -1;
    b.executor->before_run = [bad](int64_t n) { return n == bad ? Status(INFER_E_NO_MEMORY, "once") : Status(); };
    std::vector<std::pair<Tokens, std::shared_ptr<Request>>> asked;
    for (int i = 0; i < 10; ++i) {
      Tokens ids;
      for (int n = 1 + draw(30); n > 0; --n) ids.push_back(draw(5) == 0 ? 1 : n % 2);
      Task t = with_lookup(ids, 20, draw(3) * 8);
      t.priority = draw(3);
      asked.emplace_back(ids, *b.engine->submit(t));
      if (draw(6) == 0) asked.back().second->cancel();
    }
    for (const auto& [ids, r] : asked) {
      const auto out = collect(*r);
      if (out.status == INFER_DONE) CHECK(out.tokens == alone(ids, 20));
    }
    settle(*b.engine);
    CHECK(counter(*b.engine, "pages.used") == 0);
    accepted += counter(*b.engine, "tokens.accepted");
    preempted += counter(*b.engine, "requests.preempted");
  }
  CHECK(accepted > 200);
  CHECK(preempted > 5);
}
