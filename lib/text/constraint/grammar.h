// What a text may be, over bytes: the form that regular expressions, grammars, JSON schemas and choices are turned
// into, and automaton.h runs. Texts are UTF-8, and only texts that are can be described.
//
// Expressions are numbers into the grammar, made from the inside out; a rule is a named expression that others, and
// itself, may refer to before it is defined. A grammar is made by one thread and does not change afterwards.
//
// Limits are kept while it is made: what goes beyond one gives the expression kNothing and a failure that finish()
// returns, so that whoever builds need not look at every step.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"

namespace infer::text {

// From tables of what hostile grammars do to engines (hostile-input.md A1.5).
struct GrammarLimits {
  int64_t source_bytes = 256 << 10;  // of a schema, a grammar, an expression
  int32_t depth = 48;                // levels of brackets, objects, lists in the source
  int32_t rules = 2000;
  int32_t expressions = 200'000;
  int32_t values = 2000;        // of an enumeration
  int32_t repetition = 10'000;  // most of a counted repetition
};

// Bytes, one bit each.
struct ByteSet {
  std::array<uint64_t, 4> bits{};
  void add(uint8_t b) { bits[b / 64] |= uint64_t{1} << b % 64; }
  void add(uint8_t first, uint8_t last) {
    for (int b = first; b <= last; ++b) add(static_cast<uint8_t>(b));
  }
  ByteSet& operator|=(const ByteSet& o) {
    for (size_t w = 0; w < bits.size(); ++w) bits[w] |= o.bits[w];
    return *this;
  }
  bool has(uint8_t b) const { return (bits[b / 64] >> b % 64 & 1) != 0; }
  int size() const {
    int n = 0;
    for (const uint64_t word : bits) n += std::popcount(word);
    return n;
  }
  bool operator==(const ByteSet&) const = default;
};

// Code points [first, last].
struct CodeRange {
  uint32_t first, last;
};

// The same code points, or all others, as ranges that are sorted and apart.
std::vector<CodeRange> tidy_ranges(std::vector<CodeRange> ranges, bool negated);

class Grammar {
 public:
  using Expr = uint32_t;
  using Rule = uint32_t;
  static constexpr Expr kEmpty = 0, kNothing = 1;  // the empty text; no text at all
  static constexpr int32_t kNoMost = -1;

  explicit Grammar(const GrammarLimits& limits = {});

  Expr bytes(const ByteSet& one);       // one byte
  Expr literal(std::string_view text);  // its bytes
  // One code point of, or outside of, these ranges, as UTF-8. Surrogates are never one.
  Expr code_points(std::vector<CodeRange> ranges, bool negated = false);
  Expr sequence(std::span<const Expr> parts);
  Expr choice(std::span<const Expr> options);
  Expr sequence(std::initializer_list<Expr> parts) { return sequence(std::span(parts.begin(), parts.size())); }
  Expr choice(std::initializer_list<Expr> options) { return choice(std::span(options.begin(), options.size())); }
  Expr repeat(Expr what, int32_t least, int32_t most = kNoMost);
  Expr optional(Expr what) { return repeat(what, 0, 1); }
  // One of these texts, by the tree of their beginnings: large enumerations stay small.
  Expr texts(std::vector<std::string> all);

  Rule declare(std::string name);  // names are for messages; two rules may have one
  void define(Rule rule, Expr what);
  Expr refer(Rule rule);
  const std::string& name(Rule rule) const { return rules_[rule].name; }

  // Keeps the first failure; later ones change nothing.
  void fail(Status s) {
    if (failed_.ok()) failed_ = std::move(s);
  }
  // Everything is defined, no rule begins with itself, no limit was exceeded. `root` is what the whole text is.
  Status finish(Rule root);
  // With all that was defined, an expression for the whole text, if there is one.
  Status finish_with(const Result<Expr>& whole);

  // ---- for automaton.h and tests: after finish()
  enum class Kind : uint8_t { kBytes, kSequence, kChoice, kRepeat, kRefer };
  struct Node {
    Kind kind;
    bool nullable = false;        // matches the empty text
    bool possible = true;         // matches some text
    int32_t size = 1, depth = 1;  // places that it takes laid out, a rule one (kMostSize: so many or more); levels
    int32_t least = 0, most = 0;  // kRepeat; most kNoMost: any number
    uint32_t first = 0, n = 0;    // kSequence, kChoice: parts()[first .. first + n); kRepeat: first, what;
                                  // kRefer: first, the rule; kBytes: first, into sets
  };
  static constexpr int32_t kMostSize = 1 << 20;
  const Node& node(Expr e) const { return nodes_[e]; }
  std::span<const Expr> parts(const Node& n) const { return std::span(parts_).subspan(n.first, n.n); }
  const ByteSet& set(const Node& n) const { return sets_[n.first]; }
  Expr body(Rule rule) const { return rules_[rule].body; }
  size_t n_rules() const { return rules_.size(); }
  Rule root() const { return root_; }
  const GrammarLimits& limits() const { return limits_; }
  // Matches what `e` matches, but not the empty text. For counted repetitions of what may be empty.
  Expr without_empty(Expr e);

 private:
  struct Named {
    std::string name;
    Expr body = kNothing;
    bool defined = false, nullable = false, possible = false;
    Expr not_empty = UINT32_MAX;  // without_empty(body) as a rule's reference, once made
  };
  Expr add(Node n);
  void contain(Node& n, Expr part, int32_t times) const;  // size and depth
  Expr tree(std::span<const std::string> sorted, size_t at);
  void utf8(std::vector<Expr>& out, uint32_t first, uint32_t last);
  // Until nothing changes: a fact of expressions that follows from those of their parts.
  void settle(bool Node::*fact, bool Named::*of_rule, bool of_bytes);
  Expr not_empty(Expr e);
  Status find_left_recursion() const;

  const GrammarLimits limits_;
  std::vector<Node> nodes_;
  std::vector<Expr> parts_;
  std::vector<ByteSet> sets_;
  std::vector<Named> rules_;
  std::array<Expr, 256> byte_;                      // each by itself; kNothing: not asked for yet
  std::unordered_map<std::string, Expr> class_of_;  // code points asked for before
  Rule root_ = 0;
  std::vector<Rule> to_make_;  // rules without the empty text, by what they are to be without it
  Status failed_;
};

}  // namespace infer::text
