// The pre_tokenizer of a tokenizer.json: how a text is cut into the pieces that the model sees, and what is changed in
// them. Every rule is that of Hugging Face tokenizers 0.23.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "text/tokenizer/pipeline/pattern.h"
#include "text/tokenizer/pipeline/splitter.h"

namespace infer::text::pipeline {

class PreTokenizer {
 public:
  // E_UNSUPPORTED: a type we do not know, with its place. Absent: the text is one piece.
  static Result<PreTokenizer> read(const Spec& spec);
  void run(Piece piece, Pieces& out) const { run_from(0, piece, out); }

 private:
  enum class Kind : uint8_t {
    kByteLevel,
    kMetaspace,
    kSplit,
    kWhitespace,
    kWhitespaceSplit,
    kPunctuation,
    kDigits,
    kDelimiter,
    kScripts,
    kFixedLength,
  };
  enum class Prepend : uint8_t { kNever, kFirst, kAlways };
  struct Step {
    Kind kind;
    Behavior behavior = Behavior::kIsolated;  // kSplit, kPunctuation, kDigits
    bool invert = false;                      // kSplit
    bool words = true;                        // kByteLevel: cut as GPT-2 does; kMetaspace: cut at the mark
    Prepend prepend = Prepend::kNever;        // kByteLevel, kMetaspace
    std::string mark = {};                    // kMetaspace: what stands for a space; kDelimiter
    size_t length = 0;                        // kFixedLength: characters
    std::optional<Pattern> pattern = {};      // kSplit

    void run(Piece piece, Pieces& out) const;
    void run_byte_level(Piece piece, Pieces& out) const;
    void run_metaspace(Piece piece, Pieces& out) const;
  };
  class Next;
  void run_from(size_t step, Piece piece, Pieces& out) const;
  static Status read_step(const Spec& spec, int depth, std::vector<Step>& out);
  static Result<Step> read_one(const Spec& spec, std::string_view type);
  static Result<Step> read_metaspace(const Spec& spec);

  std::vector<Step> steps_;
};

}  // namespace infer::text::pipeline
