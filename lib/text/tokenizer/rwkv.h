// RWKV World ("rwkv"): at each place of the text the longest token. Tokens are any bytes, written in the file as Python
// writes them between quotes: \n, \\, \xE4 ...
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/piece_trie.h"
#include "text/tokenizer/tokenizer.h"

namespace infer::text {

class RwkvTokenizer final : public Tokenizer {
 public:
  static Result<std::unique_ptr<RwkvTokenizer>> create(std::shared_ptr<const TokenizerData> data);
  void append_piece(int32_t id, bool special, bool first, std::string& out) const override;

 private:
  using Tokenizer::Tokenizer;
  Status finish() override;
  void encode_text(std::string_view text, bool more, std::vector<int32_t>& out) const override;

  PieceTrie trie_;
};

}  // namespace infer::text
