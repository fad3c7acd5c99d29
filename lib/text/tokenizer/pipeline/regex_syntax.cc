#include "text/tokenizer/pipeline/regex_syntax.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "base/utf8.h"
#include "text/tokenizer/pipeline/regex_reader.h"

namespace infer::text::pipeline {
namespace {

using Kind = RegexNode::Kind;

constexpr size_t kLongestPattern = 16 << 10;  // bytes
constexpr uint32_t kMostRepeats = 1000;
constexpr int kMostQuantifiers = 4;  // of one term: each is a level of the tree

class Parser : RegexReader {
 public:
  explicit Parser(std::string_view pattern) : RegexReader(pattern) {}

  Result<RegexTree> run() {
    if (in_.size() > kLongestPattern)
      return Status::unsupported(
          str("a regular expression of ", in_.size(), " bytes; at most ", kLongestPattern, " are supported"));
    if (!valid_utf8(in_)) return Status::corrupt("a regular expression is not UTF-8");
    TRY_SET(tree_.root, alternatives(0, {}));
    if (lookups_ > kMostLookups || tree_.sets.size() > kMostSets)
      return Status::unsupported(str("a regular expression with so many different characters and classes"));
    if (at_ != in_.size()) return malformed(at_, "')' closes nothing");
    return std::move(tree_);
  }

 private:
  using Node = uint32_t;

  // alternatives := sequence ('|' sequence)*
  Result<Node> alternatives(int depth, Flags flags) {
    const size_t from = at_;
    if (depth > kDeepest) return unsupported(from, str("more than ", kDeepest, " levels of parentheses"));
    std::vector<Node> options;
    do {
      TRY_SET(const Node option, sequence(depth, flags));
      options.push_back(option);
    } while (skip("|"));
    if (options.size() == 1) return options[0];
    return add({.kind = Kind::kChoice, .parts = std::move(options)}, from);
  }

  Result<Node> sequence(int depth, Flags flags) {
    const size_t from = at_;
    std::vector<Node> parts;
    while (at_ < in_.size() && peek() != '|' && peek() != ')') {
      const size_t begin = at_;
      Flags rest = flags;
      if (only_flags(rest)) {  // up to the end of the group, alternatives and all
        TRY_SET(const Node part, alternatives(depth + 1, rest));
        parts.push_back(part);
        break;
      }
      if (comment()) continue;
      TRY_SET(const Node part, term(depth, flags));
      TRY_SET(const Node whole, quantified(part));
      TRY(check_folding(parts, whole, flags, begin));
      parts.push_back(whole);
    }
    if (parts.size() == 1) return parts[0];
    return add({.kind = Kind::kSequence, .parts = std::move(parts)}, from);
  }

  // Without regard to case, some pairs of letters are also one character (ss and sharp s): not known here.
  Status check_folding(const std::vector<Node>& before, Node next, Flags flags, size_t at) {
    if (!flags.any_case || before.empty()) return {};
    const auto is = [&](Node n, char32_t c) {
      return tree_.nodes[n].kind == Kind::kSet && tree_.sets[tree_.nodes[n].set] == folded(c);
    };
    for (const char* pair : {"ss", "ff", "fi", "fl", "st"}) {
      if (is(before.back(), static_cast<char32_t>(pair[0])) && is(next, static_cast<char32_t>(pair[1])))
        return unsupported(at, str("'", pair, "' without regard to case"));
    }
    return {};
  }

  const CodeSet& folded(char32_t c) {
    const auto [it, is_new] = folded_.try_emplace(c);
    if (is_new) it->second = CodeSet::of(c).any_case();
    return it->second;
  }

