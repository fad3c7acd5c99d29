#include "text/tokenizer/tokenizer.h"

#include <algorithm>
#include <limits>

#include "base/utf8.h"
#include "text/tokenizer/bert.h"
#include "text/tokenizer/byte_level.h"
#include "text/tokenizer/pipeline/pipeline.h"
#include "text/tokenizer/rwkv.h"
#include "text/tokenizer/special_tokens.h"
#include "text/tokenizer/spm.h"
#include "text/tokenizer/spm_unigram.h"

namespace infer::text {
namespace {

constexpr std::string_view kPipeline = "tokenizer.json";  // the kind that finds special tokens itself
constexpr size_t kLongestText = size_t{1} << 30;  // bytes: places in a text then fit 32 bits, even after escaping

// Texts that end a turn or an answer in some family's chat format. Files often name one of several as EOS.
constexpr std::string_view kEndTexts[] = {
    "</s>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<end_of_turn>",
    "<eos>",
    "<EOT>",
    "<|EOT|>",
    "<|eot|>",
    "<|end_of_turn|>",
    "<|return|>",
    "<|END_OF_TURN_TOKEN|>",
    "<|user_end|>",
    "<|endofturn|>",
    "[EOS]",
    "[EOT]",
    "<end_of_utterance>",
    "<\xEF\xBD\x9C"
    "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>",
};

bool is_end_text(std::string_view text) {
  if (text.empty() || (text[0] != '<' && text[0] != '[')) return false;
  return std::ranges::find(kEndTexts, text) != std::end(kEndTexts);
}

// <|...|>, or with U+FF5C for the bar: written so that people do not write it.
bool is_markup(std::string_view text) {
  constexpr std::string_view kBar = "\xEF\xBD\x9C";
  if (text.size() < 5 || text.front() != '<' || text.back() != '>') return false;
  const std::string_view inside = text.substr(1, text.size() - 2);
  return (inside.starts_with('|') && inside.ends_with('|')) || (inside.starts_with(kBar) && inside.ends_with(kBar));
}

struct NamedId {
  const char* name;
  int32_t id;
};

Status check(const TokenizerData& data) {
  if (data.model.empty())
    return Status::unsupported("the model file has no tokenizer", "give token ids instead of text");
  const size_t n = data.tokens.size();
  if (n == 0 || n > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
    return Status::corrupt(str("a vocabulary of ", n, " tokens"));
  }
  if (!data.scores.empty() && data.scores.size() != n) {
    return Status::corrupt(str("the vocabulary has ", n, " tokens but ", data.scores.size(), " scores"));
  }
  if (!data.types.empty() && data.types.size() != n) {
    return Status::corrupt(str("the vocabulary has ", n, " tokens but ", data.types.size(), " token types"));
  }
  const NamedId named[] = {{"bos", data.bos},         {"eos", data.eos},         {"eot", data.eot},
                           {"eom", data.eom},         {"unknown", data.unk},     {"separator", data.sep},
                           {"padding", data.pad},     {"mask", data.mask},       {"cls", data.cls},
                           {"fim_pre", data.fim_pre}, {"fim_suf", data.fim_suf}, {"fim_mid", data.fim_mid}};
  for (const NamedId& t : named) {
    if (t.id < -1 || t.id >= static_cast<int64_t>(n)) {
      return Status::corrupt(str("the ", t.name, " token is ", t.id, ", but the vocabulary has ", n, " tokens"));
    }
  }
  return {};
}

Status check_length(std::string_view text) {
  if (text.size() <= kLongestText) return {};
  return Status::invalid(str("a text of ", text.size(), " bytes; at most ", kLongestText, " at once"));
}

}  // namespace

Tokenizer::Tokenizer(std::shared_ptr<const TokenizerData> data) : data_(std::move(data)) {}
Tokenizer::~Tokenizer() = default;

Result<std::unique_ptr<const Tokenizer>> Tokenizer::create(std::shared_ptr<const TokenizerData> data) {
  if (!data) return Status::invalid("no tokenizer data");
  if (data->model == kPipeline) {
    TRY_SET(auto pipeline, pipeline::Pipeline::create(*data));
    TRY(check(pipeline->data()));
    return finished(std::move(pipeline));
  }
  TRY(check(*data));
  std::unique_ptr<Tokenizer> made;
  const std::string_view kind = data->model;
  if (kind == "llama" || kind == "gemma4" || (kind == "gpt2" && SentencePieceBpe::is_pre(data->pre))) {
    TRY_SET(made, SentencePieceBpe::create(std::move(data)));
  } else if (kind == "gpt2") {
    TRY_SET(made, ByteLevelBpe::create(std::move(data)));
  } else if (kind == "t5") {
    TRY_SET(made, SentencePieceUnigram::create(std::move(data)));
  } else if (kind == "bert") {
    TRY_SET(made, BertTokenizer::create(std::move(data)));
  } else if (kind == "rwkv") {
    TRY_SET(made, RwkvTokenizer::create(std::move(data)));
  } else {
    return Status::unsupported(
        str("the tokenizer kind '", kind, "' is not supported"),
        "give token ids instead of text; supported are 'gpt2' (byte-level BPE), 'llama' and 'gemma4' (SentencePiece "
        "BPE), 't5' (SentencePiece Unigram), 'bert' (WordPiece) and 'rwkv' (longest match)");
  }
  return finished(std::move(made));
}

Result<std::unique_ptr<const Tokenizer>> Tokenizer::finished(std::unique_ptr<Tokenizer> made) {
  const TokenizerData& d = *made->data_;
  made->classify();
  if (d.model != kPipeline) TRY(made->find_special());
  TRY(made->finish());
  if (made->add_bos_ && made->before_.empty()) made->before_ = {d.bos};
  if (made->add_eos_ && made->after_.empty()) made->after_ = {d.eos};
  return std::unique_ptr<const Tokenizer>(std::move(made));
}

// Which tokens are control tokens, and which end an answer.
//
// The file's types are not always right: EOS and its kin, and user-defined tokens spelled <|like this|>, are control
// tokens even where the file calls them something else. A word that happens to be named (a newline as EOS) stays a
// word.
void Tokenizer::classify() {
  const TokenizerData& d = *data_;
  const size_t n = d.tokens.size();
  control_.assign(n, false);
  end_.assign(n, false);
  for (const int32_t id : {d.eos, d.eot, d.eom}) {
    if (id >= 0) end_[static_cast<size_t>(id)] = true;
  }
  for (size_t id = 0; id < n; ++id) {
    const std::string_view text = d.tokens[id];
    const auto kind = type(id);
    const bool user_defined = kind == TokenizerData::kUserDefined;
    const bool end_text = is_end_text(text);
    control_[id] = kind == TokenizerData::kControl || kind == TokenizerData::kUnknown || end_text ||
                   (user_defined && is_markup(text));
    if (end_text) end_[id] = true;
  }
  if (d.add_bos >= 0) add_bos_ = d.add_bos == 1;
  if (d.add_eos >= 0) add_eos_ = d.add_eos == 1;
  add_bos_ = add_bos_ && d.bos >= 0;
  add_eos_ = add_eos_ && d.eos >= 0;
}

// Which tokens are looked for in a text.
Status Tokenizer::find_special() {
  std::vector<SpecialTokens::Entry> entries;
  for (size_t id = 0; id < control_.size(); ++id) {
    if (control_[id] || type(id) == TokenizerData::kUserDefined)
      entries.push_back({data_->tokens[id], static_cast<int32_t>(id), control_[id]});
  }
  TRY_SET(auto special, SpecialTokens::create(entries));
  special_ = std::make_unique<const SpecialTokens>(std::move(special));
  return {};
}

Status Tokenizer::encode(std::string_view text, bool add_special, std::span<const Range> trusted,
                         std::vector<int32_t>& out) const {
  TRY(check_length(text));
  size_t last = 0;
  for (const Range& r : trusted) {
    if (r.begin < last || r.end < r.begin || r.end > text.size()) {
      return Status::invalid(str("trusted range ", r.begin, "..", r.end, " of a text of ", text.size(),
                                 " bytes overlaps the one before or lies outside"));
    }
    last = r.end;
  }
  if (add_special) out.insert(out.end(), before_.begin(), before_.end());
  TRY(encode_all(text, /*more=*/false, trusted, out));
  if (add_special) out.insert(out.end(), after_.begin(), after_.end());
  return {};
}

Status Tokenizer::encode_more(std::string_view text, bool parse_special, std::vector<int32_t>& out) const {
  TRY(check_length(text));
  const Range all{0, text.size()};
  return encode_all(text, /*more=*/true, std::span<const Range>(&all, parse_special ? 1 : 0), out);
}

Status Tokenizer::encode_all(std::string_view text, bool more, std::span<const Range> trusted,
                             std::vector<int32_t>& out) const {
  std::string clean;
  for (const Stretch& s : special_->cut(text, trusted)) {
    if (s.id >= 0) {
      out.push_back(s.id);
      continue;
    }
    std::string_view plain = text.substr(s.begin, s.end - s.begin);
    if (!valid_utf8(plain)) {
      clean.clear();
      append_as_utf8(clean, plain);
      plain = clean;
    }
    encode_text(plain, more && s.begin == 0, out);
  }
  return {};
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool special) const {
  std::string out;
  bool first = true;
  int32_t previous = -1;
  for (const int32_t id : ids) {
    append_next(id, previous, special, first, out);
    first = first && is_control(id);
    if (special || !is_control(id)) previous = id;
  }
  return out;
}

void Detokenizer::feed(int32_t id, std::string& out) {
  tokenizer_->append_next(id, previous_, special_, first_, held_);
  first_ = first_ && tokenizer_->is_control(id);
  if (special_ || !tokenizer_->is_control(id)) previous_ = id;
  size_t at = 0;
  while (at < held_.size()) {
    const Utf8 c = decode_utf8(held_, at);
    if (c.cut) break;
    if (c.valid) {
      out.append(held_, at, c.length);
    } else {
      append_utf8(out, kReplacement);
    }
    at += c.length;
  }
  held_.erase(0, at);
}

void Detokenizer::finish(std::string& out) {
  append_as_utf8(out, held_);
  held_.clear();
}

}  // namespace infer::text
