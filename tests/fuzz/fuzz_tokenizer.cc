// Any bytes as a text, for all kinds and any rule: no crash, ids in range, no control token from untrusted text, a
// stream that is UTF-8, and where no byte is lost the text back. And any bytes as a charsmap.

// link: infer_formats infer_tokenizer
#include <algorithm>
#include <cstdlib>

#include "base/utf8.h"
#include "formats/model_file.h"
#include "text/tokenizer/precompiled.h"
#include "text/tokenizer/tokenizer.h"

using namespace infer;

namespace {

// true: the answer keeps every byte of valid text (there is no normaliser).
struct Rule {
  const char* pre;
  bool lossless;
};
// New ones at the end: the corpus names rules by their place. Those that begin with tiny- are vocabularies of other
// kinds.
constexpr Rule kRules[] = {{"gpt-2", true},
                           {"mpt", false},
                           {"smollm", true},
                           {"llama-bpe", true},
                           {"qwen2", false},
                           {"qwen35", false},
                           {"tekken", true},
                           {"gpt-4o", true},
                           {"bloom", true},
                           {"falcon", true},
                           {"deepseek-llm", true},
                           {"deepseek-coder", true},
                           {"deepseek-v3", true},
                           {"tiny-spm.gguf", false},
                           {"tiny-unigram.gguf", false},
                           {"tiny-unigram-bytes.gguf", false},
                           {"tiny-bert.gguf", false},
                           {"tiny-gemma.gguf", false},
                           {"tiny-rwkv.gguf", true},
                           {"minicpm5", true},
                           {"jais-2", true},
                           {"laguna", true},
                           {"seed-coder", true},
                           {"ufakzeka", true},
                           {"exaone-moe", true},
                           {"tiny_aya", true},
                           {"youtu", true},
                           {"kimi-k2", true},
                           {"viking", true},
                           {"superbpe", true},
                           {"chameleon", true},
                           {"spark2_5", true}};

void require(bool held) {
  if (!held) std::abort();  // what the fuzzer reports
}

std::unique_ptr<const text::Tokenizer> make(const Rule& rule) {
  const std::string name = rule.pre;
  const bool own = name.ends_with(".gguf");
  auto file = formats::open_model(INFER_SOURCE_DIR "/tests/golden/tokenizer/" + (own ? name : "tiny-bpe.gguf"));
  require(file.ok());
  auto data = std::make_shared<TokenizerData>((*file)->tokenizer());
  if (!own) data->pre = name;
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

// A charsmap of any bytes: what it finds lies inside it and inside the text, and is not long.
void try_charsmap(std::string_view data) {
  const size_t n = std::min<size_t>(data.size(), 4 + data.size() / 2);
  const std::string_view blob = data.substr(0, n);
  const auto map = text::Precompiled::create(blob);
  if (!map.ok()) return;
  for (std::string_view text = data.substr(n); !text.empty(); text.remove_prefix(1)) {
    for (const auto& found : {map->longest(text), map->shortest(text)}) {
      require(found.length <= text.size() && found.replacement.size() <= text::Precompiled::kLongest);
      require(found.replacement.size() <= found.length * text::Precompiled::kMostGrowth);
      require(found.length == 0 || (found.replacement.data() >= blob.data() &&
                                    found.replacement.data() + found.replacement.size() < blob.data() + blob.size()));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  if (data[0] == 255) return try_charsmap({reinterpret_cast<const char*>(data) + 1, size - 1}), 0;
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
    require(trusted || !t.is_control(id) || id == t.data().unk);  // what is unknown becomes the unknown token
    stream.feed(id, streamed);
    require(valid_utf8(streamed));
  }
  stream.finish(streamed);
  std::string clean;
  append_as_utf8(clean, text);
  if (kRules[which].lossless) require(streamed == clean);
  return 0;
}
