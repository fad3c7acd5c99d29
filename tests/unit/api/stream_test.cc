// Requests through the C API: pieces, endings, cancelling, releasing.
#include <libinfer/options.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "base/utf8.h"
#include "open.h"

using namespace open_api;

TEST_CASE("every piece is whole UTF-8, and together they are the tokens' text") {
  Stack s(tiny("qwen2"));
  for (int seed = 0; seed < 20; ++seed) {
    auto r = must(s.engine.text(
        "the cat",
        Options().set("temperature", 3).set("seed", seed).set("max_tokens", 60).set("top_k", 0).set("ignore_end", 1)));
    std::string text;
    std::vector<int32_t> ids;
    for (const libinfer::Piece& p : r) {
      CHECK(infer::valid_utf8(p.text));
      text += p.text;
      ids.insert(ids.end(), p.tokens.begin(), p.tokens.end());
    }
    CHECK(ids.size() == 60);
    std::string expected;
    infer::append_as_utf8(expected, must(s.model.decode(ids)));
    CHECK(text == expected);
  }
}

TEST_CASE("a request ends with DONE again and again, a cancelled one with INFER_E_CANCELLED") {
  Stack s(tiny("llama"));
  auto r = must(s.engine.tokens({1, 2, 3}, greedy(3)));
  collect(r);
  infer_piece piece = INFER_PIECE_INIT;
  CHECK(infer_request_next(r.get(), 0, &piece) == INFER_DONE);
  CHECK(infer_request_next(r.get(), -1, &piece) == INFER_DONE);
  CHECK(infer_request_cancel(r.get()) == INFER_OK);  // too late: no effect
  CHECK(infer_request_next(r.get(), -1, &piece) == INFER_DONE);
  auto c = must(s.engine.tokens({1, 2, 3}, greedy(200)));
  REQUIRE(c.cancel());
  CHECK(infer_request_next(c.get(), -1, &piece) == INFER_E_CANCELLED);
  CHECK(infer_request_next(c.get(), 0, &piece) == INFER_E_CANCELLED);
  CHECK(must(c.usage()).finish == INFER_FINISH_CANCELLED);
}

TEST_CASE("cancel from another thread wakes the one that waits") {
  Stack s(tiny("llama"), "reference", Options().set("batch.requests", 1));
  auto busy = must(s.engine.tokens({1, 2, 3}, greedy(250).set("ignore_end", 1)));
  auto waiting = must(s.engine.tokens({4, 5}, greedy(250).set("ignore_end", 1)));
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    infer_request_cancel(waiting.get());
  });
  const Answer a = collect(waiting);
  CHECK((a.status == INFER_E_CANCELLED || a.finish == INFER_FINISH_LENGTH));
  other.join();
  CHECK(busy.cancel());
}

TEST_CASE("handles may be released in any order, and what is left still works") {
  for (int order = 0; order < 24; ++order) {
    infer_runtime* rt = nullptr;
    infer_model* model = nullptr;
    infer_engine* engine = nullptr;
    infer_request* request = nullptr;
    REQUIRE(infer_runtime_new(nullptr, nullptr, &rt) == INFER_OK);
    REQUIRE(infer_model_open(rt, tiny("llama").c_str(), nullptr, &model) == INFER_OK);
    REQUIRE(infer_engine_new(model, nullptr, &engine) == INFER_OK);
    const int32_t ids[] = {1, 2, 3};
    REQUIRE(infer_engine_submit_tokens(engine, ids, 3, nullptr, &request) == INFER_OK);
    std::vector<int> left{0, 1, 2, 3};
    for (int rest = order, n = 4; n > 0; rest /= n, --n) {
      const int which = left[static_cast<size_t>(rest % n)];
      left.erase(left.begin() + rest % n);
      if (which == 0) infer_runtime_release(rt);
      if (which == 1) infer_model_release(model);
      if (which == 2) infer_engine_release(engine);
      if (which == 3) infer_request_release(request);
      const bool has_request = std::find(left.begin(), left.end(), 3) != left.end();
      const bool has_engine = std::find(left.begin(), left.end(), 2) != left.end();
      if (has_request) {
        infer_piece piece = INFER_PIECE_INIT;
        const infer_status status = infer_request_next(request, -1, &piece);
        CHECK((status == INFER_OK || status == INFER_DONE || (!has_engine && status == INFER_E_CANCELLED)));
      }
      if (has_engine) {
        infer_request* more = nullptr;
        REQUIRE(infer_engine_submit_tokens(engine, ids, 3, nullptr, &more) == INFER_OK);
        infer_piece piece = INFER_PIECE_INIT;
        CHECK(infer_request_next(more, -1, &piece) == INFER_OK);
        infer_request_release(more);
      }
    }
  }
}

