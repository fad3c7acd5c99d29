// The automata of a regular expression: see regex.h.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "text/tokenizer/pipeline/regex_syntax.h"

namespace infer::text::pipeline {

struct RegexProgram {
  enum class Op : uint8_t { kSet, kSplit, kLook, kTest, kMatch };
  struct Node {
    Op op;
    Test test = {};        // kTest
    bool negated = false;  // kLook
    uint32_t set = 0;      // kSet, kTest (behind)
    uint32_t next = 0;     // kSplit: tried first
    uint32_t other = 0;    // kSplit: tried else; kLook: what is looked for
  };
  std::vector<Node> nodes;
  uint32_t start = 0;

  // Characters that no set of the expression tells apart are a class. In ranges of code points: where each begins.
  std::vector<char32_t> range_begins;
  std::vector<uint8_t> range_classes;
  uint8_t ascii_classes[128] = {};
  uint32_t n_classes = 0;
  // What stands before a place matters to tests only: by the class of the character, [n_classes + 1]; the last:
  // nothing.
  std::vector<uint8_t> context_of;
  uint32_t n_contexts = 0;

  // State: a set of nodes that can reach the end of a match. [n_states, words]
  std::vector<uint64_t> sets;
  size_t words = 0;
  std::vector<uint16_t> at_end;    // [n_contexts] the state at the end of a text
  std::vector<uint16_t> previous;  // [n_states, n_classes, n_contexts] the state one character earlier

  size_t class_of(char32_t c) const {
    if (c < 128) return ascii_classes[c];
    const auto it = std::upper_bound(range_begins.begin(), range_begins.end(), c);
    return range_classes[static_cast<size_t>(it - range_begins.begin()) - 1];
  }
  uint16_t earlier(uint16_t state, size_t next_class, size_t context) const {
    return previous[(state * size_t{n_classes} + next_class) * n_contexts + context];
  }
  bool viable(uint16_t state, uint32_t node) const { return sets[state * words + node / 64] >> (node % 64) & 1; }
};

Result<RegexProgram> make_regex_program(const RegexTree& tree);

}  // namespace infer::text::pipeline
