// Plain data between formats/ (which reads it) and text/tokenizer (which builds the tables).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infer {

// What a GGUF file says about its vocabulary, or a Hugging Face folder converted to the same terms.
// The strings are views into `backing` (the mapped file): nothing is copied for 100,000 tokens.
struct TokenizerData {
  enum TokenType : int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

  // tokenizer.ggml.model: "gpt2" (byte-level BPE), "llama" (SPM), ...; "tokenizer.json": all that it says is in `json`,
  // not here; empty: no tokenizer
  std::string model;
  std::string pre;                       // tokenizer.ggml.pre: the pre-tokenizer's name; may be empty
  std::vector<std::string_view> tokens;  // [n_vocab]
  std::vector<float> scores;             // [n_vocab] or empty
  std::vector<int32_t> types;            // [n_vocab] TokenType or empty
  std::vector<std::string_view> merges;  // [n_merges] "left right", in order of rank
  int32_t bos = -1, eos = -1, eot = -1, eom = -1, unk = -1, sep = -1, pad = -1, mask = -1, cls = -1;  // -1: not named
  int32_t fim_pre = -1, fim_suf = -1, fim_mid = -1;
  // -1: the file does not say (the tokenizer kind decides), else 0 or 1.
  int8_t add_bos = -1, add_eos = -1, add_sep = -1, add_space_prefix = -1, remove_extra_whitespaces = -1;
  int8_t lowercase = -1, strip_accents = -1;  // BERT's normaliser
  std::vector<char> precompiled_charsmap;     // Unigram's normaliser; unused by SPM BPE
  std::string chat_template;                  // Jinja source; empty: none
  std::string_view json, json_config;         // texts of tokenizer.json and, where there is one, tokenizer_config.json
  std::shared_ptr<const void> backing;        // keeps the views alive
};

}  // namespace infer
