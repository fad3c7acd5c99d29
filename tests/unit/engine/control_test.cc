// Pausing, draining, trimming, scoring, waiting for any; what is counted and traced.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "engine/bell.h"
#include "toy.h"

using namespace toy;
using namespace infer::engine;
using namespace std::chrono_literals;

TEST_CASE("a paused engine runs no step and loses nothing; what is submitted meanwhile waits") {
  Bench b;
  const auto expected = solo({1, 2, 3}, 40);
  auto r = *b.engine->submit(task({1, 2, 3}, 40));
  const Piece* piece = nullptr;
  Status why;
  REQUIRE(r->next(-1, piece, why) == INFER_OK);
  std::vector<int32_t> got = piece->tokens;
  REQUIRE(b.engine->pause().ok());
  const int64_t runs = b.executor->runs;
  auto later = *b.engine->submit(task({1, 2, 3}, 40));
  std::this_thread::sleep_for(20ms);
  CHECK(b.executor->runs == runs);
  REQUIRE(b.engine->pause().ok());  // again: no effect
  b.engine->resume();
  const auto rest = collect(*r);
  got.insert(got.end(), rest.tokens.begin(), rest.tokens.end());
  CHECK(got == expected);
  CHECK(collect(*later).tokens == expected);
}

TEST_CASE("in a pause requests are cancelled and pass their deadlines") {
  Bench b;
  REQUIRE(b.engine->pause().ok());
  Task t = task({1, 2});
  t.deadline_ms = 5;
  auto late = *b.engine->submit(t);
  auto cancelled = *b.engine->submit(task({1, 2}));
  const auto out = collect(*late);
  CHECK(out.status == INFER_E_CANCELLED);
  CHECK(out.why.message() == "the request's deadline passed before it was done");
  cancelled->cancel();
  CHECK(collect(*cancelled).status == INFER_E_CANCELLED);
  CHECK(b.executor->runs == 0);
}

TEST_CASE("a drained engine ends what it has and takes nothing until it is resumed") {
  Bench b;
  b.executor->before_run = [](int64_t) { return std::this_thread::sleep_for(1ms), Status(); };
  CHECK(b.engine->drain(0) == INFER_OK);  // nothing is there
  b.engine->resume();
  auto r = *b.engine->submit(task({1, 2, 3}, 30));
  CHECK(b.engine->drain(0) == INFER_PENDING);
  const auto refused = b.engine->submit(task({1}));
  CHECK(refused.status().code() == INFER_E_FULL);
  CHECK(b.engine->drain(-1) == INFER_OK);
  CHECK(collect(*r).tokens == solo({1, 2, 3}, 30));
  CHECK(counter(*b.engine, "requests.running") == 0);
  b.engine->resume();
  CHECK(collect(**b.engine->submit(task({1, 2, 3}))).tokens == solo({1, 2, 3}));
}

TEST_CASE("a pause ends with a drain, so that nobody waits for ever") {
  Bench b;
  REQUIRE(b.engine->pause().ok());
  auto r = *b.engine->submit(task({1, 2, 3}));
  CHECK(b.engine->drain(-1) == INFER_OK);
  CHECK(collect(*r).status == INFER_DONE);
}

TEST_CASE("trim forgets what nobody uses and gives back all pages but those in use") {
  Bench b;
  collect(**b.engine->submit(task({1, 2, 3, 4, 5, 6, 7, 8, 9}, 3)));
  settle(*b.engine);
  CHECK(counter(*b.engine, "pages.idle") > 0);
  auto held = *b.engine->submit(task({9, 9, 9}, 30));
  REQUIRE(b.engine->pause().ok());
  const auto freed = b.engine->trim();
  REQUIRE(freed.ok());
  CHECK(counter(*b.engine, "pages.idle") == 0);
  const int64_t used = counter(*b.engine, "pages.used");
  CHECK(*freed == (64 - used) * b.executor->page_bytes());
  CHECK(b.executor->discarded == 64 - used);
  b.engine->resume();
  CHECK(collect(*held).tokens == solo({9, 9, 9}, 30));
  CHECK(collect(**b.engine->submit(task({1, 2, 3, 4, 5, 6, 7, 8, 9}, 3))).tokens ==
        solo({1, 2, 3, 4, 5, 6, 7, 8, 9}, 3));
}

