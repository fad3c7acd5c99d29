// Every tiny model through the C API on a backend's device against transformers: greedy ids, all logits. The build says
// which (INFER_TEST_DEVICE), and where its plugin is, unless it is beside the library (INFER_TEST_PLUGINS).
#include <nlohmann/json.hpp>

#include "tests/support/golden.h"
#include "tests/unit/api/open.h"

using namespace open_api;
using infer::testing::Golden;
using infer::testing::nmse;
using infer::testing::read_golden;
using infer::testing::tiny_models;

#ifndef INFER_TEST_PLUGINS
#define INFER_TEST_PLUGINS ""
#endif

TEST_CASE("every tiny model continues with the greedy ids of transformers, and its logits are theirs") {
  for (const std::string& name : tiny_models()) {
    const Golden golden = read_golden("tiny/" + name + ".golden");
    const auto tokens = golden.ints("tokens"), expected = golden.ints("greedy");
    const std::vector<int32_t> prompt(tokens.begin(), tokens.begin() + golden.number("prompt"));
    CAPTURE(name);
    Options where;
    if (*INFER_TEST_PLUGINS) where.set("backend.path", INFER_TEST_PLUGINS);
    Stack s(tiny(name), INFER_TEST_DEVICE, Options().set("kv.type", "f32"), 2, std::move(where));
    auto request = must(s.engine.tokens(prompt, greedy(16)));
    const Answer a = collect(request);
    CHECK(a.status == INFER_OK);
    CHECK(a.tokens == std::vector<int32_t>(expected.begin(), expected.begin() + 16));
    const auto logits = must(s.engine.logits(tokens, 0, golden.number("n_vocab")));
    CHECK(nmse(logits, golden.data) <= 1e-6);
  }
}

TEST_CASE("an engine says how much of the device's memory it has, within 2 % of what the device counts") {
  std::vector<int32_t> expected;
  int64_t pinned = 0;  // of the first
  for (const auto& [weights, host] : {std::pair<int64_t, bool>{0, false}, {150000, false}, {0, true}}) {
    CAPTURE(weights);  // in memory: all; some in slots
    Options where;
    if (*INFER_TEST_PLUGINS) where.set("backend.path", INFER_TEST_PLUGINS);
    Options options = Options().set("kv.tokens", 4096).set("weights.max", weights).set("kv.host", host);
    Stack s(tiny("llama_gqa"), INFER_TEST_DEVICE, std::move(options), 2, std::move(where));
    const auto told = nlohmann::json::parse(must(s.engine.describe())).at("devices").at(0).at("bytes");
    int64_t sum = 0, counted = 0;
    for (const auto& [what, bytes] : told.items()) sum += bytes.get<int64_t>();
    for (const auto& [name, value] : must(s.engine.counters()))
      if (name.ends_with(".memory.bytes") || name.ends_with(".memory.pinned")) counted += value;
    for (const auto& [name, value] : must(s.engine.counters())) {  // where that is told apart
      if (!name.ends_with(".memory.pinned")) continue;
      if (host) CHECK(value - pinned == told.at("kv").get<int64_t>());
      if (weights == 0) pinned = value;
    }
    CHECK(told.at("kv").get<int64_t>() > 0);
    CHECK(sum > 100000);
    auto request = must(s.engine.tokens(std::vector<int32_t>{3, 1, 4, 1, 5}, greedy(12)));
    const Answer a = collect(request);
    if (expected.empty()) expected = a.tokens;
    CHECK(a.tokens == expected);
    CHECK(static_cast<double>(sum) == doctest::Approx(static_cast<double>(counted)).epsilon(0.02));
  }
}
