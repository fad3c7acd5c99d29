// A tokenizer.json in a model's place, and in the place of a model's tokenizer.
#include <fstream>

#include "open.h"
#include "tests/unit/folder.h"

using namespace open_api;

namespace {

constexpr const char* kJson = R"({"added_tokens": [{"id": 1, "content": "<s>", "special": true}],
  "pre_tokenizer": {"type": "Whitespace"},
  "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
                     "special_tokens": {"<s>": {"ids": [1]}}},
  "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "Hello": 5, "world": 6}, "unk_token": "<unk>"}})";

std::string write(const infer::Folder& folder, const char* name, const std::string& text) {
  const std::string path = folder / name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

}  // namespace

TEST_CASE("a tokenizer.json opens as a model of which nothing but the tokenizer is there") {
  const infer::Folder folder;
  const std::string path = write(folder, "tokenizer.json", kJson);
  write(folder, "tokenizer_config.json", R"({"bos_token": "<s>", "chat_template": "{{ bos_token }}"})");
  auto rt = must(libinfer::Runtime::create());
  const auto whole = rt.open(path);
  REQUIRE_FALSE(bool(whole));
  CHECK(whole.error().status == INFER_E_UNSUPPORTED);
  CHECK(whole.error().message.find("no weights") != std::string::npos);
  auto model = must(rt.open(path, Options().set("model.partial", true)));
  CHECK(must(model.encode("Hello <s> world", INFER_ENCODE_SPECIAL | INFER_ENCODE_PARSE)) ==
        std::vector<int32_t>{1, 5, 1, 6});
  CHECK(must(model.encode("Hello <s>")) == std::vector<int32_t>{5, 0, 0, 0});  // untrusted: < s >
  int32_t bos = -1;
  CHECK(infer_model_special(model.get(), "bos", &bos) == INFER_OK);
  CHECK(bos == 1);
}

TEST_CASE("tokenizer.file takes the place of a model's own tokenizer, if it fits") {
  const infer::Folder folder;
  auto rt = must(libinfer::Runtime::create());
  const std::string small = write(folder, "small.json", kJson);
  auto model = must(rt.open(tiny("llama"), Options().set("tokenizer.file", small)));
  CHECK(must(model.encode("world Hello")) == std::vector<int32_t>{6, 5});
  std::string large = kJson;
  large.replace(large.find("\"world\": 6"), 10, "\"world\": 288");  // the model has 288 rows
  const auto refused = rt.open(tiny("llama"), Options().set("tokenizer.file", write(folder, "large.json", large)));
  REQUIRE_FALSE(bool(refused));
  CHECK(refused.error().status == INFER_E_INVALID);
  CHECK(refused.error().message.find("289 tokens, the model only 288") != std::string::npos);
  const auto missing = rt.open(tiny("llama"), Options().set("tokenizer.file", folder / "none.json"));
  REQUIRE_FALSE(bool(missing));
  CHECK(missing.error().status == INFER_E_NOT_FOUND);
  CHECK(missing.error().message.find("tokenizer.file") != std::string::npos);
}
