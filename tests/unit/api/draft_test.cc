// A draft model through the C API: whatever it guesses, the answer is the one without it, bit for bit.
#include "open.h"

using namespace open_api;

namespace {

const std::vector<int32_t> kPrompt{1, 20, 30, 40, 20, 30, 40, 50, 60, 70};

// A caller has its last piece before the step that made it is counted.
int64_t settled(const libinfer::Engine& e, const std::string& name) {
  settle(e);
  return counter(e, name);
}

Options request(double temperature, int64_t seed, int64_t draft) {
  return Options()
      .set("temperature", temperature)
      .set("seed", seed)
      .set("max_tokens", 40)
      .set("ignore_end", 1)
      .set("logprobs", 2)
      .set("draft.tokens", draft);
}

Answer ask(libinfer::Engine& e, const Options& o, const std::vector<int32_t>& prompt = kPrompt) {
  auto r = must(e.tokens(prompt, o));
  return collect(r);
}

}  // namespace

TEST_CASE("a draft model of the same weights guesses right: the same answer in a fraction of the steps") {
  for (const char* backend : {"reference", "cpu"}) {
    for (double temperature : {0.0, 0.9}) {
      CAPTURE(backend);
      CAPTURE(temperature);
      Stack s(tiny("llama"), backend, Options().set("draft.model", tiny("llama")).set("kv.page", 4));
      const Answer plain = ask(s.engine, request(temperature, 7, 0));
      const int64_t before = settled(s.engine, "steps");
      CHECK(ask(s.engine, request(temperature, 7, 4)) == plain);
      CHECK(settled(s.engine, "steps") - before <= 1 + 40 / 5 + 1);
      CHECK(settled(s.engine, "tokens.accepted") == settled(s.engine, "tokens.draft"));
      CHECK(settled(s.engine, "tokens.accepted") >= 30);
      CHECK(settled(s.engine, "drafts.failed") == 0);
    }
  }
}

TEST_CASE("a draft model of other weights guesses wrong, and changes nothing") {
  Stack s(tiny("llama"), "cpu", Options().set("draft.model", tiny("qwen2")).set("kv.page", 4));
  for (int64_t seed = 0; seed < 6; ++seed) {
    const double temperature = seed % 2 ? 1.2 : 0;
    CHECK(ask(s.engine, request(temperature, seed, 1 + seed)) == ask(s.engine, request(temperature, seed, 0)));
  }
  CHECK(settled(s.engine, "tokens.draft") > 100);
  CHECK(settled(s.engine, "tokens.accepted") < settled(s.engine, "tokens.draft") / 2);
}

TEST_CASE("with drafts, lookups and neither, in short memory and long prompts, each answers as alone") {
  std::vector<int32_t> long_prompt;
  for (int32_t i = 0; i < 150; ++i) long_prompt.push_back(1 + i * 37 % 250);
  std::vector<Options> options;
  for (int64_t i = 0; i < 9; ++i)
    options.push_back(
        request(i % 2 ? 0.8 : 0, i, i % 3 ? 3 : 0).set("draft.lookup", i % 4 ? 0 : 4).set("priority", i % 3));
  const auto prompt = [&](size_t i) { return i % 2 ? long_prompt : kPrompt; };
  std::vector<Answer> alone;
  {
    Stack s(tiny("llama"), "cpu", Options().set("kv.page", 4));
    for (size_t i = 0; i < options.size(); ++i)
      alone.push_back(ask(s.engine, request(i % 2 ? 0.8 : 0, static_cast<int64_t>(i), 0), prompt(i)));
  }
  // Pages for about three of them at a time.
  Stack s(tiny("llama"), "cpu",
          Options().set("draft.model", tiny("llama")).set("kv.page", 4).set("context.max", 200).set("kv.tokens", 352));
  std::vector<libinfer::Request> running;
  REQUIRE(s.engine.pause());  // so that they are there together, however slow this thread is
  for (size_t i = 0; i < options.size(); ++i) running.push_back(must(s.engine.tokens(prompt(i), options[i])));
  REQUIRE(s.engine.resume());
  for (size_t i = 0; i < options.size(); ++i) {
    CAPTURE(i);
    CHECK(collect(running[i]) == alone[i]);
  }
  CHECK(settled(s.engine, "tokens.accepted") > 0);
  CHECK(settled(s.engine, "requests.preempted") > 0);
  // What it held is free again: requests one after the other are guessed as well as the first was.
  for (int round = 0; round < 30; ++round) {
    const int64_t before = settled(s.engine, "tokens.accepted");
    CHECK(ask(s.engine, options[1].set("cache.prefix", 0), prompt(1)) == alone[1]);
    CHECK(settled(s.engine, "tokens.accepted") - before > 20);
  }
}

TEST_CASE("a draft model that cannot be had is refused by name") {
  auto rt = must(libinfer::Runtime::create(Options()));
  auto model = must(rt.open(tiny("llama")));
  const auto none = model.engine(Options().set("draft.model", "/nonexistent/draft.gguf"));
  REQUIRE(!none);
  CHECK(none.error().status == INFER_E_NOT_FOUND);
  CHECK(none.error().message.find("draft.model") != std::string::npos);
  auto engine = must(model.engine(Options()));
  const auto refused = engine.tokens(kPrompt, request(0, 1, 4));
  REQUIRE(!refused);
  CHECK(refused.error().status == INFER_E_INVALID);
}