  // (?i) and its like, without ':'. Moves only if they are here.
  bool only_flags(Flags& flags) {
    const size_t from = at_;
    if (skip("(?") && read_flags(flags) && skip(")")) return true;
    at_ = from;
    return false;
  }
  bool read_flags(Flags& flags) {
    bool on = true, any = false;
    for (; at_ < in_.size(); ++at_, any = true) {
      if (peek() == 'i') {
        flags.any_case = on;
      } else if (peek() == 'm') {
        flags.dot_all = on;
      } else if (peek() == '-' && on) {
        on = false;
      } else {
        break;
      }
    }
    return any;
  }
  bool comment() {
    if (!in_.substr(at_).starts_with("(?#")) return false;
    const size_t end = in_.find(')', at_);
    if (end == std::string_view::npos) return false;
    at_ = end + 1;
    return true;
  }

  Result<Node> term(int depth, Flags flags) {
    const size_t from = at_;
    if (skip("(")) return group(depth, flags, from);
    if (skip("[")) {
      TRY_SET(CodeSet set, character_class(depth, flags));
      return set_node(std::move(set), from);
    }
    if (peek() == '*' || peek() == '+' || peek() == '?') return malformed(from, "a quantifier has nothing to repeat");
    if (skip("^")) return test_node(Test::kLineStart, from);
    if (skip("$")) return test_node(Test::kLineEnd, from);
    if (skip(".")) return set_node(flags.dot_all ? everything() : CodeSet::of('\n').inverse(), from);
    if (peek() == '\\') {
      TRY_SET(Escape e, escape(false));
      if (e.kind == Escape::Kind::kTest) return test_node(e.test, from);
      if (e.kind == Escape::Kind::kTextEndOrNewline) {  // \Z is (?=\n?\z)
        const Node newline = set_node(CodeSet::of('\n'), from);
        const Node maybe = add({.kind = Kind::kRepeat, .most = 1, .parts = {newline}}, from);
        const Node both = add({.kind = Kind::kSequence, .parts = {maybe, test_node(Test::kTextEnd, from)}}, from);
        return add({.kind = Kind::kLook, .parts = {both}}, from);
      }
      if (e.kind == Escape::Kind::kSet) return set_node(std::move(e.set), from);
      return literal(e.point, flags, from);
    }
    return literal(next(), flags, from);
  }

  Node literal(char32_t c, Flags flags, size_t from) {
    return set_node(flags.any_case ? any_case(CodeSet::of(c)) : CodeSet::of(c), from);
  }

  Result<Node> group(int depth, Flags flags, size_t from) {
    enum class As { kPlain, kAhead, kNotAhead, kBehind, kNotBehind, kAtomic } as = As::kPlain;
    if (skip("?")) {
      if (skip("=")) {
        as = As::kAhead;
      } else if (skip("!")) {
        as = As::kNotAhead;
      } else if (skip("<=")) {
        as = As::kBehind;
      } else if (skip("<!")) {
        as = As::kNotBehind;
      } else if (skip(">")) {
        as = As::kAtomic;
      } else if (skip("<")) {
        const size_t end = in_.find('>', at_);
        if (end == std::string_view::npos || end == at_) return malformed(from, "a group's name does not end");
        at_ = end + 1;
      } else if (!skip(":")) {
        if (!read_flags(flags) || !skip(":"))
          return unsupported(from, str("the group '(?", in_.substr(at_, at_ < in_.size() ? 1 : 0), "'"));
      }
    }
    TRY_SET(const Node inside, alternatives(depth + 1, flags));
    if (!skip(")")) return malformed(from, "'(' is not closed");
    if (as == As::kAhead || as == As::kNotAhead)
      return add({.kind = Kind::kLook, .negated = as == As::kNotAhead, .parts = {inside}}, from);
    if (as == As::kBehind || as == As::kNotBehind) {
      const bool negated = as == As::kNotBehind;
      if (tree_.nodes[inside].kind == Kind::kTest && tree_.nodes[inside].test == Test::kLineStart && !negated)
        return inside;
      std::optional<CodeSet> one = one_character(inside);
      if (!one) return unsupported(from, "lookbehind of other than one character");
      const Node behind = test_node(negated ? Test::kNotBehind : Test::kBehind, from);
      tree_.nodes[behind].set = set_index(std::move(*one));
      return behind;
    }
    if (as == As::kAtomic) {
      RegexNode& n = tree_.nodes[inside];
      if (n.kind == Kind::kRepeat && !n.lazy && tree_.nodes[n.parts[0]].kind == Kind::kSet) {
        n.possessive = true;
      } else if (n.kind != Kind::kSet) {
        return unsupported(from, "the atomic group '(?>' of more than one repeated character");
      }
    }
    return inside;
  }

