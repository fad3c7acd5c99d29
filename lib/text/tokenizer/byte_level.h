// Byte-level BPE ("gpt2"): words cut by the model's scanner, each merged by rank from single bytes.
//
// Token texts in the file are written in GPT-2's alphabet: one printable character for each of the 256 bytes.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/borders.h"
#include "text/tokenizer/encode_cache.h"
#include "text/tokenizer/pretokenizers.h"
#include "text/tokenizer/tokenizer.h"
#include "text/tokenizer/vocabulary.h"

namespace infer::text {

class ByteLevelBpe final : public Tokenizer {
 public:
  static Result<std::unique_ptr<ByteLevelBpe>> create(std::shared_ptr<const TokenizerData> data);
  void append_piece(int32_t id, bool special, bool first, std::string& out) const override;

 private:
  ByteLevelBpe(std::shared_ptr<const TokenizerData> data, const PreTokenizer& pre)
      : Tokenizer(std::move(data)), pre_(&pre) {}
  Status finish() override;
  void encode_text(std::string_view text, bool more, std::vector<int32_t>& out) const override;
  int32_t whole_word(std::string_view word) const;
  PairIndex::Found merge_of(int32_t left, int32_t right, uint64_t hash, std::string& buffer) const;
  friend class WordSink;

  const PreTokenizer* pre_;
  TextIndex index_;
  MergeIndex merges_;
  Borders borders_;
  std::array<int32_t, 256> byte_id_{};  // -1: the vocabulary lacks this byte; it is left out, as tokenizers does
  bool all_bytes_ = true;               // it lacks none
  size_t longest_token_ = 0;            // bytes, written in the alphabet
  mutable CachePool caches_;
};

}  // namespace infer::text
