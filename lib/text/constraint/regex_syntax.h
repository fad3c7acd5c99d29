// The text of a regular expression -> its tree. Groups leave no node: only their alternatives and repetitions matter.
// A sequence within a sequence is part of it, so that anchors of a group stand where they stand for the whole.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/constraint/cursor.h"
#include "text/constraint/grammar.h"

namespace infer::text {

struct CharacterClass {
  std::vector<CodeRange> ranges = {};
  bool negated = false;
};

struct RegexNode {
  enum class Kind : uint8_t { kCharacter, kStart, kEnd, kSequence, kChoice, kRepeat };
  Kind kind;
  bool has_anchor = false;  // itself, or one within
  uint32_t at = 0;          // byte of the pattern
  uint32_t index = 0;       // kCharacter: of classes; kRepeat: of nodes
  int32_t least = 0, most = 0;
  std::vector<uint32_t> parts = {};  // kSequence, kChoice: of nodes
};

struct RegexTree {
  std::vector<RegexNode> nodes;
  std::vector<CharacterClass> classes;  // each once
  uint32_t root = 0;
};

class RegexParser {
 public:
  RegexParser(std::string_view pattern, const GrammarLimits& limits) : in_(pattern), limits_(limits) {}
  Result<RegexTree> run();

  Status invalid(size_t at, std::string_view what, std::string hint = {}) const {
    return Status::invalid(message(at, what), std::move(hint));
  }
  Status unsupported(size_t at, std::string_view what, std::string hint = {}) const {
    return Status::unsupported(message(at, what), std::move(hint));
  }

 private:
  using Node = uint32_t;
  struct Count {
    int32_t least, most;
  };
  // What a backslash, or one element of [..], stands for.
  struct Escape {
    enum class Kind : uint8_t { kPoint, kClass, kStart, kEnd } kind = Kind::kPoint;
    uint32_t point = 0;
    CharacterClass of = {};
  };
  Result<Node> alternatives(int32_t depth);
  Result<Node> sequence(int32_t depth);
  Result<Node> term(int32_t depth);
  Result<Node> group(int32_t depth);
  Status open_group();
  Result<Node> character_class();
  Result<Escape> class_element(size_t opened);
  Result<Escape> escape(bool in_class);
  Result<Node> quantified(Node what);
  bool count(Count& c);  // reads a quantifier, if one is here

  Node add(RegexNode n);
  Node character(CharacterClass c, size_t at);
  std::string message(size_t at, std::string_view what) const {
    return str("regular expression, character ", in_.character(at), ": ", what);
  }

  Cursor in_;
  const GrammarLimits& limits_;
  RegexTree tree_;
  std::unordered_map<std::string, uint32_t> class_of_;
};

}  // namespace infer::text
