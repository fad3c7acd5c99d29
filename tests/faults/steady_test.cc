// What a decode step and an idle engine cost, through the C ABI: no allocation anywhere in the process while tokens are
// generated, and no processor time worth naming when there is nothing to do.
#include <doctest/doctest.h>
#include <libinfer/infer.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <thread>

#include "inject.h"

namespace {

const std::string kModel = INFER_SOURCE_DIR "/tests/golden/tiny/" INFER_FAULT_MODEL;
constexpr int64_t kTokens = 100;  // that must at least be generated while allocations are counted
constexpr int64_t kGrown = 600, kMost = 1500;

struct Release {
  void operator()(infer_options* p) const { infer_options_release(p); }
  void operator()(infer_runtime* p) const { infer_runtime_release(p); }
  void operator()(infer_model* p) const { infer_model_release(p); }
  void operator()(infer_engine* p) const { infer_engine_release(p); }
  void operator()(infer_request* p) const { infer_request_release(p); }
};
template <class T>
using Handle = std::unique_ptr<T, Release>;

struct Engine {
  Handle<infer_runtime> rt;
  Handle<infer_model> model;
  Handle<infer_engine> engine;
};

Handle<infer_options> options(std::initializer_list<std::pair<const char*, const char*>> values) {
  infer_options* o = nullptr;
  REQUIRE(infer_options_new(&o) == INFER_OK);
  for (const auto& [key, value] : values) REQUIRE(infer_options_parse(o, key, value) == INFER_OK);
  return Handle<infer_options>(o);
}

Engine open_engine(const char* threads, bool draft = false) {
  const auto o = options({{"cpu.threads", threads},
                          {"context.max", "2048"},
                          {"batch.requests", "4"},
                          {"adapter.slots", draft ? "1" : "0"},
                          {"draft.model", draft ? kModel.c_str() : ""}});
  infer_runtime* rt = nullptr;
  infer_model* model = nullptr;
  infer_engine* engine = nullptr;
  REQUIRE_MESSAGE(infer_runtime_new(o.get(), nullptr, &rt) == INFER_OK, infer_last_error());
  REQUIRE_MESSAGE(infer_model_open(rt, kModel.c_str(), o.get(), &model) == INFER_OK, infer_last_error());
  REQUIRE_MESSAGE(infer_engine_new(model, o.get(), &engine) == INFER_OK, infer_last_error());
  return {Handle<infer_runtime>(rt), Handle<infer_model>(model), Handle<infer_engine>(engine)};
}

Handle<infer_request> submit(const Engine& e, const char* temperature, bool draft = false) {
  const auto o = options({{"max_tokens", std::to_string(kMost).c_str()},
                          {"ignore_end", "true"},
                          {"temperature", temperature},
                          {"draft.tokens", draft ? "2" : "0"},
                          {"adapter", draft ? "a" : ""},
                          {"logprobs", draft ? "2" : "-1"},
                          {"seed", "1"}});
  const int32_t tokens[] = {3, 4, 5};
  infer_request* r = nullptr;
  REQUIRE_MESSAGE(infer_engine_submit_tokens(e.engine.get(), tokens, 3, o.get(), &r) == INFER_OK, infer_last_error());
  return Handle<infer_request>(r);
}

int64_t generated(infer_request* r) {
  infer_usage usage = INFER_USAGE_INIT;
  REQUIRE(infer_request_usage(r, &usage) == INFER_OK);
  return usage.generated_tokens;
}

// Until so many tokens have been generated, pulled or not.
void wait_for(infer_request* r, int64_t tokens) {
  while (generated(r) < tokens) std::this_thread::sleep_for(std::chrono::microseconds(200));
}

// Pulls until so many tokens have come, or the last.
void pull(infer_request* r, int64_t tokens) {
  infer_piece piece = INFER_PIECE_INIT;
  for (int64_t n = 0; n < tokens; n += piece.n_tokens) {
    if (infer_request_next(r, -1, &piece) != INFER_OK) return;
  }
}

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

}  // namespace

// What a caller has not pulled yet is kept in two buffers in turn, which grow: both are first made to hold more than
// will come while allocations are counted, so that it does not matter how late this thread is.
TEST_CASE("tokens are generated and pulled without one allocation in the process") {
  const std::string adapter = INFER_SOURCE_DIR "/tests/golden/adapters/llama_gqa-all.gguf";
  for (const auto& [temperature, draft] : {std::pair{"0", false}, {"0.8", false}, {"0.8", true}}) {
    CAPTURE(temperature);
    CAPTURE(draft);
    const Engine e = open_engine("2", draft);
    if (draft)
      REQUIRE_MESSAGE(infer_engine_load_adapter(e.engine.get(), "a", adapter.c_str(), nullptr) == INFER_OK,
                      infer_last_error());
    int64_t counted = 0, calls = 0;
    for (int attempt = 0; attempt < 20 && counted < kTokens; ++attempt) {
      const auto first = submit(e, temperature, draft), second = submit(e, temperature, draft);
      for (const int64_t n : {kGrown, 2 * kGrown}) {
        for (const auto* r : {&first, &second}) wait_for(r->get(), n), pull(r->get(), 1);
      }
      const int64_t before = generated(first.get());
      inject::arm(inject::kMemory | inject::kMap, INT64_MAX, false);
      pull(first.get(), kMost);
      pull(second.get(), kMost);
      calls += inject::calls();
      inject::disarm();
      counted = kMost - before;  // fewer where this thread was so late that the end was near
    }
    CHECK(counted >= kTokens);
    CHECK(calls == 0);
  }
}

TEST_CASE("the count of allocations counts") {
  inject::arm(inject::kMemory | inject::kMap, INT64_MAX, false);
  { const auto o = options({{"temperature", "0"}}); }
  const int64_t calls = inject::calls();
  inject::disarm();
  CHECK(calls > 0);
}

TEST_CASE("an engine with nothing to do uses no processor time") {
  const Engine e = open_engine("4");
  {
    const auto request = submit(e, "0");
    pull(request.get(), kMost);
  }
  std::this_thread::sleep_for(
      std::chrono::milliseconds(100));  // waiting threads spin for some microseconds, then sleep
  const double before = processor_seconds();
  std::this_thread::sleep_for(std::chrono::seconds(1));
  const double used = processor_seconds() - before;
  MESSAGE("idle for a second: ", used * 1e3, " ms of processor time");
  CHECK(used < 0.005);
}
