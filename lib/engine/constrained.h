// Where a request's answer is in what it must be (text/constraint): which tokens may come next, whether it is complete,
// and what follows whatever the model thinks of it. The engine's thread.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/constraint/constraint.h"
#include "text/tokenizer/tokenizer.h"

namespace infer::engine {

// What constraints know of a vocabulary.
std::shared_ptr<const text::TokenTrie> make_trie(const text::Tokenizer& tokenizer);

class Constrained {
 public:
  // Without a constraint: says that all tokens may come.
  Constrained(std::shared_ptr<text::Constraint> constraint, std::shared_ptr<const text::Tokenizer> tokenizer)
      : constraint_(std::move(constraint)), tokenizer_(std::move(tokenizer)) {}
  explicit operator bool() const { return constraint_ != nullptr; }

  // mask [words], a bit per token. False: none may come.
  bool mask(std::span<uint32_t> mask) { return constraint_->mask(place_, mask); }
  // A chosen token. False: it may not come.
  bool accept(int32_t token);
  bool complete();  // the answer may end, and nothing may follow
  // Tokens that must come next: of text as the tokenizer cuts it, as far as no longer token could take their place once
  // more text is known. They are accepted.
  void forced(std::vector<int32_t>& tokens);

 private:
  bool force_text(std::string_view text, bool whole, std::vector<int32_t>& tokens);

  std::shared_ptr<text::Constraint> constraint_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  text::Constraint::Place place_;
  std::string bytes_;  // of a token
};

}  // namespace infer::engine
