// The added_tokens of a tokenizer.json: texts that are tokens before anything else looks at a text, some in the text as
// it is, some (normalized) in what the normalizer made of it.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "text/tokenizer/pipeline/document.h"
#include "text/tokenizer/pipeline/model.h"
#include "text/tokenizer/pipeline/normalizer.h"
#include "text/tokenizer/special_tokens.h"

namespace infer::text::pipeline {

struct AddedToken {
  std::string text;
  int32_t id = -1;
  bool special = false;              // a control token
  bool left = false, right = false;  // white space on that side is part of it
  bool single_word = false;          // not inside of a word
  bool normalized = true;
};

// Ids are the vocabulary's where that has the text, else what the file says.
Result<std::vector<AddedToken>> read_added_tokens(const Document& document, const Vocabulary& vocabulary);

class AddedTokens {
 public:
  // is_control: [n_vocab]
  static Result<AddedTokens> create(std::vector<AddedToken> tokens, const std::vector<bool>& is_control,
                                    const Normalizer& normalizer);

  // Tokens (id >= 0) and what lies between, in the text as it is. Control tokens are found only inside `trusted`; those
  // that are normalized, too, when only a part of the text is trusted: what the normalizer makes has no places.
  std::vector<Stretch> cut(std::string_view text, std::span<const Range> trusted) const;
  // In what the normalizer made.
  std::vector<Stretch> cut_normalized(std::string_view text, bool trusted) const;
  static bool all_trusted(std::string_view text, std::span<const Range> trusted) {
    return trusted.size() == 1 && trusted[0].begin == 0 && trusted[0].end == text.size();
  }

 private:
  std::vector<Stretch> cut_by(const SpecialTokens& search, std::string_view text, std::span<const Range> trusted) const;

  std::vector<AddedToken> tokens_;
  // What each finds is a place in tokens_.
  std::optional<SpecialTokens> raw_, raw_and_control_, normalized_;
};

}  // namespace infer::text::pipeline
