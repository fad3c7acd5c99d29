// Every tiny model through the C API on a Vulkan device against transformers: greedy ids, all logits.
#include "tests/support/golden.h"
#include "tests/unit/api/open.h"

using namespace open_api;
using infer::testing::Golden;
using infer::testing::nmse;
using infer::testing::read_golden;
using infer::testing::tiny_models;

TEST_CASE("every tiny model continues with the greedy ids of transformers, and its logits are theirs") {
  for (const std::string& name : tiny_models()) {
    const Golden golden = read_golden("tiny/" + name + ".golden");
    const auto tokens = golden.ints("tokens"), expected = golden.ints("greedy");
    const std::vector<int32_t> prompt(tokens.begin(), tokens.begin() + golden.number("prompt"));
    CAPTURE(name);
    Stack s(tiny(name), "vulkan", Options().set("kv.type", "f32"));
    auto request = must(s.engine.tokens(prompt, greedy(16)));
    const Answer a = collect(request);
    CHECK(a.status == INFER_OK);
    CHECK(a.tokens == std::vector<int32_t>(expected.begin(), expected.begin() + 16));
    const auto logits = must(s.engine.logits(tokens, 0, golden.number("n_vocab")));
    CHECK(nmse(logits, golden.data) <= 1e-6);
  }
}
