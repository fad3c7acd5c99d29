// The prefix cache under the engine: what is reused never changes an answer.
#include <doctest/doctest.h>

#include <map>
#include <random>

#include "engine/engine.h"
#include "toy.h"

using namespace toy;
using namespace infer::engine;

namespace {

std::vector<int32_t> counted(int n, int32_t from = 0) {
  std::vector<int32_t> ids;
  for (int i = 0; i < n; ++i) ids.push_back((from + i * 3) % 50);
  return ids;
}

}  // namespace

TEST_CASE("the second request with a prefix computes only what follows it, and says how much it found") {
  Bench b;
  const auto ids = counted(30);
  const auto first = collect(**b.engine->submit(task(ids))).tokens;
  settle(*b.engine);
  const int64_t before = b.executor->tokens;
  const auto again = *b.engine->submit(task(ids));
  CHECK(collect(*again).tokens == first);
  CHECK(first == solo(ids));
  CHECK(b.executor->tokens - before == 1 + 7);  // the last of the prompt, and 7 of the answer
  CHECK(again->usage().cached_tokens == 29);
  CHECK(again->usage().prompt_tokens == 30);
  settle(*b.engine);
  CHECK(counter(*b.engine, "tokens.cached") == 29);
  CHECK(counter(*b.engine, "pages.used") == 0);
  CHECK(counter(*b.engine, "pages.idle") > 0);
}

TEST_CASE("a conversation goes on where it ended: prompt and answer of the last turn are known") {
  Bench b;
  auto ids = counted(9);
  for (int turn = 0; turn < 4; ++turn) {
    const auto r = *b.engine->submit(task(ids, 6));
    const auto answer = collect(*r).tokens;
    CHECK(answer == solo(ids, 6));
    if (turn > 0) CHECK(r->usage().cached_tokens == static_cast<int64_t>(ids.size()) - 4);  // all but the new tokens
    settle(*b.engine);
    ids.insert(ids.end(), answer.begin(), answer.end());
    for (const int32_t t : {40 + turn, 1, 2}) ids.push_back(t);
  }
}

TEST_CASE("requests that diverge inside a page each go on in a copy of it") {
  Bench b;
  std::vector<std::vector<int32_t>> prompts;
  for (int i = 0; i < 4; ++i) {
    auto ids = counted(11);
    ids.push_back(40 + i);
    ids.push_back(3);
    prompts.push_back(ids);
  }
  CHECK(collect(**b.engine->submit(task(counted(11)))).tokens == solo(counted(11)));
  settle(*b.engine);
  std::vector<std::shared_ptr<Request>> all;
  for (const auto& p : prompts) all.push_back(*b.engine->submit(task(p)));
  for (size_t i = 0; i < all.size(); ++i) CHECK(collect(*all[i]).tokens == solo(prompts[i]));
  CHECK(b.executor->copies >= 1);
  for (const auto& r : all) CHECK(r->usage().cached_tokens >= 8);
}

TEST_CASE("another domain finds nothing; the same domain does") {
  Bench b;
  const auto ids = counted(20);
  const auto run = [&](const char* domain) {
    Task t = task(ids);
    if (domain) t.domain = std::make_shared<const std::string>(domain);
    const auto r = *b.engine->submit(t);
    CHECK(collect(*r).tokens == solo(ids));
    settle(*b.engine);
    return r->usage().cached_tokens;
  };
  CHECK(run("a") == 0);
  CHECK(run("b") == 0);
  CHECK(run(nullptr) == 0);
  CHECK(run("a") == 19);
  CHECK(run("b") == 19);
  CHECK(run(nullptr) == 19);
}

TEST_CASE("a copy that fails fails its request; the engine, its pages and the prefix are as before") {
  Bench b;
  CHECK(collect(**b.engine->submit(task(counted(11)))).tokens == solo(counted(11)));
  settle(*b.engine);
  auto ids = counted(11);
  ids.push_back(45);
  b.executor->before_copy = [] { return Status(INFER_E_NO_MEMORY, "no copy today"); };
  const auto r = *b.engine->submit(task(ids));
  const auto out = collect(*r);
  CHECK(out.status == INFER_E_NO_MEMORY);
  CHECK(out.why.message() == "no copy today");
  settle(*b.engine);
  CHECK(counter(*b.engine, "pages.used") == 0);
  b.executor->before_copy = nullptr;
  CHECK(collect(**b.engine->submit(task(ids))).tokens == solo(ids));
}

