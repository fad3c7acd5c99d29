// What BERT's tokenizers do to a text before WordPiece, as Hugging Face's BertNormalizer and BertPreTokenizer do it.
#pragma once
#include <string>
#include <string_view>

#include "text/tokenizer/scan.h"

namespace infer::text {

struct BertRules {
  bool clean = true;      // controls are left out, every kind of white space is one space
  bool split_cjk = true;  // spaces around each ideograph
  bool strip_accents = true;
  bool lowercase = true;
};

// `text` is valid UTF-8.
std::string bert_normalized(std::string_view text, const BertRules& rules);

// Words between white space, and each punctuation mark alone.
void split_bert(std::string_view text, PieceSink& out);

}  // namespace infer::text
