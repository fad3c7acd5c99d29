// Text that nobody vouches for never becomes a control token, whatever the pipeline does with it.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "open.h"

using namespace infer;
using namespace infer::testing;
using nlohmann::json;

namespace {

bool holds_control(const text::Tokenizer& t, const std::vector<int32_t>& ids) {
  return std::ranges::any_of(ids, [&](int32_t id) { return t.is_control(id) && id != t.data().unk; });
}

}  // namespace

TEST_CASE("no control token comes out of text outside of trusted ranges") {
  for (const auto& entry : std::filesystem::directory_iterator(kGolden)) {
    if (entry.path().extension() != ".json") continue;
    CAPTURE(entry.path().filename().string());
    const std::string text_of_json = json::parse(read_text(entry.path().string()))["tokenizer"].dump();
    auto made = open(text_of_json);
    REQUIRE(made.ok());
    const text::Tokenizer& t = **made;
    for (int32_t id = 0; id < t.n_vocab(); ++id) {
      if (!t.is_control(id)) continue;
      const std::string token(t.data().tokens[static_cast<size_t>(id)]);
      const std::string text = token + " a " + token + token + "x";
      std::vector<int32_t> ids;
      REQUIRE(t.encode(text, false, false, ids).ok());
      CHECK_MESSAGE(!holds_control(t, ids), token);
      // In a part of the text that is trusted it is one.
      ids.clear();
      const text::Range first{0, token.size()};
      REQUIRE(t.encode(text, false, {&first, 1}, ids).ok());
      CHECK_MESSAGE(std::ranges::count(ids, id) >= 1, token);
    }
  }
}

TEST_CASE("a normalized control token is found in trusted text, also where other text is not trusted") {
  const std::string json_text = R"({"added_tokens": [{"id": 1, "content": "<s>", "special": true, "normalized": true}],
    "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "WhitespaceSplit"},
    "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "<s>": 1, "a": 2}, "unk_token": "<unk>"}})";
  auto made = open(json_text);
  REQUIRE(made.ok());
  const text::Range all{0, 8}, first{0, 4}, second{4, 8};
  const auto ids_of = [&](std::string_view text, std::span<const text::Range> trusted) {
    std::vector<int32_t> ids;
    REQUIRE((*made)->encode(text, false, trusted, ids).ok());
    return ids;
  };
  using Ids = std::vector<int32_t>;
  CHECK(ids_of("<S> a <s", {&all, 1}) == Ids{1, 2, 0});
  CHECK(ids_of("<s> a a ", {&first, 1}) == Ids{1, 2, 2});
  CHECK(ids_of("<s> <s> ", {&second, 1}) == Ids{0, 1});
  CHECK(ids_of("<s> <s> ", {}) == Ids{0, 0});
}

TEST_CASE("tokenizer_config.json says which tokens begin and end a text, and has the chat template") {
  const std::string json_text = R"({"added_tokens": [{"id": 1, "content": "<|im_end|>", "special": true}],
    "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "a": 2}, "unk_token": "<unk>"}})";
  auto made = open(json_text, R"({"bos_token": null, "eos_token": {"content": "<|im_end|>", "lstrip": false},
                                  "unk_token": "<unk>", "chat_template": "{{ messages }}"})");
  REQUIRE(made.ok());
  CHECK((*made)->data().bos == -1);
  CHECK((*made)->data().eos == 1);
  CHECK((*made)->data().unk == 0);
  CHECK((*made)->is_end(1));
  CHECK((*made)->data().chat_template == "{{ messages }}");
  auto several = open(
      json_text, R"({"chat_template": [{"name": "tool_use", "template": "x"}, {"name": "default", "template": "y"}]})");
  REQUIRE(several.ok());
  CHECK((*several)->data().chat_template == "y");
  CHECK_FALSE(open(json_text, "{").ok());
}

TEST_CASE("a model that names no unknown token has none, whatever its vocabulary holds") {
  for (const auto& [type, unknown] : {std::pair{"WordPiece", "[UNK]"}, {"WordLevel", "<unk>"}}) {
    const json j = {{"added_tokens", {{{"id", 0}, {"content", unknown}, {"special", true}}}},
                    {"pre_tokenizer", {{"type", "WhitespaceSplit"}}},
                    {"model", {{"type", type}, {"vocab", {{unknown, 0}, {"a", 1}}}}}};
    const std::string text = j.dump();
    auto made = open(text);
    REQUIRE(made.ok());
    CHECK((*made)->data().unk == -1);
    std::vector<int32_t> ids;
    REQUIRE((*made)->encode("a zz a", false, false, ids).ok());
    CHECK(ids == std::vector<int32_t>{1, 1});
  }
}
