// Low-rank adapters through the C API: what PEFT computes, mixed with others, loaded and dropped while requests run.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "open.h"
#include "tests/support/golden.h"

using namespace open_api;
using infer::testing::Golden;
using infer::testing::golden_path;
using infer::testing::read_golden;

namespace {

const std::vector<int32_t> kPrompt{1, 20, 30, 40, 20, 30, 40, 50, 60, 70};

std::string file_of(const std::string& adapter) { return golden_path("adapters/" + adapter + ".gguf"); }

std::vector<std::string> all_adapters() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_path("adapters")))
    if (entry.path().extension() == ".gguf") names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  REQUIRE(names.size() >= 4);
  return names;
}

Options slots(int64_t n) { return Options().set("adapter.slots", n).set("adapter.rank", 8).set("kv.page", 4); }

Options with(const std::string& adapter, int64_t max_tokens = 12) {
  return greedy(max_tokens).set("ignore_end", 1).set("logprobs", 0).set("adapter", adapter);
}

Answer ask(libinfer::Engine& e, const std::vector<int32_t>& prompt, const Options& o) {
  auto r = must(e.tokens(prompt, o));
  return collect(r);
}

// The two adapters of llama_gqa under the names "all" and "qv".
struct TwoAdapters : Stack {
  explicit TwoAdapters(const char* backend, Options o = slots(2)) : Stack(tiny("llama_gqa"), backend, std::move(o)) {
    REQUIRE(engine.load_adapter("all", file_of("llama_gqa-all")));
    REQUIRE(engine.load_adapter("qv", file_of("llama_gqa-qv")));
  }
};

infer_status status_of(const libinfer::Result<void>& r) { return r ? INFER_OK : r.error().status; }

}  // namespace

TEST_CASE("with an adapter a model continues with the 64 greedy ids of PEFT, and gives its log-probabilities") {
  for (const std::string& name : all_adapters()) {
    const Golden golden = read_golden("adapters/" + name + ".golden");
    const auto tokens = golden.ints("tokens"), expected = golden.ints("greedy");
    const std::vector<int32_t> prompt(tokens.begin(), tokens.begin() + golden.number("prompt"));
    const auto n_vocab = static_cast<size_t>(golden.number("n_vocab"));
    for (const char* backend : {"reference", "cpu"}) {
      CAPTURE(name);
      CAPTURE(backend);
      Stack s(tiny(golden.fields.at("model")), backend, slots(1).set("kv.type", "f32").set("adapter.type", "f32"));
      REQUIRE(s.engine.load_adapter("a", file_of(name)));
      CHECK(ask(s.engine, prompt, greedy(64).set("adapter", "a")).tokens == expected);
      const Answer scored =
          ask(s.engine, tokens,
              Options().set("adapter", "a").set("score.from", 1).set("logprobs", 0).set("cache.prefix", 0));
      REQUIRE(scored.logprobs.size() == tokens.size() - 1);
      for (size_t t = 0; t + 1 < tokens.size(); ++t) {
        const float* row = golden.data.data() + t * n_vocab;
        double sum = 0;
        for (size_t v = 0; v < n_vocab; ++v) sum += std::exp(double{row[v]});
        const double right = row[static_cast<size_t>(tokens[t + 1])] - std::log(sum);
        CHECK(std::abs(scored.logprobs[t] - right) < (std::string(backend) == "reference" ? 1e-3 : 2e-2));
      }
    }
  }
}