TEST_CASE("a stopped engine refuses calls, also those that wait") {
  Bench b;
  std::atomic<bool> inside{false}, go{false};
  b.executor->before_run = [&](int64_t) {
    inside = true;
    while (!go) std::this_thread::yield();
    return Status();
  };
  auto r = *b.engine->submit(task({1, 2, 3}, 30));
  while (!inside) std::this_thread::yield();
  infer_status waited = INFER_OK;
  std::thread other([&] { waited = b.engine->pause().code(); });
  std::this_thread::sleep_for(5ms);
  b.engine->stop();
  go = true;
  other.join();
  CHECK((waited == INFER_E_CANCELLED || waited == INFER_OK));  // stop may come before the call
  CHECK(b.engine->pause().code() == INFER_E_CANCELLED);
  CHECK(b.engine->trim().status().code() == INFER_E_CANCELLED);
}

TEST_CASE("a call that throws is a failed call") {
  Bench b;
  CHECK(b.engine->call([]() -> Status { throw 42; }).code() == INFER_E_NO_MEMORY);
  CHECK(b.engine->call([]() -> Status { return Status::invalid("no"); }).message() == "no");
  CHECK(collect(**b.engine->submit(task({1, 2, 3}))).status == INFER_DONE);
}

TEST_CASE("scores are the log-probabilities of the prompt's own tokens, in any chunking and behind a prefix") {
  const std::vector<int32_t> ids{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6};
  std::vector<float> logits((ids.size() - 1) * 50), expected;
  {
    Bench b;
    REQUIRE(b.engine->logits(std::span(ids).first(ids.size() - 1), 0, logits).ok());
  }
  for (size_t row = 0; row + 1 < ids.size(); ++row) {
    double sum = 0;
    for (size_t v = 0; v < 50; ++v) sum += std::exp(static_cast<double>(logits[row * 50 + v]));
    expected.push_back(static_cast<float>(logits[row * 50 + static_cast<size_t>(ids[row + 1])] - std::log(sum)));
  }
  for (const int32_t tokens : {1, 3, 16, 64}) {
    Sizes s = sizes();
    s.tokens = tokens;
    s.sequences = 1;
    s.rows = std::min(tokens, 5);
    Bench b(s);
    for (const int32_t from : {1, 7, 20, 7}) {  // the second time the prefix is known
      Task t = task(ids);
      t.score_from = from;
      const auto r = *b.engine->submit(t);
      const auto out = collect(*r);
      CHECK(out.status == INFER_DONE);
      CHECK(out.finish == INFER_FINISH_LENGTH);
      CHECK(out.tokens == std::vector<int32_t>(ids.begin() + from, ids.end()));
      REQUIRE(out.logprobs.size() == out.tokens.size());
      for (size_t i = 0; i < out.logprobs.size(); ++i)
        CHECK(out.logprobs[i] == doctest::Approx(expected[i + static_cast<size_t>(from) - 1]).epsilon(1e-5));
      CHECK(r->usage().generated_tokens == 0);
      CHECK(r->tokens() == ids);
    }
    settle(*b.engine);
    CHECK(counter(*b.engine, "pages.used") == 0);
  }
}

TEST_CASE("a score from outside the prompt is refused with the numbers") {
  Bench b;
  for (const int32_t from : {3, 4, -1}) {
    Task t = task({1, 2, 3});
    t.score_from = from;
    CHECK(b.engine->submit(t).status().code() == INFER_E_INVALID);
  }
  Task t = task(std::vector<int32_t>(65, 1));
  t.score_from = 1;
  CHECK(b.engine->submit(t).status().code() == INFER_E_TOO_LONG);
  t.prompt.pop_back();
  CHECK(collect(**b.engine->submit(t)).tokens.size() == 63);
}

TEST_CASE(
    "a vector is the mean of the rows, the first or the last, in any chunking, beside others, of length 1 or not") {
  std::vector<int32_t> ids;
  double tokens_sum = 0, positions_sum = 0;
  for (int32_t i = 0; i < 30; ++i) ids.push_back((i * 7 + 3) % 50), tokens_sum += ids.back(), positions_sum += i;
  struct Case {
    Pooling how;
    double token, position;
  };
  for (const Case& c : {Case{Pooling::kMean, tokens_sum / 30, positions_sum / 30}, Case{Pooling::kCls, 3.0, 0.0},
                        Case{Pooling::kLast, static_cast<double>(ids.back()), 29.0}}) {
    for (const int32_t most : {2, 7, 64}) {
      Sizes s = sizes();
      s.tokens = most;
      s.sequences = 2;
      s.rows = 2;
      Bench b(s);
      for (const bool normalize : {false, true, false}) {
        auto other = *b.engine->submit(task({5, 4, 3}, 20));
        Task t = task(ids);
        t.embed = c.how;
        t.normalize = normalize;
        const auto r = *b.engine->submit(t);
        const Piece* piece = nullptr;
        Status why;
        REQUIRE(r->next(-1, piece, why) == INFER_OK);
        CHECK(piece->finish == INFER_FINISH_LENGTH);
        CHECK(piece->tokens.empty());
        REQUIRE(piece->embedding.size() == 2);
        const double length = normalize ? std::hypot(c.token, c.position) : 1;
        CHECK(piece->embedding[0] == doctest::Approx(c.token / length));
        CHECK(piece->embedding[1] == doctest::Approx(c.position / length));
        CHECK(r->next(-1, piece, why) == INFER_DONE);
        CHECK(r->tokens() == ids);
        CHECK(collect(*other).tokens == solo({5, 4, 3}, 20));
      }
      settle(*b.engine);
      CHECK(counter(*b.engine, "pages.used") == 0);
    }
  }
}

