#include "engine/constrained.h"

namespace infer::engine {

bool Constrained::accept(int32_t token) {
  bytes_.clear();
  tokenizer_->append_piece(token, /*special=*/false, /*first=*/false, bytes_);
  return constraint_->accept(place_, bytes_);
}

bool Constrained::complete() { return constraint_->ended(place_); }

void Constrained::forced(std::vector<int32_t>& tokens) {
  constexpr size_t kMost = 4096;  // bytes at a time
  tokens.clear();
  const std::string text = constraint_->forced(place_, kMost);
  if (text.empty() || !tokenizer_->encode(text, /*add_special=*/false, /*parse_special=*/false, tokens).ok())
    return tokens.clear();
  const text::TokenTrie& trie = constraint_->trie();
  size_t at = 0, kept = 0;
  for (; kept < tokens.size() && !trie.continues(std::string_view(text).substr(at)); ++kept) {
    bytes_.clear();
    tokenizer_->append_piece(tokens[kept], /*special=*/false, /*first=*/false, bytes_);
    // Some tokenizers write more than the text, or break a character that is not whole: then the model says it.
    if (bytes_.empty() || text.compare(at, bytes_.size(), bytes_) != 0) break;
    at += bytes_.size();
  }
  tokens.resize(kept);
  (void)constraint_->accept(place_, std::string_view(text).substr(0, at));
}

}  // namespace infer::engine
