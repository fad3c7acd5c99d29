// From the tree, with what stands on either side of each part: the any text of a search goes into each alternative at
// the beginning or the end, because one may be anchored and its neighbour not.
#include "text/constraint/regex.h"

#include "text/constraint/regex_syntax.h"

namespace infer::text {
namespace {

using Expr = Grammar::Expr;
using Kind = RegexNode::Kind;

enum class Side : uint8_t {
  kOpen,      // any text, then the end of the text
  kAnchored,  // the end of the text
  kInside,    // other parts of the pattern
};

class RegexCompiler {
 public:
  RegexCompiler(Grammar& g, const RegexTree& tree, const RegexParser& parser) : g_(g), tree_(tree), parser_(parser) {}

  Result<Expr> run(const RegexOptions& options) {
    const auto make = [&](const CharacterClass& c) {
      return options.code_points ? options.code_points(g_, c.ranges, c.negated) : g_.code_points(c.ranges, c.negated);
    };
    for (const CharacterClass& c : tree_.classes) characters_.push_back(make(c));
    if (options.search) any_text_ = g_.repeat(make({.negated = true}), 0);
    const Side side = options.search ? Side::kOpen : Side::kAnchored;
    return compile(tree_.root, side, side);
  }

 private:
  Result<Expr> compile(uint32_t node, Side left, Side right) {
    const RegexNode& n = tree_.nodes[node];
    switch (n.kind) {
      case Kind::kCharacter:
        return between(left, characters_[n.index], right);
      case Kind::kStart:
      case Kind::kEnd:
        return sequence({&node, 1}, left, right);
      case Kind::kSequence:
        return sequence(n.parts, left, right);
      case Kind::kRepeat:
        return repeat(n, left, right);
      case Kind::kChoice:
        break;
    }
    std::vector<Expr> options;
    for (const uint32_t part : n.parts) {
      TRY_SET(const Expr option, compile(part, left, right));
      options.push_back(option);
    }
    return g_.choice(options);
  }

  // What is not anchors has the sides' texts beside its first and its last part.
  Result<Expr> sequence(std::span<const uint32_t> parts, Side left, Side right) {
    const auto is_anchor = [&](uint32_t p) {
      return tree_.nodes[p].kind == Kind::kStart || tree_.nodes[p].kind == Kind::kEnd;
    };
    size_t begin = 0, end = parts.size();
    while (begin < end && is_anchor(parts[begin])) begin++;
    while (end > begin && is_anchor(parts[end - 1])) end--;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (!is_anchor(parts[i])) continue;
      const bool start = tree_.nodes[parts[i]].kind == Kind::kStart;
      Side& side = start ? left : right;
      if (side == Side::kInside || (begin < end && (start ? i >= begin : i < end))) return misplaced(parts[i]);
      side = Side::kAnchored;
    }
    if (begin == end) return left == Side::kOpen || right == Side::kOpen ? any_text_ : Grammar::kEmpty;
    std::vector<Expr> all;
    all.reserve(end - begin);
    for (size_t i = begin; i < end; ++i) {
      TRY_SET(const Expr part,
              compile(parts[i], i == begin ? left : Side::kInside, i + 1 == end ? right : Side::kInside));
      all.push_back(part);
    }
    return g_.sequence(all);
  }

  Result<Expr> repeat(const RegexNode& n, Side left, Side right) {
    if (!n.has_anchor) {
      TRY_SET(const Expr what, compile(n.index, Side::kInside, Side::kInside));
      return between(left, g_.repeat(what, n.least, n.most), right);
    }
    if (n.least != 0 || n.most != 1)
      return parser_.unsupported(n.at, "an anchor ('^', '$') is repeated", "take it out of the repetition");
    TRY_SET(const Expr once, compile(n.index, left, right));
    TRY_SET(const Expr none, sequence({}, left, right));
    return g_.choice({once, none});
  }

  Expr between(Side left, Expr what, Side right) {
    return g_.sequence(
        {left == Side::kOpen ? any_text_ : Grammar::kEmpty, what, right == Side::kOpen ? any_text_ : Grammar::kEmpty});
  }

  Status misplaced(uint32_t anchor) const {
    const RegexNode& n = tree_.nodes[anchor];
    return n.kind == Kind::kStart
               ? parser_.unsupported(n.at, "'^' is not at the beginning", "write '\\^' for the character")
               : parser_.unsupported(n.at, "'$' is not at the end", "write '\\$' for the character");
  }

  Grammar& g_;
  const RegexTree& tree_;
  const RegexParser& parser_;     // for places in messages
  std::vector<Expr> characters_;  // of tree_.classes
  Expr any_text_ = Grammar::kEmpty;
};

}  // namespace

Result<Grammar::Expr> compile_regex(Grammar& g, std::string_view pattern, const RegexOptions& options) {
  RegexParser parser(pattern, g.limits());
  TRY_SET(const RegexTree tree, parser.run());
  return RegexCompiler(g, tree, parser).run(options);
}

}  // namespace infer::text
