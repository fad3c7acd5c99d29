// The worst texts through every rule and kind. Quadratic work on these 64 KiB would take some ten seconds; what
// is linear takes milliseconds, and seconds at most under sanitizers or emulation.
#include <algorithm>
#include <ctime>

#include "formats/model_file.h"
#include "vocabulary.h"

using namespace infer;
using namespace infer::testing;

namespace {

constexpr size_t kBytes = 64 << 10;
constexpr double kLimit = 3;  // seconds for one text

std::string repeated(std::string_view unit) {
  std::string s;
  while (s.size() < kBytes) s += unit;
  return s;
}

std::vector<std::string> worst_texts() {
  std::vector<std::string> texts;
  for (const char* unit :
       {"a",   "A",       " ",        "\n",     "\t",          "1",          "!",      "'",
        "/",   "\xFF",    "\xF0\x9F", "\r",     " a",          "aA",         "'s",     " \n",
        "!\n", "\u0301A", "\u00E9",   "\u0301", "\u4E2D",      "\U0001F600", "\u3000", "\u1100\u1161\u11A8",
        "ab",  "he",      "\u02B0A",  "\u2581", "<|im_start|", "<think"}) {
    texts.push_back(repeated(unit));
  }
  texts.push_back(repeated(" ") + "x");
  texts.push_back("\u0301" + repeated("A") + "!");
  texts.push_back(std::string(kBytes, '\0'));
  texts.push_back("a" + repeated("\u0301\u0327"));  // every other mark moves
  return texts;
}

std::shared_ptr<TokenizerData> vocabulary(const char* name) {
  auto file = formats::open_model(std::string(INFER_SOURCE_DIR "/tests/golden/tokenizer/") + name);
  REQUIRE(file.ok());
  return std::make_shared<TokenizerData>((*file)->tokenizer());
}

void check_all(std::shared_ptr<const TokenizerData> data) {
  auto made = text::Tokenizer::create(std::move(data));
  REQUIRE(made.ok());
  for (const std::string& s : worst_texts()) {
    std::vector<int32_t> ids;
    const std::clock_t start = std::clock();  // processor time: other programs on the machine do not count
    REQUIRE((*made)->encode(s, false, true, ids).ok());
    const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    CAPTURE(s.substr(0, 12));
    CHECK(took < kLimit);
  }
}

}  // namespace

TEST_CASE("byte-level BPE is linear on repeated characters, whatever the rule") {
  for (const char* pre :
       {"gpt-2",      "mpt",    "smollm",     "llama-bpe",    "jais-2",         "qwen2",       "qwen35",
        "exaone-moe", "tekken", "gpt-4o",     "youtu",        "tiny_aya",       "kimi-k2",     "bloom",
        "superbpe",   "falcon", "chameleon",  "deepseek-llm", "deepseek-coder", "deepseek-v3", "spark2_5",
        "minicpm5",   "laguna", "seed-coder", "ufakzeka",     "viking"}) {
    CAPTURE(pre);
    auto data = vocabulary("tiny-bpe.gguf");
    data->pre = pre;
    check_all(data);
  }
}

TEST_CASE("the other kinds are linear on repeated characters") {
  for (const char* name :
       {"tiny-unigram.gguf", "tiny-unigram-bytes.gguf", "tiny-bert.gguf", "tiny-gemma.gguf", "tiny-rwkv.gguf"}) {
    CAPTURE(name);
    check_all(vocabulary(name));
  }
}

TEST_CASE("pieces as long as they may be keep Unigram and RWKV linear") {
  for (const char* name : {"tiny-unigram.gguf", "tiny-rwkv.gguf"}) {
    CAPTURE(name);
    auto data = vocabulary(name);
    for (std::string_view& token : data->tokens) {
      if (token.size() > 1 && token.find_first_not_of('a') == std::string_view::npos) token = {};
    }
    std::vector<std::string> runs;
    runs.reserve(512);
    for (size_t n = 2; n <= 512; ++n) runs.emplace_back(n, 'a');
    for (size_t i = 0, id = data->tokens.size() - runs.size(); i < runs.size(); ++i, ++id) {
      data->tokens[id] = runs[i];
      data->types[id] = TokenizerData::kNormal;
    }
    check_all(data);
  }
}

TEST_CASE("SPM is linear on repeated characters, also where words cannot be merged apart") {
  check_all(vocabulary("tiny-spm.gguf"));
  auto data = vocabulary("tiny-spm.gguf");
  const auto plain = std::find(data->types.begin(), data->types.end(), TokenizerData::kNormal) - data->types.begin();
  data->tokens[static_cast<size_t>(plain)] = "e\u2581t";  // a token across words: the whole text is one
  check_all(data);
}
