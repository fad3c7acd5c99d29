// The decoder of a tokenizer.json: tokens into text. Streaming: what a token adds must follow from it and the tokens
// before it, so a decoder that wants to see the end of a text first is refused.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/pipeline/pattern.h"

namespace infer::text::pipeline {

class Decoder {
 public:
  // E_UNSUPPORTED: a type we do not know, or that cannot stream, with its place. Absent: tokens with spaces between.
  static Result<Decoder> read(const Spec& spec);

  struct Token {
    std::string_view text;
    bool added;  // it stands beside the model's vocabulary: byte-level spelling is not undone
    bool first;  // nothing stands before it
    std::optional<std::string_view> previous;  // the token before it, where there is one
  };
  // Bytes; together they are UTF-8, as far as the tokens are.
  void append(const Token& token, std::string& out) const;

 private:
  enum class Kind : uint8_t {
    kByteLevel,
    kWordPiece,
    kMetaspace,
    kBpe,
    kByteFallback,
    kFuse,
    kStrip,
    kReplace,
    kCtc,
    kSpaces
  };
  struct Step {
    Kind kind;
    std::string text = {};                // the prefix, mark, suffix, padding or what is put in a match's place
    std::string delimiter = {};           // kCtc: between words
    bool cleanup = false;                 // kWordPiece, kCtc
    bool whole = false;                   // kStrip: of the text, not of each token
    size_t start = 0, stop = 0;           // kStrip: characters at either end
    bool prepends = true;                 // kMetaspace: the first token's mark is not text
    std::optional<Pattern> pattern = {};  // kReplace

    // most: bytes that the token may become.
    void apply(const Token& token, std::string& s, size_t most) const;
  };
  static Status read_step(const Spec& spec, int depth, std::vector<Step>& out);
  static Result<Step> read_one(const Spec& spec, std::string_view type, bool fused);

  std::vector<Step> steps_;
};

}  // namespace infer::text::pipeline
