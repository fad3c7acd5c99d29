// Every tiny model through the C API against transformers: 64 greedy ids, all logits.
#include <cmath>

#include "open.h"
#include "tests/support/golden.h"

using namespace open_api;
using infer::testing::Golden;
using infer::testing::nmse;
using infer::testing::read_golden;
using infer::testing::tiny_models;

TEST_CASE("every tiny model continues with the 64 greedy ids of transformers, on both backends") {
  for (const std::string& name : tiny_models()) {
    const Golden golden = read_golden("tiny/" + name + ".golden");
    const auto tokens = golden.ints("tokens"), expected = golden.ints("greedy");
    const std::vector<int32_t> prompt(tokens.begin(), tokens.begin() + golden.number("prompt"));
    REQUIRE(expected.size() == 64);
    for (const char* backend : {"reference", "cpu"}) {
      CAPTURE(name);
      CAPTURE(backend);
      Stack s(tiny(name), backend, Options().set("kv.type", "f32"));
      auto request = must(s.engine.tokens(prompt, greedy(64)));
      const Answer a = collect(request);
      CHECK(a.status == INFER_OK);
      CHECK(a.tokens == expected);
    }
  }
}

TEST_CASE("the logits of a whole sequence equal those of transformers") {
  for (const std::string& name : tiny_models()) {
    const Golden golden = read_golden("tiny/" + name + ".golden");
    const auto tokens = golden.ints("tokens");
    CAPTURE(name);
    Stack s(tiny(name), "reference", Options().set("kv.type", "f32"));
    const auto logits = must(s.engine.logits(tokens, 0, golden.number("n_vocab")));
    CHECK(nmse(logits, golden.data) <= 1e-6);
  }
}