TEST_CASE("what a failed step computed is not kept") {
  Bench b;
  const auto ids = counted(30);  // two chunks of 16 tokens
  b.executor->before_run = [&](int64_t n) { return n == 1 ? Status(INFER_E_NO_MEMORY, "gone") : Status(); };
  CHECK(collect(**b.engine->submit(task(ids))).status == INFER_E_NO_MEMORY);
  settle(*b.engine);
  const auto r = *b.engine->submit(task(ids));
  CHECK(collect(*r).tokens == solo(ids));
  CHECK(r->usage().cached_tokens == 16);
}

TEST_CASE("scored prompts use the cache up to the first row that is wanted") {
  Bench b;
  const auto ids = counted(20);
  std::vector<float> fresh(20 * 50), reused(20 * 50);
  Bench alone;
  REQUIRE(alone.engine->logits(ids, 0, fresh).ok());
  CHECK(collect(**b.engine->submit(task(ids))).tokens == solo(ids));
  settle(*b.engine);
  const int64_t before = b.executor->tokens;
  REQUIRE(b.engine->logits(ids, 12, std::span(reused).first(8 * 50)).ok());
  CHECK(b.executor->tokens - before == 8);
  CHECK(std::equal(reused.begin(), reused.begin() + 8 * 50, fresh.begin() + 12 * 50));
  REQUIRE(b.engine->logits(ids, 0, reused).ok());
  CHECK(reused == fresh);
}

// Any mixture of arrivals, priorities, cancels, page pressure, failing steps and prefixes in common.
TEST_CASE("random schedules: each request gets the tokens that it gets alone, and every page comes back") {
  std::map<std::vector<int32_t>, std::vector<int32_t>> alone;
  std::map<std::string, int64_t> happened;
  const auto expected = [&](const std::vector<int32_t>& ids) {
    auto& tokens = alone[ids];
    if (tokens.empty()) tokens = solo(ids, 16);
    return tokens;
  };
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto draw = [&](uint32_t n) { return static_cast<int>(random() % n); };
    Sizes s = toy::sizes();
    s.tokens = 4 + draw(14);
    s.sequences = 1 + draw(4);
    s.rows = s.sequences + draw(3);
    s.n_pages = 16 + draw(30);
    Bench b(s);
    const int bad = draw(3) == 0 ? 3 + draw(20) : -1;
    b.executor->before_run = [bad](int64_t n) {
      for (int i = 0; i < 20; ++i) std::this_thread::yield();  // others come meanwhile
      return n == bad ? Status(INFER_E_NO_MEMORY, "once") : Status();
    };
    struct Asked {
      std::vector<int32_t> ids;
      std::shared_ptr<Request> request;
      bool cancelled;
    };
    std::vector<Asked> asked;
    for (int i = 0; i < 12; ++i) {
      auto ids = counted(1 + draw(4) * 6, draw(2));  // beginnings in common
      for (int n = draw(5); n > 0; --n) ids.push_back(draw(3));
      Task t = task(ids, 16);
      t.reuse = draw(6) != 0;
      t.priority = draw(3);
      if (draw(4) == 0) t.domain = std::make_shared<const std::string>("d");
      asked.push_back({ids, *b.engine->submit(t), draw(5) == 0});
      if (asked.back().cancelled && draw(2) == 0) asked.back().request->cancel();
      for (int n = draw(300); n > 0; --n) std::this_thread::yield();
    }
    for (const Asked& a : asked)
      if (a.cancelled) a.request->cancel();
    for (const Asked& a : asked) {
      const auto out = collect(*a.request);
      if (out.status == INFER_DONE) {
        CHECK(out.tokens == expected(a.ids));
      } else {
        CHECK((out.status == INFER_E_CANCELLED ? a.cancelled : bad >= 0));
      }
    }
    settle(*b.engine);
    CHECK(counter(*b.engine, "pages.used") == 0);
    for (const auto& [name, value] : b.engine->counters()) happened[name] += value;
  }
  for (const char* name :
       {"tokens.cached", "pages.evicted", "requests.preempted", "requests.cancelled", "steps.failed"})
    CHECK_MESSAGE(happened[name] > 10, std::string(name) << ": " << happened[name]);
}
