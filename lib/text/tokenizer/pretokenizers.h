// What a GGUF file's tokenizer.ggml.pre means: one row per name.
#pragma once
#include <span>
#include <string_view>

#include "text/tokenizer/scan.h"

namespace infer::text {

struct PreTokenizer {
  std::string_view name;
  std::span<const Stage> stages;
  bool nfc;          // the tokenizer normalises to NFC before anything else
  bool whole_words;  // a word that is a token is that token, whatever the merges say ("ignore_merges")
  bool adds_bos;     // when the file does not say
};

// nullptr: not one we know.
const PreTokenizer* find_pretokenizer(std::string_view name);

}  // namespace infer::text