  // The set that a node is, if all it matches is one character of a set.
  std::optional<CodeSet> one_character(Node node) const {
    const RegexNode& n = tree_.nodes[node];
    if (n.kind == Kind::kSet) return tree_.sets[n.set];
    if (n.kind != Kind::kChoice) return std::nullopt;
    CodeSet all;
    for (const Node part : n.parts) {
      if (tree_.nodes[part].kind != Kind::kSet) return std::nullopt;
      all = all.with(tree_.sets[tree_.nodes[part].set]);
    }
    return all;
  }

  // Quantifiers, one behind another: {n,m} is never possessive to Oniguruma, so a '+' behind it repeats it.
  Result<Node> quantified(Node what) {
    for (int n_seen = 0;; ++n_seen) {
      const size_t from = at_;
      RegexNode n{.kind = Kind::kRepeat, .most = RegexNode::kNoMost, .parts = {what}};
      bool exact = false, interval = false;
      if (skip("+")) {
        n.least = 1;
      } else if (skip("?")) {
        n.most = 1;
      } else if (skip("{")) {
        interval = true;
        if (!bounds(n, exact)) {
          at_ = from;
          return what;
        }
      } else if (!skip("*")) {
        return what;
      }
      if (n.most < n.least || std::max(n.least, n.most == RegexNode::kNoMost ? 0 : n.most) > kMostRepeats)
        return unsupported(from, str("the quantifier '", in_.substr(from, at_ - from), "'"));
      if (!exact && skip("?")) {
        n.lazy = true;
      } else if (!interval && skip("+")) {
        n.possessive = true;
        if (tree_.nodes[what].kind != Kind::kSet)
          return unsupported(from, "a possessive quantifier of more than one character");
      }
      if (n_seen == kMostQuantifiers)
        return unsupported(from, str("more than ", kMostQuantifiers, " quantifiers behind one another"));
      what = add(std::move(n), from);
    }
  }

  // n} n,} ,m} n,m}
  bool bounds(RegexNode& n, bool& exact) {
    const auto least = number();
    const bool comma = skip(",");
    const auto most = comma ? number() : least;
    if (!skip("}") || (!least && !most)) return false;
    n.least = least.value_or(0);
    n.most = most.value_or(RegexNode::kNoMost);
    exact = !comma;
    return true;
  }
  std::optional<uint32_t> number() {
    std::optional<uint32_t> n;
    for (; peek() >= '0' && peek() <= '9'; ++at_)
      n = std::min<uint32_t>(n.value_or(0) * 10 + static_cast<uint32_t>(peek() - '0'), 100000);
    return n;
  }

  uint32_t set_index(CodeSet set) {
    const auto it = std::find(tree_.sets.begin(), tree_.sets.end(), set);
    if (it != tree_.sets.end()) return static_cast<uint32_t>(it - tree_.sets.begin());
    if (tree_.sets.size() <= kMostSets) tree_.sets.push_back(std::move(set));
    return static_cast<uint32_t>(tree_.sets.size() - 1);
  }
  Node set_node(CodeSet set, size_t at) { return add({.kind = Kind::kSet, .set = set_index(std::move(set))}, at); }
  Node test_node(Test test, size_t at) { return add({.kind = Kind::kTest, .test = test}, at); }
  Node add(RegexNode n, size_t at) {
    n.at = static_cast<uint32_t>(at);
    tree_.nodes.push_back(std::move(n));
    return static_cast<Node>(tree_.nodes.size() - 1);
  }

  RegexTree tree_;
  std::map<char32_t, CodeSet> folded_;  // letters without regard to case
};

}  // namespace

Result<RegexTree> parse_regex(std::string_view pattern) { return Parser(pattern).run(); }

}  // namespace infer::text::pipeline
