// Any bytes as a text, for both kinds and any rule: no crash, ids in range, no control token from untrusted text, a
// stream that is UTF-8, and for byte-level BPE the text back.

// link: infer_formats infer_tokenizer
#include <cstdlib>

#include "base/utf8.h"
#include "formats/model_file.h"
#include "text/tokenizer/tokenizer.h"

using namespace infer;

namespace {

// true: the answer keeps every byte of valid text (there is no normaliser).
struct Rule {
  const char* pre;
  bool lossless;
};
constexpr Rule kRules[] = {{"gpt-2", true},       {"mpt", false},    {"smollm", true},       {"llama-bpe", true},
                           {"qwen2", false},      {"qwen35", false}, {"tekken", true},       {"gpt-4o", true},
                           {"bloom", true},       {"falcon", true},  {"deepseek-llm", true}, {"deepseek-coder", true},
                           {"deepseek-v3", true}, {nullptr, false}};

void require(bool held) {
  if (!held) std::abort();  // what the fuzzer reports
}

std::unique_ptr<const text::Tokenizer> make(const Rule& rule) {
  const char* name = rule.pre ? "tiny-bpe.gguf" : "tiny-spm.gguf";
  auto file = formats::open_model(std::string(INFER_SOURCE_DIR "/tests/golden/tokenizer/") + name);
  require(file.ok());
  auto data = std::make_shared<TokenizerData>((*file)->tokenizer());
  if (rule.pre) data->pre = rule.pre;
  auto made = text::Tokenizer::create(data);
  require(made.ok());
  return made.take();
}

const std::vector<std::unique_ptr<const text::Tokenizer>>& tokenizers() {
  static const auto all = [] {
    std::vector<std::unique_ptr<const text::Tokenizer>> made;
    for (const Rule& rule : kRules) made.push_back(make(rule));
    return made;
  }();
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t which = data[0] % std::size(kRules);
  const bool trusted = data[1] & 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const text::Tokenizer& t = *tokenizers()[which];
  std::vector<int32_t> ids;
  require(t.encode(text, false, trusted, ids).ok());
  std::string streamed;
  text::Detokenizer stream(t, true);
  for (const int32_t id : ids) {
    require(id >= 0 && id < t.n_vocab());
    require(trusted || !t.is_control(id));
    stream.feed(id, streamed);
    require(valid_utf8(streamed));
  }
  stream.finish(streamed);
  std::string clean;
  append_as_utf8(clean, text);
  if (kRules[which].lossless) require(streamed == clean);
  return 0;
}
