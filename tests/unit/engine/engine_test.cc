// The engine over a toy executor: company, transactions, cancelling, endings.
#include "engine/engine.h"

#include <doctest/doctest.h>

#include <thread>

#include "toy.h"

using namespace infer;
using namespace infer::engine;
using toy::Bench;
using toy::collect;
using toy::prompt;
using toy::solo;
using toy::task;

TEST_CASE("max_tokens and the context end an answer with the reason length") {
  Bench b;
  auto r = b.engine->submit(task({1, 2, 3}, 5));
  auto out = collect(**r);
  CHECK(out.status == INFER_DONE);
  CHECK(out.tokens.size() == 5);
  CHECK(out.finish == INFER_FINISH_LENGTH);
  r = b.engine->submit(task(prompt(60, 1), 1000));
  out = collect(**r);
  CHECK(out.tokens.size() == 4);
  CHECK(out.finish == INFER_FINISH_LENGTH);
  const Usage u = (*r)->usage();
  CHECK(u.prompt_tokens == 60);
  CHECK(u.generated_tokens == 4);
  CHECK(u.total_ms >= u.first_token_ms);
  CHECK(u.first_token_ms >= u.queue_ms);
}

TEST_CASE("a request's tokens and log-probabilities are the same alone, in company and in any chunking") {
  std::vector<std::vector<int32_t>> expected;
  for (int i = 0; i < 12; ++i) expected.push_back(solo(prompt(1 + i * 3, i)));
  for (const int32_t tokens : {1, 2, 5, 16, 64}) {
    Sizes s = toy::sizes();
    s.tokens = tokens;
    s.sequences = std::min(4, tokens);
    s.rows = std::max(s.sequences, 3);
    s.n_pages = 40;  // not enough for all at once: some are parked
    Bench b(s);
    std::atomic<bool> asked{false};
    b.executor->before_run = [&](int64_t) {  // all are there before the first step ends
      while (!asked) std::this_thread::yield();
      return Status();
    };
    std::vector<std::shared_ptr<Request>> requests;
    for (int i = 0; i < 12; ++i) requests.push_back(*b.engine->submit(task(prompt(1 + i * 3, i))));
    asked = true;
    for (int i = 0; i < 12; ++i)
      CHECK(collect(*requests[static_cast<size_t>(i)]).tokens == expected[static_cast<size_t>(i)]);
    CHECK(b.executor->most_seqs <= s.sequences);
    if (tokens >= 5) CHECK(b.executor->most_seqs >= 2);  // they really ran together
  }
}

TEST_CASE("log-probabilities are given per token, with as many alternatives as asked") {
  Bench b;
  Task t = task({1, 2}, 4);
  t.sampling.n_logprobs = 3;
  auto r = b.engine->submit(t);
  const Piece* p = nullptr;
  Status why;
  int64_t tokens = 0, logprobs = 0, top = 0;
  while ((*r)->next(-1, p, why) == INFER_OK) {
    tokens += static_cast<int64_t>(p->tokens.size());
    logprobs += static_cast<int64_t>(p->logprobs.size());
    top += static_cast<int64_t>(p->top.size());
    CHECK(p->n_top == 3);
    for (size_t i = 0; i < p->tokens.size(); ++i)
      CHECK(p->top[i * 3].token == p->tokens[i]);  // greedy: the most likely
  }
  CHECK(tokens == 4);
  CHECK(logprobs == 4);
  CHECK(top == 12);
}

TEST_CASE("more alternatives than the vocabulary has are as many as it has") {
  Bench b;
  Task t = task({1, 2}, 1);
  t.sampling.n_logprobs = 100;
  auto r = b.engine->submit(t);
  const Piece* p = nullptr;
  Status why;
  REQUIRE((*r)->next(-1, p, why) == INFER_OK);
  CHECK(p->n_top == 50);
  CHECK(p->top.size() == 50);
}

TEST_CASE("a failed run fails the requests in it with its status; the engine serves the next") {
  Bench b;
  b.executor->before_run = [](int64_t n) {
    return n == 2 ? Status(INFER_E_NO_MEMORY, "device memory is gone") : Status();
  };
  auto r = b.engine->submit(task({1, 2, 3}));
  auto out = collect(**r);
  CHECK(out.status == INFER_E_NO_MEMORY);
  CHECK(out.why.message() == "device memory is gone");
  CHECK(out.tokens.size() == 2);  // what came before the failure was delivered
  CHECK((*r)->usage().finish == INFER_FINISH_ERROR);
  const Piece* p = nullptr;
  CHECK((*r)->next(0, p, out.why) == INFER_E_NO_MEMORY);  // and again
  CHECK(collect(**b.engine->submit(task({1, 2, 3}))).tokens == solo({1, 2, 3}));
  toy::settle(*b.engine);
  for (const auto& [name, value] : b.engine->counters()) {
    if (name == "pages.used" || name == "requests.running") CHECK(value == 0);
    if (name == "steps.failed" || name == "requests.failed") CHECK(value == 1);
  }
}

