// Any text up to the first place where one of some words ends, and what comes after that: as rules of a grammar, one
// per beginning of a word (Aho and Corasick, 1975). A rule leads on by its last part only, so that free text needs no
// stack however long it is.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "text/constraint/grammar.h"

namespace infer::text {

struct FreeText {
  std::vector<std::string> words;  // none empty; with codes of control tokens
  bool controls = false;           // control tokens may come as well; tokens that end an answer come in words only
  bool may_end = false;            // no word needs to come
};

class FreeTextRules {
 public:
  FreeTextRules(Grammar& g, FreeText text);
  // Where the first of the words ends in a text, and all that end there, by index; none: the text has none of them.
  struct Hit {
    size_t end = 0;
    std::vector<size_t> words;
  };
  Hit first_in(std::string_view text) const;

  // Where free text begins: known before it is defined, so that what follows a word may lead there.
  Grammar::Expr begin() const { return begin_; }
  // after(words): what follows where these words have ended.
  template <class F>
  void define(F after) {
    for (const Node& n : nodes_)
      if (n.reached && !n.words.empty()) g_.define(n.rule, after(n.words));
    define_free();
  }

 private:
  struct Node {                        // a beginning of a word
    std::array<uint32_t, 256> next{};  // by byte: the longest beginning that the text then ends with
    std::vector<size_t> words;         // that end here
    uint32_t shorter = 0;              // the longest other beginning that this one ends with
    size_t depth = 0;                  // bytes
    size_t bound = 0;                  // bytes at its end that free text itself could not have: they begin with a code
    bool reached = false;              // no word has ended before
    Grammar::Rule rule = 0;
  };
  void insert(size_t word);
  // As Node::bound, one byte later.
  size_t bound_behind(const Node& n, uint8_t byte) const;
  void connect();
  void define_free();

  Grammar& g_;
  const FreeText text_;
  std::vector<Node> nodes_;  // [0]: the empty one
  Grammar::Expr begin_ = Grammar::kNothing;
};

}  // namespace infer::text
