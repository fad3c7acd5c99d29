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

TEST_CASE("all that a tokenizer puts before a text stands before a prompt's, a request's and a chat's") {
  const infer::Folder folder;
  std::string two = kJson;  // <s> Hello before each text, as ChatGLM has [gMASK] <sop>
  two.replace(two.find("{\"ids\": [1]}"), 12, "{\"ids\": [1, 5]}");
  auto rt = must(libinfer::Runtime::create());
  const std::string path = write(folder, "two.json", two);
  // A chat template writes it or does not.
  for (const char* chat : {"{{ messages[0].content }}", "<s> Hello {{ messages[0].content }}"}) {
    auto model = must(rt.open(tiny("llama"), Options().set("tokenizer.file", path).set("chat.template", chat)));
    auto engine = must(model.engine(Options().set("device", "reference")));
    const std::vector<int32_t> ids = must(model.encode("world", INFER_ENCODE_SPECIAL));
    CHECK(ids == std::vector<int32_t>{1, 5, 6});
    auto by_tokens = must(engine.tokens(ids, greedy(8)));
    const Answer wanted = collect(by_tokens);
    auto by_text = must(engine.text("world", greedy(8)));
    CHECK(collect(by_text).tokens == wanted.tokens);
    auto prompt = must(engine.prompt(greedy(8)));
    REQUIRE(prompt.append("world"));
    auto by_prompt = must(prompt.stream("x"));
    CHECK(collect(by_prompt).tokens == wanted.tokens);
    auto by_chat = must(engine.chat({{"user", "world"}}, greedy(8)));
    CHECK(collect(by_chat).tokens == wanted.tokens);
  }
  // It stays where a prompt is cut on the left.
  auto model = must(rt.open(tiny("llama"), Options().set("tokenizer.file", path)));
  auto engine = must(model.engine(Options().set("device", "reference").set("context.max", 20)));
  std::vector<int32_t> ids{1, 5};
  for (int32_t i = 0; i < 28; ++i) ids.push_back(10 + i);
  auto cut = must(engine.tokens(ids, greedy(5).set("ignore_end", 1).set("prompt.truncate", "left")));
  ids.erase(ids.begin() + 2, ids.begin() + 17);
  auto direct = must(engine.tokens(ids, greedy(5).set("ignore_end", 1)));
  CHECK(collect(cut).tokens == collect(direct).tokens);
  CHECK(must(cut.usage()).prompt_tokens == 15);
}

TEST_CASE("a tokenizer_config.json that cannot be read is not passed over") {
  const infer::Folder folder;
  const std::string path = write(folder, "tokenizer.json", kJson);
  auto rt = must(libinfer::Runtime::create());
  CHECK(bool(rt.open(path, Options().set("model.partial", true))));
  std::filesystem::create_directory(folder.path / "tokenizer_config.json");
  const auto refused = rt.open(path, Options().set("model.partial", true));
  REQUIRE_FALSE(bool(refused));
  CHECK(refused.error().message.find("tokenizer_config.json") != std::string::npos);
}
