// SentencePiece Unigram ("t5"): text through the file's charsmap and SentencePiece's treatment of spaces, then the
// Unigram model over all of it.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/precompiled.h"
#include "text/tokenizer/sentencepiece.h"
#include "text/tokenizer/unigram.h"

namespace infer::text {

class SentencePieceUnigram final : public SentencePiece {
 public:
  static Result<std::unique_ptr<SentencePieceUnigram>> create(std::shared_ptr<const TokenizerData> data);

 private:
  explicit SentencePieceUnigram(std::shared_ptr<const TokenizerData> data) : SentencePiece(std::move(data), true) {}
  Status finish() override;
  void encode_text(std::string_view text, bool more, std::vector<int32_t>& out) const override;
  std::string normalized(std::string_view text, bool more) const;

  Precompiled charsmap_;
  Unigram model_;
};

}  // namespace infer::text
