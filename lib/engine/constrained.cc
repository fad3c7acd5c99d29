#include "engine/constrained.h"

#include <algorithm>

#include "text/constraint/control_code.h"

namespace infer::engine {
namespace {

using text::ControlCode;

// What a token adds to a text, as constraints see it.
void append_bytes(const text::Tokenizer& t, int32_t token, std::string& out) {
  std::string piece;
  if (!t.is_end(token)) t.append_piece(token, /*special=*/false, /*first=*/false, piece);
  ControlCode::hide(piece);
  out += piece;
  if (piece.empty() && token < ControlCode::kMostTokens) ControlCode::append(out, token, t.is_end(token));
}

}  // namespace

std::shared_ptr<const text::TokenTrie> make_trie(const text::Tokenizer& tokenizer) {
  std::vector<std::string> tokens(static_cast<size_t>(tokenizer.n_vocab()));
  std::vector<int32_t> ends;
  std::vector<text::TokenTrie::Control> controls;
  for (int32_t id = 0; id < tokenizer.n_vocab(); ++id) {
    append_bytes(tokenizer, id, tokens[static_cast<size_t>(id)]);
    if (tokenizer.is_end(id)) ends.push_back(id);
    if (!tokenizer.is_control(id) || id >= ControlCode::kMostTokens) continue;
    controls.push_back({{}, id});
    tokenizer.append_piece(id, /*special=*/true, /*first=*/false, controls.back().text);
  }
  return std::make_shared<const text::TokenTrie>(tokens, std::move(ends), controls);
}

bool Constrained::accept(int32_t token) {
  bytes_.clear();
  append_bytes(*tokenizer_, token, bytes_);
  return constraint_->accept(place_, bytes_);
}

bool Constrained::complete() { return constraint_->ended(place_); }

void Constrained::forced(std::vector<int32_t>& tokens) {
  constexpr size_t kMost = 4096;  // bytes at a time
  tokens.clear();
  const std::string all = constraint_->forced(place_, kMost);
  for (std::string_view rest = all; !rest.empty();) {
    if (const auto control = ControlCode::read(rest)) {
      tokens.push_back(*control);
      (void)constraint_->accept(place_, rest.substr(0, ControlCode::kBytes));
      rest.remove_prefix(ControlCode::kBytes);
      continue;
    }
    const size_t n = ControlCode::find(rest);
    if (n == 0 || !force_text(rest.substr(0, n), n != rest.npos, tokens) || n == rest.npos) return;
    rest.remove_prefix(n);
  }
}

// whole: no token goes on behind the text. False: not all of it is forced.
bool Constrained::force_text(std::string_view text, bool whole, std::vector<int32_t>& tokens) {
  std::vector<int32_t> cut;
  if (!tokenizer_->encode_more(text, /*parse_special=*/false, cut).ok()) return false;
  const text::TokenTrie& trie = constraint_->trie();
  size_t at = 0;
  for (const int32_t token : cut) {
    if (!whole && trie.continues(text.substr(at))) break;
    bytes_.clear();
    append_bytes(*tokenizer_, token, bytes_);
    // Some tokenizers write more than the text, or break a character that is not whole: then the model says it.
    if (!text.substr(at).starts_with(bytes_)) break;
    at += bytes_.size();
    tokens.push_back(token);
  }
  (void)constraint_->accept(place_, text.substr(0, at));
  return at == text.size();
}

}  // namespace infer::engine
