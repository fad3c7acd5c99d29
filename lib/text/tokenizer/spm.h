// SentencePiece BPE: the whole text, spaces written as U+2581, merged from characters; a character that is no token is
// spelled in byte tokens. What merges first: what makes the token of the highest score ("llama"), or the pair that
// comes first in a list of merges, as in byte-level BPE ("gemma4").
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/sentencepiece.h"
#include "text/tokenizer/vocabulary.h"

namespace infer::text {

class SentencePieceBpe final : public SentencePiece {
 public:
  static Result<std::unique_ptr<SentencePieceBpe>> create(std::shared_ptr<const TokenizerData> data);
  // Names of tokenizer.ggml.pre that mean this kind with merges where the model is "gpt2".
  static bool is_pre(std::string_view name);

 private:
  SentencePieceBpe(std::shared_ptr<const TokenizerData> data, bool by_score)
      : SentencePiece(std::move(data), by_score), by_score_(by_score) {}
  Status finish() override;
  void encode_text(std::string_view text, bool more, std::vector<int32_t>& out) const override;
  std::string escaped(std::string_view text, bool more) const;
  bool usable(int32_t id) const { return id >= 0 && rank_[static_cast<size_t>(id)] != UINT32_MAX; }
  friend class PieceMerger;

  TextIndex index_;
  MergeIndex merges_;
  std::vector<uint32_t> rank_;  // [n_vocab] order of scores, best first; UINT32_MAX: text never becomes this token
  bool by_score_;
  bool words_ = false;   // no token spells a space after something else: text can be merged word by word
  bool unused_ = false;  // some tokens are marked unused: merging may pass through them but not end there
};

}  // namespace infer::text