TEST_CASE("requests with different adapters run together, each as it does alone, bit for bit") {
  for (const char* backend : {"reference", "cpu"}) {
    CAPTURE(backend);
    const std::vector<std::string> names = {"", "all", "qv"};
    std::vector<Answer> alone;
    {
      Stack plain(tiny("llama_gqa"), backend, Options().set("kv.page", 4));
      alone.push_back(ask(plain.engine, kPrompt, with("")));
    }
    TwoAdapters s(backend);
    for (size_t i = 0; i < 3; ++i) {
      const Answer a = ask(s.engine, kPrompt, with(names[i]).set("cache.prefix", 0));
      if (i == 0) {
        CHECK(a == alone[0]);  // an engine with room for adapters gives what one without gives
      } else {
        alone.push_back(a);
      }
    }
    CHECK(alone[1].logprobs != alone[0].logprobs);
    CHECK(alone[2].logprobs != alone[0].logprobs);
    CHECK(alone[2].logprobs != alone[1].logprobs);
    std::vector<libinfer::Request> together;
    REQUIRE(s.engine.pause());
    for (size_t i = 0; i < 8; ++i) together.push_back(must(s.engine.tokens(kPrompt, with(names[i % 3]))));
    REQUIRE(s.engine.resume());
    for (size_t i = 0; i < 8; ++i) {
      CAPTURE(i);
      CHECK(collect(together[i]) == alone[i % 3]);
    }
  }
}

TEST_CASE("a prefix is found by requests with the same adapter alone") {
  TwoAdapters s("cpu");
  for (const char* name : {"", "all", "qv"}) {
    auto first = must(s.engine.tokens(kPrompt, with(name)));
    const Answer a = collect(first);
    CHECK(must(first.usage()).cached_tokens == 0);
    auto second = must(s.engine.tokens(kPrompt, with(name)));
    CHECK(collect(second) == a);
    CHECK(must(second.usage()).cached_tokens >= 8);
  }
  // The same name after it was loaded anew is another adapter.
  REQUIRE(s.engine.drop_adapter("all"));
  REQUIRE(s.engine.drain());
  REQUIRE(s.engine.resume());
  REQUIRE(s.engine.load_adapter("all", file_of("llama_gqa-all")));
  auto again = must(s.engine.tokens(kPrompt, with("all")));
  collect(again);
  CHECK(must(again.usage()).cached_tokens == 0);
}

TEST_CASE("a prefix of an adapter is pinned with it, and its slot stays taken; it cannot be saved") {
  TwoAdapters s("cpu");
  ask(s.engine, kPrompt, with("all"));
  REQUIRE(s.engine.drain());
  REQUIRE(s.engine.resume());
  const Options of_all = Options().set("adapter", "all");
  CHECK(s.engine.pin("plain", kPrompt).error().status == INFER_E_NOT_FOUND);
  CHECK(must(s.engine.pin("all", kPrompt, of_all)) == 10);
  const auto saved = s.engine.save(kPrompt, "nowhere", of_all);
  REQUIRE(!saved);
  CHECK(saved.error().status == INFER_E_UNSUPPORTED);
  CHECK(s.engine.restore("nowhere", of_all).error().status == INFER_E_UNSUPPORTED);
  REQUIRE(s.engine.drop_adapter("all"));
  CHECK(status_of(s.engine.load_adapter("new", file_of("llama_gqa-all"))) == INFER_E_FULL);
  REQUIRE(s.engine.unpin("all"));
  CHECK(status_of(s.engine.load_adapter("new", file_of("llama_gqa-all"))) == INFER_OK);
}

TEST_CASE("several answers and vectors are those of the adapter, too") {
  TwoAdapters s("cpu");
  const auto drawn = [](const char* adapter, int64_t seed) {
    return with(adapter).set("temperature", 1.2).set("seed", seed);
  };
  std::vector<std::vector<int32_t>> got(3);
  auto three = must(s.engine.tokens(kPrompt, drawn("all", 5).set("n", 3)));
  for (const libinfer::Piece& p : three) {
    auto& tokens = got[static_cast<size_t>(p.sample)];
    tokens.insert(tokens.end(), p.tokens.begin(), p.tokens.end());
  }
  for (int64_t i = 0; i < 3; ++i)
    CHECK(got[static_cast<size_t>(i)] == ask(s.engine, kPrompt, drawn("all", 5 + i)).tokens);
  const auto vector = [&](const char* adapter) {
    auto r = must(s.engine.tokens(kPrompt, Options().set("embed", "mean").set("adapter", adapter)));
    std::vector<float> all;
    for (const libinfer::Piece& p : r) all.assign(p.embedding.begin(), p.embedding.end());
    REQUIRE(!all.empty());
    return all;
  };
  CHECK(vector("all") == vector("all"));
  CHECK(vector("all") != vector("qv"));
  CHECK(vector("all") != vector(""));
}