TEST_CASE("a step that throws fails its requests, not the process") {
  Bench b;
  b.executor->before_run = [](int64_t n) -> Status {
    if (n == 0) throw std::bad_alloc();
    if (n == 1) throw 42;
    return {};
  };
  CHECK(collect(**b.engine->submit(task({1}))).status == INFER_E_NO_MEMORY);
  CHECK(collect(**b.engine->submit(task({1}))).status == INFER_E_INTERNAL);
  CHECK(collect(**b.engine->submit(task({1}))).status == INFER_DONE);
}

TEST_CASE("a lost device fails what runs and refuses what comes") {
  Bench b;
  b.executor->before_run = [](int64_t) { return Status(INFER_E_DEVICE_LOST, "gone"); };
  CHECK(collect(**b.engine->submit(task({1}))).status == INFER_E_DEVICE_LOST);
  CHECK(b.engine->submit(task({1})).status().code() == INFER_E_DEVICE_LOST);
}

TEST_CASE("what cannot be right is refused when submitted, with the numbers") {
  Bench b;
  CHECK(b.engine->submit(task({})).status().code() == INFER_E_INVALID);
  CHECK(b.engine->submit(task({1, 50})).status().message() == "token 1 of the prompt is 50; ids are 0..49");
  CHECK(b.engine->submit(task({-1})).status().code() == INFER_E_INVALID);
  const Status s = b.engine->submit(task(prompt(64, 1))).status();
  CHECK(s.code() == INFER_E_TOO_LONG);
  CHECK(s.message() == "the prompt has 64 tokens; the context holds 64, at least one of them for the answer");
  CHECK(b.engine->submit(task(prompt(63, 1))).ok());
}

TEST_CASE("a full queue refuses with a number") {
  Sizes s = toy::sizes();
  s.queue = 2;
  Bench b(s);
  std::atomic<bool> go{false};
  b.executor->before_run = [&](int64_t) {
    while (!go) std::this_thread::yield();
    return Status();
  };
  auto first = b.engine->submit(task({1})), second = b.engine->submit(task({2}));
  CHECK(b.engine->submit(task({3})).status().code() == INFER_E_FULL);
  go = true;
  collect(**first);
  collect(**second);
}

TEST_CASE("cancel answers at once, while queued, in prefill and while another thread waits") {
  Sizes s = toy::sizes();
  s.sequences = 1;
  Bench b(s);
  std::atomic<bool> go{false};
  b.executor->before_run = [&](int64_t) {
    while (!go && !b.executor->cancelled) std::this_thread::yield();
    return Status();
  };
  auto running = *b.engine->submit(task(prompt(30, 1))), queued = *b.engine->submit(task({2}));
  queued->cancel();
  CHECK(collect(*queued).status == INFER_E_CANCELLED);
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    running->cancel();
  });
  CHECK(collect(*running).status == INFER_E_CANCELLED);
  CHECK(running->usage().finish == INFER_FINISH_CANCELLED);
  other.join();
  go = true;
  CHECK(collect(**b.engine->submit(task({1, 2, 3}))).tokens == solo({1, 2, 3}));
}

TEST_CASE("stopping ends what runs, waits or is scored as cancelled") {
  Bench b;
  b.executor->before_run = [&](int64_t) {
    while (!b.executor->cancelled) std::this_thread::yield();
    return Status(INFER_E_CANCELLED, "run cancelled");
  };
  auto r = *b.engine->submit(task({1}));
  std::vector<float> out(50);
  const std::vector<int32_t> ids{1};
  Status scored;
  std::thread other([&] { scored = b.engine->logits(ids, 0, out); });
  while (b.executor->runs == 0) std::this_thread::yield();
  b.engine->stop();
  CHECK(collect(*r).status == INFER_E_CANCELLED);
  other.join();
  CHECK(scored.code() == INFER_E_CANCELLED);
  CHECK(b.engine->submit(task({1})).status().code() == INFER_E_CANCELLED);
}

