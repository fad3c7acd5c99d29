// BERT ("bert"): normalised, cut at spaces and punctuation, each word by WordPiece; [CLS] before and [SEP] behind. In a
// GGUF file a piece that begins a word has U+2581 before it, one that goes on with a word has nothing.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/bert_normalizer.h"
#include "text/tokenizer/tokenizer.h"
#include "text/tokenizer/wordpiece.h"

namespace infer::text {

class BertTokenizer final : public Tokenizer {
 public:
  static Result<std::unique_ptr<BertTokenizer>> create(std::shared_ptr<const TokenizerData> data);
  void append_piece(int32_t id, bool special, bool first, std::string& out) const override;

 private:
  using Tokenizer::Tokenizer;
  Status finish() override;
  void encode_text(std::string_view text, bool more, std::vector<int32_t>& out) const override;

  BertRules rules_;
  int32_t unknown_ = -1;
  WordPiece model_;
};

}  // namespace infer::text
