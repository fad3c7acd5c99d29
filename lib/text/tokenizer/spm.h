// SentencePiece BPE ("llama"): the whole text, spaces written as U+2581, merged from characters by the score of what a
// merge makes; a character that is no token is spelled in byte tokens.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/tokenizer.h"
#include "text/tokenizer/vocabulary.h"

namespace infer::text {

class SentencePieceBpe final : public Tokenizer {
 public:
  static Result<std::unique_ptr<SentencePieceBpe>> create(std::shared_ptr<const TokenizerData> data);
  void append_piece(int32_t id, bool special, bool first, std::string& out) const override;

 private:
  using Tokenizer::Tokenizer;
  Status finish() override;
  void encode_text(std::string_view text, std::vector<int32_t>& out) const override;
  std::string escaped(std::string_view text) const;
  bool usable(int32_t id) const { return id >= 0 && rank_[static_cast<size_t>(id)] != UINT32_MAX; }
  friend class PieceMerger;

  TextIndex index_;
  std::vector<uint32_t> rank_;  // [n_vocab] order of scores, best first; UINT32_MAX: text never becomes this token
  std::array<int32_t, 256> byte_id_{};  // -1: there is no such byte token
  bool space_prefix_ = true;
  bool words_ = false;   // no token spells a space after something else: text can be merged word by word
  bool unused_ = false;  // some tokens are marked unused: merging may pass through them but not end there
};

}  // namespace infer::text