TEST_CASE("next polls, waits as long as told, and says PENDING") {
  Bench b;
  b.executor->before_run = [&](int64_t) {
    while (!b.executor->cancelled) std::this_thread::yield();
    return Status();
  };
  auto r = *b.engine->submit(task({1}));
  const Piece* p = nullptr;
  Status why;
  CHECK(r->next(0, p, why) == INFER_PENDING);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(r->next(30, p, why) == INFER_PENDING);
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(29));
}

TEST_CASE("logits of a whole sequence equal those that generation saw, in every chunking, beside other requests") {
  const auto ids = prompt(40, 3);
  std::vector<float> expected(40 * 50);
  {
    Bench b;
    for (int n = 1; n <= 40; ++n) {  // row by row, each from its own empty cache
      const std::vector<int32_t> head(ids.begin(), ids.begin() + n);
      REQUIRE(b.engine->logits(head, n - 1, {expected.data() + (n - 1) * 50, 50}).ok());
    }
  }
  for (const int32_t tokens : {1, 3, 16, 64}) {
    Sizes s = toy::sizes();
    s.tokens = tokens;
    s.sequences = std::min(4, tokens);
    s.rows = std::max(4, s.sequences);
    Bench b(s);
    auto beside = *b.engine->submit(task(prompt(9, 5), 20));
    std::vector<float> out(static_cast<size_t>(40 - 7) * 50, -1.0f);
    REQUIRE(b.engine->logits(ids, 7, out).ok());
    CHECK(std::equal(out.begin(), out.end(), expected.begin() + 7 * 50));
    CHECK(collect(*beside).tokens == solo(prompt(9, 5), 20));
    CHECK(b.executor->most_rows <= s.rows);
  }
}

TEST_CASE("logits refuse a wrong size, a wrong first row and a sequence longer than the context") {
  Bench b;
  std::vector<float> out(100);
  const std::vector<int32_t> ids{1, 2};
  CHECK(b.engine->logits(ids, 0, out).ok());
  CHECK(b.engine->logits(ids, 1, out).code() == INFER_E_INVALID);
  CHECK(b.engine->logits(ids, 2, out).code() == INFER_E_INVALID);
  CHECK(b.engine->logits(ids, -1, out).code() == INFER_E_INVALID);
  std::vector<float> large(65 * 50);
  CHECK(b.engine->logits(prompt(65, 0), 0, large).code() == INFER_E_TOO_LONG);
  CHECK(b.engine->logits(prompt(64, 0), 0, {large.data(), 64 * 50}).ok());  // the whole context may be scored
}

TEST_CASE("an end token or a stop id ends the answer; its id is given, its text is not") {
  const auto free = solo({5, 6, 7}, 8);
  std::vector<std::string> pieces;
  for (int i = 0; i < 50; ++i) pieces.push_back(str("<", i, ">"));
  {
    Bench b(toy::sizes(), 50, toy::tokenizer(pieces, free[3]));
    const auto out = collect(**b.engine->submit(task({5, 6, 7})));
    CHECK(out.finish == INFER_FINISH_STOP);
    CHECK(out.tokens == std::vector<int32_t>(free.begin(), free.begin() + 4));
    CHECK(out.text == pieces[static_cast<size_t>(free[0])] + pieces[static_cast<size_t>(free[1])] +
                          pieces[static_cast<size_t>(free[2])]);
    Task t = task({5, 6, 7});
    t.ignore_end = true;
    CHECK(collect(**b.engine->submit(t)).tokens == free);
    t.ignore_end = false;
    t.min_tokens = 5;  // the end token is banned at first
    const auto later = collect(**b.engine->submit(t));
    CHECK(later.tokens.size() >= 5);
    CHECK(later.tokens[3] != free[3]);
  }
  Bench b(toy::sizes(), 50, toy::tokenizer(pieces));
  Task t = task({5, 6, 7});
  t.stop_ids = {free[1]};
  CHECK(collect(**b.engine->submit(t)).tokens.size() == 2);
}

TEST_CASE("a stop string ends the answer with the reason stop") {
  const auto free = solo({5, 6, 7}, 8);
  std::vector<std::string> pieces;
  for (int i = 0; i < 50; ++i) pieces.push_back(str("<", i, ">"));
  Bench b(toy::sizes(), 50, toy::tokenizer(pieces));
  Task t = task({5, 6, 7});
  const std::string third = std::to_string(free[2]);
  t.stops = {str(free[1], "><", third.substr(0, 1))};
  const auto out = collect(**b.engine->submit(t));
  CHECK(out.finish == INFER_FINISH_STOP);
  CHECK(out.text == str("<", free[0], "><"));
  CHECK(out.tokens.size() == 3);
  t.min_tokens = 4;  // too early: it passes
  CHECK(collect(**b.engine->submit(t)).tokens.size() >= 4);
}

