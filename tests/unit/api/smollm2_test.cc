// A real model through the C API. INFER_SMOLLM2 is the path of SmolLM2-135M-Instruct.Q4_1.gguf; without it these tests
// fail.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "open.h"
#include "tests/support/golden.h"

using namespace open_api;
using infer::testing::Golden;
using infer::testing::read_golden;

namespace {

std::string smollm2() {
  const std::string path = INFER_SMOLLM2;
  REQUIRE_MESSAGE(
      std::filesystem::exists(path),
      "SmolLM2 is not at '" << path << "': configure with -DINFER_SMOLLM2=FILE (packaging/model.sh obtains it)");
  return path;
}

Golden greedy_golden(int n) { return read_golden("smollm2/greedy_" + std::to_string(n) + ".golden"); }

constexpr float kClear = 0.05f;  // f32 rounding does not turn such a margin around

}  // namespace

TEST_CASE("a chat is rendered and tokenised as transformers does it") {
  auto rt = must(libinfer::Runtime::create());
  auto model = must(rt.open(smollm2()));
  for (int n = 0; n < 3; ++n) {
    const Golden golden = greedy_golden(n);
    const std::string rendered = nlohmann::json::parse(golden.fields.at("rendered"));
    CHECK(must(model.render({{"user", golden.fields.at("user")}})) == rendered);
    CHECK(must(model.encode(rendered, INFER_ENCODE_PARSE)) == golden.ints("prompt"));
  }
}

TEST_CASE("reference answers chats with the ids of transformers, as far as margins are clear") {
  Stack s(smollm2(), "reference", Options().set("kv.type", "f32").set("context.max", 128));
  for (int n = 0; n < 2; ++n) {
    const Golden golden = greedy_golden(n);
    const auto expected = golden.ints("greedy");
    auto r = must(s.engine.chat({{"user", golden.fields.at("user")}}, greedy(static_cast<int64_t>(expected.size()))));
    const Answer a = collect(r);
    CHECK(must(r.usage()).prompt_tokens == static_cast<int64_t>(golden.ints("prompt").size()));
    size_t clear = 0;
    while (clear < expected.size() && golden.data[clear] > kClear) ++clear;
    REQUIRE(clear >= 8);
    REQUIRE(a.tokens.size() >= clear);
    CHECK(std::equal(expected.begin(), expected.begin() + static_cast<ptrdiff_t>(clear), a.tokens.begin()));
    if (n == 0) CHECK(a.text == "The capital of France is Paris.");
    if (n == 0) CHECK(a.finish == INFER_FINISH_STOP);
  }
}

TEST_CASE(
    "cpu, shown the same tokens, chooses as transformers wherever the choice is clear for quantised activations") {
  Stack s(smollm2(), "cpu", Options().set("context.max", 128));
  const int64_t n_vocab = must(s.model.fact("n_vocab"));
  int clear = 0, same = 0;
  for (int n = 0; n < 3; ++n) {
    const Golden golden = greedy_golden(n);
    auto ids = golden.ints("prompt");
    const auto expected = golden.ints("greedy");
    const auto first = static_cast<int64_t>(ids.size()) - 1;
    ids.insert(ids.end(), expected.begin(), expected.end() - 1);
    const auto logits = must(s.engine.logits(ids, first, n_vocab));
    for (size_t i = 0; i < expected.size(); ++i) {
      if (golden.data[i] < 1.0f) continue;
      const float* row = logits.data() + i * static_cast<size_t>(n_vocab);
      ++clear;
      same += std::max_element(row, row + n_vocab) - row == expected[i];
    }
  }
  REQUIRE(clear >= 40);
  CHECK(same == clear);
}

TEST_CASE("several chats at once on cpu give what each gives alone, bit for bit") {
  const std::vector<std::string> asked = {"What is the capital of France?", "Count to ten.", "Name a colour.",
                                          "Why is the sky blue?"};
  const auto options = [](int i) {
    return Options().set("max_tokens", 16).set("logprobs", 0).set("temperature", i % 2 ? 0.8 : 0.0).set("seed", i);
  };
  std::vector<Answer> alone;
  {
    Stack s(smollm2(), "cpu", Options().set("context.max", 256).set("batch.requests", 1), 1);
    for (int i = 0; i < 4; ++i) {
      auto r = must(s.engine.chat({{"user", asked[static_cast<size_t>(i)]}}, options(i)));
      alone.push_back(collect(r));
      CHECK(alone.back().tokens.size() >= 1);
    }
  }
  for (const int chunk : {7, 512}) {
    Stack s(smollm2(), "cpu", Options().set("context.max", 256).set("batch.tokens", chunk), 2);
    std::vector<libinfer::Request> requests;
    for (int i = 0; i < 4; ++i)
      requests.push_back(must(s.engine.chat({{"user", asked[static_cast<size_t>(i)]}}, options(i))));
    for (int i = 0; i < 4; ++i) CHECK(collect(requests[static_cast<size_t>(i)]) == alone[static_cast<size_t>(i)]);
  }
}

TEST_CASE("a context larger than the machine's memory is refused with numbers") {
  auto rt = must(libinfer::Runtime::create());
  auto model = must(rt.open(smollm2()));
  const auto e = model.engine(Options().set("context.max", 16777216).set("kv.type", "f32"));
  REQUIRE_FALSE(e);
  CHECK(e.error().status == INFER_E_NO_MEMORY);
  CHECK(e.error().message.find("a context of 16777216 tokens needs") != std::string::npos);
  CHECK(e.error().hint.find("set context.max to less than") != std::string::npos);
}

TEST_CASE("a prompt of messages is the conversation, and what was answered in it is the assistant's") {
  Stack s(smollm2(), "cpu", Options().set("context.max", 512));
  auto p = must(s.engine.prompt(greedy(24)));
  REQUIRE(p.append_chat({{"user", "Name the capital of France."}}));
  REQUIRE(p.gen("first"));
  const std::string first = must(p.value("first"));
  CHECK(first == "The capital of France is Paris.");
  REQUIRE(p.append_chat({{"user", "And of Italy?"}}));
  CHECK(
      must(p.text()) ==
      must(s.model.render({{"user", "Name the capital of France."}, {"assistant", first}, {"user", "And of Italy?"}})));
  auto r = must(p.stream("second"));
  const Answer second = collect(r);
  auto whole = must(s.engine.chat(
      {{"user", "Name the capital of France."}, {"assistant", first}, {"user", "And of Italy?"}}, greedy(24)));
  CHECK(collect(whole).tokens == second.tokens);
  CHECK(must(r.usage()).cached_tokens > 30);
}