TEST_CASE("whoever waits for several is woken by any of them, of any engine") {
  Bench a, b;
  REQUIRE(a.engine->pause().ok());
  auto first = *a.engine->submit(task({1, 2}, 2));
  auto second = *b.engine->submit(task({1, 2}, 2));
  const auto ready = [&] { return first->ready() || second->ready(); };
  CHECK(Bell::one().wait(-1, ready));
  CHECK(!first->ready());
  collect(*second);
  CHECK(!Bell::one().wait(5, [&] { return first->ready(); }));
  std::thread other([&] {
    std::this_thread::sleep_for(5ms);
    a.engine->resume();
  });
  CHECK(Bell::one().wait(-1, [&] { return first->ready(); }));
  other.join();
  // Many at once, each woken by the end of its own.
  std::vector<std::thread> threads;
  std::atomic<int> woken{0};
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int n = 0; n < 20; ++n) {
        auto r = (i % 2 ? a : b).engine->submit(task({i, n}, 3));
        if (Bell::one().wait(-1, [&] { return (*r)->ready(); })) woken++;
        (*r)->cancel();
      }
    });
  for (auto& t : threads) t.join();
  CHECK(woken == 160);
}

TEST_CASE("metrics are well-formed, and their counts are those of the requests") {
  Bench b;
  for (int i = 0; i < 5; ++i) collect(**b.engine->submit(task({i, 2, 3}, 4)));
  settle(*b.engine);
  const std::string text = b.engine->metrics();
  std::istringstream in(text);
  std::map<std::string, double> values;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# ")) continue;
    const size_t space = line.rfind(' '), name = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    REQUIRE_MESSAGE((space != std::string::npos && name != 0 && (name == space || line[name] == '{')), line);
    if (name != space) REQUIRE_MESSAGE(line[space - 1] == '}', line);
    char* end = nullptr;
    values[line.substr(0, space)] = std::strtod(line.c_str() + space + 1, &end);
    REQUIRE_MESSAGE(*end == 0, line);
  }
  CHECK(text.ends_with("\n"));
  CHECK(values.at("libinfer_requests_finished_total") == 5);
  CHECK(values.at("libinfer_requests_running") == 0);
  CHECK(values.at("libinfer_time_to_first_token_seconds_count") == 5);
  CHECK(values.at("libinfer_time_to_first_token_seconds_bucket{le=\"+Inf\"}") == 5);
  CHECK(values.at("libinfer_inter_token_seconds_count") == 15);
  CHECK(values.at("libinfer_request_seconds_count") == 5);
  CHECK(values.at("libinfer_step_seconds_count") == values.at("libinfer_steps_total"));
  CHECK(values.at("libinfer_step_tokens_sum") ==
        values.at("libinfer_tokens_prefill_total") + values.at("libinfer_tokens_decode_total"));
  CHECK(values.at("libinfer_device{name=\"toy.runs\"}") == values.at("libinfer_steps_total"));
}

TEST_CASE("a trace has the latest steps and requests, as JSON") {
  Bench b(sizes(), 50, nullptr, 3);
  for (int i = 0; i < 5; ++i) collect(**b.engine->submit(task({i, 2, 3}, 4)));
  settle(*b.engine);
  const auto json = nlohmann::json::parse(b.engine->trace());
  std::map<std::string, int> names;
  for (const auto& e : json.at("traceEvents")) {
    names[e.at("name").get<std::string>() + "." + e.at("ph").get<std::string>()]++;
    CHECK(e.at("ts").get<double>() > 0);
    if (e.at("ph") == "X") CHECK(e.at("dur").get<double>() >= 0);
    if (e.at("name") == "request" && e.at("ph") == "b") {
      CHECK(e.at("id").get<int>() >= 2);  // the last three of five
      CHECK(e.at("args").at("generated") == 4);
      CHECK(e.at("args").at("finish") == "length");
    }
  }
  CHECK(names["step.X"] == 3);
  CHECK(names["request.b"] == 3);
  CHECK(names["request.e"] == 3);
  CHECK(names["decode.b"] == 3);
  CHECK(Bench().engine->trace() == "{\"traceEvents\":[\n\n]}\n");
}
