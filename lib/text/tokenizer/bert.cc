#include "text/tokenizer/bert.h"

#include <algorithm>

#include "text/tokenizer/sentencepiece.h"

namespace infer::text {
namespace {

constexpr size_t kMostCharacters = 100;  // of a word, in every published BERT

class WordSink final : public PieceSink {
 public:
  WordSink(const WordPiece& model, std::vector<int32_t>& out) : model_(&model), out_(&out) {}
  void piece(std::string_view word) override { model_->append(word, *out_); }

 private:
  const WordPiece* model_;
  std::vector<int32_t>* out_;
};

}  // namespace

Result<std::unique_ptr<BertTokenizer>> BertTokenizer::create(std::shared_ptr<const TokenizerData> data) {
  std::unique_ptr<BertTokenizer> bert(new BertTokenizer(std::move(data)));
  const TokenizerData& d = *bert->data_;
  bert->rules_.lowercase = d.lowercase != 0;
  bert->rules_.strip_accents = d.strip_accents < 0 ? bert->rules_.lowercase : d.strip_accents == 1;
  int32_t first = d.cls >= 0 ? d.cls : d.bos, last = d.sep >= 0 ? d.sep : d.eos;
  bert->unknown_ = d.unk;
  // Not every converter writes all of these; the texts are the same in every BERT.
  const std::pair<std::string_view, int32_t*> named[] = {
      {"[CLS]", &first}, {"[SEP]", &last}, {"[UNK]", &bert->unknown_}};
  for (const auto& [text, id] : named) {
    const auto found = std::ranges::find(d.tokens, text);
    if (*id < 0 && found != d.tokens.end()) *id = static_cast<int32_t>(found - d.tokens.begin());
  }
  if (first >= 0) bert->before_ = {first};
  if (last >= 0) bert->after_ = {last};
  return bert;
}

Status BertTokenizer::finish() {
  // Files also say whether to add BOS and EOS, which this kind does not have.
  add_bos_ = !before_.empty();
  add_eos_ = !after_.empty();
  std::vector<WordPiece::Piece> pieces;
  pieces.reserve(data_->tokens.size());
  for (size_t i = 0; i < data_->tokens.size(); ++i) {
    const int32_t id = static_cast<int32_t>(i);
    std::string_view text = data_->tokens[i];
    if (is_control(id)) continue;
    const bool begins = text.starts_with(kSpaceMark);
    if (begins) text.remove_prefix(kSpaceMark.size());
    pieces.push_back({text, id, !begins});
  }
  TRY_SET(model_, WordPiece::create(pieces, {unknown_, kMostCharacters}));
  return {};
}

void BertTokenizer::encode_text(std::string_view text, bool /*more*/, std::vector<int32_t>& out) const {
  WordSink sink(model_, out);
  split_bert(bert_normalized(text, rules_), sink);
}

// A space before each word but the first, and none before the marks that end a sentence or a part of it.
void BertTokenizer::append_piece(int32_t id, bool special, bool first, std::string& out) const {
  std::string_view token = data_->tokens[static_cast<size_t>(id)];
  if (is_control(id)) {
    if (special) out += token;
    return;
  }
  if (token.starts_with(kSpaceMark)) {
    token.remove_prefix(kSpaceMark.size());
    const bool mark = !token.empty() && std::string_view(".?!,").find(token[0]) != std::string_view::npos;
    if (!first && !mark) out += ' ';
  }
  out += token;
}

}  // namespace infer::text