TEST_CASE("adapters are loaded and dropped while requests run") {
  TwoAdapters s("cpu", slots(2).set("context.max", 256));
  const Answer all = ask(s.engine, kPrompt, with("all", 120)), qv = ask(s.engine, kPrompt, with("qv", 120));
  REQUIRE(s.engine.drain());
  REQUIRE(s.engine.resume());
  auto running = must(s.engine.tokens(kPrompt, with("all", 120)));
  REQUIRE(s.engine.drop_adapter("all"));
  CHECK(must(s.engine.adapters()) == std::vector<std::string>{"qv"});
  const auto missing = s.engine.tokens(kPrompt, with("all"));
  REQUIRE(!missing);
  CHECK(missing.error().status == INFER_E_NOT_FOUND);
  CHECK(collect(running) == all);  // whoever has it keeps it
  REQUIRE(s.engine.drain());
  REQUIRE(s.engine.resume());
  auto other = must(s.engine.tokens(kPrompt, with("qv", 120)));
  REQUIRE(s.engine.load_adapter("new", file_of("llama_gqa-all")));  // into the slot that is free again
  CHECK(ask(s.engine, kPrompt, with("new", 120)) == all);
  CHECK(collect(other) == qv);
}

TEST_CASE("the scale is a factor on all that the adapter adds") {
  Stack s(tiny("llama_gqa"), "reference", slots(3).set("adapter.type", "f32"));
  REQUIRE(s.engine.load_adapter("none", file_of("llama_gqa-all"), Options().set("adapter.scale", 0.0)));
  REQUIRE(s.engine.load_adapter("half", file_of("llama_gqa-all"), Options().set("adapter.scale", 0.5)));
  REQUIRE(s.engine.load_adapter("full", file_of("llama_gqa-all")));
  const Answer plain = ask(s.engine, kPrompt, with(""));
  CHECK(ask(s.engine, kPrompt, with("none")) == plain);
  const Answer half = ask(s.engine, kPrompt, with("half")), full = ask(s.engine, kPrompt, with("full"));
  CHECK(half.logprobs != plain.logprobs);
  CHECK(half.logprobs != full.logprobs);
}

TEST_CASE("what cannot be loaded is refused, and leaves its slot free") {
  Stack s(tiny("llama_gqa"), "cpu", slots(1));
  CHECK(status_of(s.engine.load_adapter("a", "/nonexistent/adapter.gguf")) == INFER_E_NOT_FOUND);
  CHECK(status_of(s.engine.load_adapter("a", tiny("llama_gqa"))) == INFER_E_UNSUPPORTED);
  CHECK(status_of(s.engine.load_adapter("a", file_of("qwen3-all"))) == INFER_E_UNSUPPORTED);
  CHECK(status_of(s.engine.load_adapter("", file_of("llama_gqa-all"))) == INFER_E_INVALID);
  REQUIRE(s.engine.load_adapter("a", file_of("llama_gqa-all")));
  CHECK(status_of(s.engine.load_adapter("a", file_of("llama_gqa-all"))) == INFER_E_INVALID);
  CHECK(status_of(s.engine.load_adapter("b", file_of("llama_gqa-all"))) == INFER_E_FULL);
  CHECK(status_of(s.engine.drop_adapter("b")) == INFER_E_NOT_FOUND);
  const auto missing = s.engine.tokens(kPrompt, with("A"));
  REQUIRE(!missing);
  CHECK(missing.error().hint.find("'a'") != std::string::npos);
  Stack low(tiny("llama_gqa"), "cpu", slots(1).set("adapter.rank", 3));
  CHECK(status_of(low.engine.load_adapter("a", file_of("llama_gqa-all"))) == INFER_E_UNSUPPORTED);
  REQUIRE(low.engine.load_adapter("a", file_of("llama_gqa-qv")));
  Stack none(tiny("llama_gqa"), "cpu");
  CHECK(status_of(none.engine.load_adapter("a", file_of("llama_gqa-all"))) == INFER_E_FULL);
}