TEST_CASE("when options forbid every token the request fails and says so") {
  Bench b;
  Task t = task({1});
  for (int32_t i = 0; i < 50; ++i) t.sampling.logit_bias.emplace_back(i, -std::numeric_limits<float>::infinity());
  const auto out = collect(**b.engine->submit(t));
  CHECK(out.status == INFER_E_INVALID);
}

TEST_CASE("an idle engine has no thread before its first request, and wakes its host when there is something to pull") {
  Bench b;
  CHECK(b.executor->runs == 0);
  collect(**b.engine->submit(task({1}, 3)));
  CHECK(b.wakes >= 1);
}

TEST_CASE("many threads submit, pull, cancel and release at the same time; every answer that came is right") {
  const auto expected = solo({9, 8, 7});
  Bench b;
  std::vector<std::thread> threads;
  std::atomic<int> right{0}, cancelled{0}, wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        auto r = b.engine->submit(task({9, 8, 7}));
        if (!r.ok()) continue;
        if ((i + t) % 5 == 0) {
          (*r)->cancel();
          continue;  // released while queued or running
        }
        if ((i + t) % 5 == 1) {
          std::thread killer([q = *r] { q->cancel(); });
          const auto out = collect(**r);
          (out.status == INFER_E_CANCELLED || out.tokens == expected ? cancelled : wrong)++;
          killer.join();
          continue;
        }
        (collect(**r).tokens == expected ? right : wrong)++;
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(right == 60);
}

TEST_CASE("a host is woken for what ends without a step: in the queue, by its deadline or cancelled") {
  Bench b;
  REQUIRE(b.engine->pause().ok());
  const auto woken = [&](int wakes) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (b.wakes < wakes && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return b.wakes >= wakes;
  };
  auto late = task({1, 2, 3}, 8);
  late.deadline_ms = 5;
  const auto first = *b.engine->submit(late);
  CHECK(woken(1));
  CHECK(first->ended());
  const auto second = *b.engine->submit(task({1, 2, 3}, 8));
  second->cancel();
  b.engine->resume();
  CHECK(woken(2));
  CHECK(second->ended());
  CHECK(b.executor->runs == 0);
}

TEST_CASE("a deadline that passes cancels the request, in the queue and while it runs; others go on") {
  Sizes s = toy::sizes();
  s.sequences = 1;
  Bench b(s);
  b.executor->before_run = [](int64_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return Status();
  };
  Task hurried = task({1, 2, 3}, 1000), queued = task({4, 5, 6}, 4);
  hurried.deadline_ms = 20;
  queued.deadline_ms = 5;
  queued.priority = -1;
  const auto running = *b.engine->submit(hurried), waiting = *b.engine->submit(queued),
             other = *b.engine->submit(task({7}, 3));
  auto out = collect(*running);
  CHECK(out.status == INFER_E_CANCELLED);
  CHECK(out.why.message().find("deadline") != std::string_view::npos);
  CHECK(out.tokens.size() < 60);
  CHECK(running->usage().finish == INFER_FINISH_CANCELLED);
  CHECK(collect(*waiting).status == INFER_E_CANCELLED);
  CHECK(collect(*other).tokens == solo({7}, 3));
}

TEST_CASE("a request of higher priority is served first; the preempted one gets what it gets alone") {
  Sizes s = toy::sizes();
  s.sequences = 1;
  Bench b(s);
  // The first run is the low one's, the next three are the high one's, if it takes the place; then the low one goes on.
  std::atomic<int64_t> allowed{1};
  b.executor->before_run = [&](int64_t n) {
    while (n >= allowed) std::this_thread::yield();
    return Status();
  };
  const auto low = *b.engine->submit(task({1, 2, 3}, 40));
  const Piece* piece = nullptr;
  Status why;
  REQUIRE(low->next(-1, piece, why) == INFER_OK);
  std::vector<int32_t> tokens = piece->tokens;
  Task t = task({9, 8}, 3);
  t.priority = 1;
  const auto high = *b.engine->submit(t);
  allowed = 5;  // the low one's second run may have begun already
  CHECK(collect(*high).tokens == solo({9, 8}, 3));
  CHECK(low->usage().finish == INFER_FINISH_NONE);
  CHECK(low->usage().generated_tokens <= 2);
  allowed = INT64_MAX;
  const auto rest = collect(*low);
  tokens.insert(tokens.end(), rest.tokens.begin(), rest.tokens.end());
  CHECK(tokens == solo({1, 2, 3}, 40));
}
