// The model of a tokenizer.json: a piece of text into ids. BPE is here; WordPiece, Unigram and WordLevel use what
// GGUF's kinds use.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/merger.h"
#include "text/tokenizer/pipeline/document.h"

namespace infer::text::pipeline {

// What encoding needs and may keep from piece to piece.
struct Scratch {
  Merger merger;
  std::vector<Symbol> symbols;
  std::string text;
};

class Model {
 public:
  virtual ~Model() = default;
  // piece: not empty.
  virtual void append(std::string_view piece, Scratch& scratch, std::vector<int32_t>& out) const = 0;

  // `vocabulary` is of `document`; both outlive the model. E_UNSUPPORTED: a type that we do not know; E_CORRUPT: what
  // does not fit together.
  static Result<std::unique_ptr<const Model>> read(const Document& document, const class Vocabulary& vocabulary);
};

// The tokens of a document by their text.
class Vocabulary {
 public:
  // Views into `document`.
  static Result<std::unique_ptr<Vocabulary>> create(const Document& document);
  // Text must not become what `is_control` [n_vocab] says: find() no longer finds it.
  void forbid(const std::vector<bool>& is_control);
  int32_t find(std::string_view text) const {  // -1: none, or a control token
    const int32_t at = index_.find(text);
    return at < 0 || !allowed_[static_cast<size_t>(at)] ? -1 : ids_[static_cast<size_t>(at)];
  }
  int32_t find_any(std::string_view text) const {  // a control token, too
    const int32_t at = index_.find(text);
    return at < 0 ? -1 : ids_[static_cast<size_t>(at)];
  }

 private:
  Vocabulary() = default;
  std::vector<std::string_view> texts_;
  std::vector<int32_t> ids_;
  std::vector<bool> allowed_;
  TextIndex index_;  // of texts_
};

Result<std::unique_ptr<const Model>> read_bpe(const Document& document, const Vocabulary& vocabulary);

}  // namespace infer::text::pipeline