TEST_CASE("releasing the engine ends what runs, also in a thread that waits") {
  infer_runtime* rt = nullptr;
  infer_model* model = nullptr;
  infer_engine* engine = nullptr;
  REQUIRE(infer_runtime_new(nullptr, nullptr, &rt) == INFER_OK);
  REQUIRE(infer_model_open(rt, tiny("llama").c_str(), nullptr, &model) == INFER_OK);
  REQUIRE(infer_engine_new(model, nullptr, &engine) == INFER_OK);
  const int32_t ids[] = {1, 2, 3};
  std::vector<infer_request*> requests(40);
  for (auto& r : requests) REQUIRE(infer_engine_submit_tokens(engine, ids, 3, nullptr, &r) == INFER_OK);
  std::atomic<int> ended{0};
  std::thread waiter([&] {
    for (auto* r : requests) {
      infer_piece piece = INFER_PIECE_INIT;
      infer_status status;
      while ((status = infer_request_next(r, -1, &piece)) == INFER_OK) {
      }
      if (status == INFER_DONE || status == INFER_E_CANCELLED) ++ended;
    }
  });
  infer_engine_release(engine);
  waiter.join();
  CHECK(ended == 40);
  for (auto* r : requests) infer_request_release(r);
  infer_model_release(model);
  infer_runtime_release(rt);
}

TEST_CASE("a stop string ends the answer before it, wherever pieces are cut") {
  Stack s(tiny("qwen2"));
  const auto full = [&] {
    auto r = must(s.engine.text("the cat", greedy(40).set("ignore_end", 1)));
    return collect(r);
  }();
  REQUIRE(full.text.size() > 12);
  int checked = 0;
  for (size_t at = 3; at + 4 < full.text.size() && checked < 12; at += 3) {
    const std::string stop = full.text.substr(at, 4);
    if (!infer::valid_utf8(stop)) continue;
    ++checked;
    auto r = must(s.engine.text("the cat", greedy(40).set("ignore_end", 1).set("stop", stop)));
    const Answer a = collect(r);
    CHECK(a.finish == INFER_FINISH_STOP);
    CHECK(a.text == full.text.substr(0, full.text.find(stop)));
  }
  CHECK(checked > 0);
}

TEST_CASE("a seed gives the same text again, another one another") {
  Stack s(tiny("llama"));
  const auto text = [&](int64_t seed) {
    auto r = must(s.engine.tokens(
        {1, 2, 3}, Options().set("temperature", 1.5).set("seed", seed).set("max_tokens", 30).set("ignore_end", 1)));
    return collect(r).tokens;
  };
  CHECK(text(7) == text(7));
  CHECK(text(7) != text(8));
  CHECK(text(-1) != text(-1));
}

TEST_CASE("usage counts and times what happened") {
  Stack s(tiny("llama"));
  auto r = must(s.engine.tokens({1, 2, 3, 4}, greedy(6).set("ignore_end", 1)));
  collect(r);
  const infer_usage u = must(r.usage());
  CHECK(u.prompt_tokens == 4);
  CHECK(u.generated_tokens == 6);
  CHECK(u.finish == INFER_FINISH_LENGTH);
  CHECK(u.queue_ms >= 0);
  CHECK(u.first_token_ms >= u.queue_ms);
  CHECK(u.total_ms >= u.first_token_ms);
}

TEST_CASE("the host's hooks hear of pieces and of what is logged") {
  std::atomic<int> wakes{0};
  infer_hooks hooks = INFER_HOOKS_INIT;
  hooks.user = &wakes;
  hooks.wake = [](void* user) { ++*static_cast<std::atomic<int>*>(user); };
  hooks.log = [](void*, int32_t level, const char* text, int64_t len) { CHECK((level >= 0 && text && len > 0)); };
  auto rt = must(libinfer::Runtime::create(Options().set("log.level", 0), &hooks));
  auto model = must(rt.open(tiny("llama")));
  auto engine = must(model.engine());
  auto r = must(engine.tokens({1}, greedy(4)));
  CHECK(collect(r).tokens.size() == 4);
  // The hint for the last piece may come after the piece itself.
  for (int i = 0; i < 5000 && wakes < 4; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(wakes >= 4);
}

TEST_CASE("log-probabilities come with their tokens, alternatives most likely first") {
  Stack s(tiny("llama"));
  auto r = must(s.engine.tokens({1, 2}, greedy(5).set(INFER_OPTION_LOGPROBS, 3).set("ignore_end", 1)));
  int64_t n = 0;
  for (const libinfer::Piece& p : r) {
    CHECK(p.n_top == 3);
    CHECK(p.top.size() == p.tokens.size() * 3);
    for (int64_t i = 0; i < p.tokens.size(); ++i, ++n) {
      CHECK(p.top[i * 3].token == p.tokens[i]);
      CHECK(p.top[i * 3].logprob == p.logprobs[i]);
      CHECK(p.top[i * 3].logprob >= p.top[i * 3 + 1].logprob);
      CHECK(p.logprobs[i] <= 0);
    }
  }
  CHECK(n == 5);
}
