// The text of a regular expression, as Oniguruma reads it, into its tree. Groups leave no node.
//
// Here are all constructs that can be matched in linear time, lazy and possessive quantifiers and lookahead among them.
// What cannot be (backreferences, recursion, atomic groups and lookbehind of more than one character) is E_UNSUPPORTED
// by name.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/tokenizer/pipeline/code_set.h"

namespace infer::text::pipeline {

// What holds between two characters.
enum class Test : uint8_t { kLineStart, kLineEnd, kTextStart, kTextEnd, kWordEdge, kNoWordEdge, kBehind, kNotBehind };

struct RegexNode {
  enum class Kind : uint8_t { kSet, kSequence, kChoice, kRepeat, kLook, kTest };
  static constexpr uint32_t kNoMost = UINT32_MAX;
  Kind kind;
  Test test = {};                    // kTest
  bool lazy = false;                 // kRepeat: few before many
  bool possessive = false;           // kRepeat: of a set, never fewer than there are
  bool negated = false;              // kLook
  uint32_t at = 0;                   // byte of the pattern
  uint32_t set = 0;                  // kSet, kTest (behind): of sets
  uint32_t least = 0, most = 0;      // kRepeat
  std::vector<uint32_t> parts = {};  // of nodes; kRepeat, kLook: one
};

struct RegexTree {
  std::vector<RegexNode> nodes;
  std::vector<CodeSet> sets;  // each once
  uint32_t root = 0;
};

inline constexpr size_t kMostSets = 250;  // different characters and classes in one expression

Result<RegexTree> parse_regex(std::string_view pattern);

}  // namespace infer::text::pipeline
