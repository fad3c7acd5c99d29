// The normalizer of a tokenizer.json: what is done to a text before it is cut. Every rule is that of Hugging Face
// tokenizers 0.23.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "text/tokenizer/bert_normalizer.h"
#include "text/tokenizer/pipeline/pattern.h"
#include "text/tokenizer/precompiled.h"

namespace infer::text::pipeline {

class Normalizer {
 public:
  // E_UNSUPPORTED: a type we do not know, with its place. Absent: no steps.
  static Result<Normalizer> read(const Spec& spec);
  // `text`: valid UTF-8 before and after. E_UNSUPPORTED: it grows beyond measure.
  Status apply(std::string& text) const;

 private:
  enum class Kind : uint8_t {
    kNfc,
    kNfd,
    kNfkc,
    kNfkd,
    kStrip,
    kStripAccents,
    kBert,
    kReplace,
    kPrepend,
    kNmt,
    kByteLevel,
    kPrecompiled,
  };
  struct Step {
    Kind kind;
    bool left = false, right = false;                  // kStrip
    BertRules rules = {};                              // kBert
    std::optional<Pattern> pattern = {};               // kReplace
    std::string text = {};                             // kReplace: by what; kPrepend
    std::unique_ptr<const std::string> charsmap = {};  // kPrecompiled, and what it is read from
    Precompiled precompiled = {};

    void apply(std::string& text, size_t most) const;
  };
  static Status read_step(const Spec& spec, int depth, std::vector<Step>& out);
  static Result<Step> read_one(const Spec& spec, std::string_view type);

  std::vector<Step> steps_;
};

}  // namespace infer::text::pipeline
