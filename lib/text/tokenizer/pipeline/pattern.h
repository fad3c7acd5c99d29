// What Split and Replace look for: a text, or a regular expression.
#pragma once
#include <optional>
#include <string>

#include "text/tokenizer/pipeline/document.h"
#include "text/tokenizer/pipeline/regex.h"
#include "text/tokenizer/scan.h"

namespace infer::text::pipeline {

class Pattern {
 public:
  // {"String": "..."} or {"Regex": "..."}
  static Result<Pattern> read(const Spec& spec);

  // f(begin, end) for each match, left to right.
  template <class F>
  void each_match(std::string_view text, F f) const {
    if (regex_) return regex_->each_match(text, f);
    if (literal_.empty()) return;
    for (size_t at = 0; (at = text.find(literal_, at)) != std::string_view::npos; at += literal_.size())
      f(at, at + literal_.size());
  }
  // A scanner that cuts a text as the published expression does: every match a piece, and what lies between two.
  // nullptr: this is not one of those.
  infer::text::Stage scanner() const { return scanner_; }
  // It matches single characters only, so that it finds the same in a text and in its parts.
  bool one_character() const;

 private:
  std::string literal_;
  std::optional<Regex> regex_;
  infer::text::Stage scanner_ = nullptr;
};

}  // namespace infer::text::pipeline
