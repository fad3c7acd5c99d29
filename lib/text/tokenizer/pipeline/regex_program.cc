#include "text/tokenizer/pipeline/regex_program.h"

#include <map>
#include <string>
#include <unordered_map>

namespace infer::text::pipeline {
namespace {

using Kind = RegexNode::Kind;
using Node = RegexProgram::Node;
using Op = RegexProgram::Op;

// Real expressions take under 300 nodes and 100 states.
constexpr size_t kMostNodes = 4096;
constexpr size_t kMostStates = 4096;
constexpr size_t kMostWork = 20'000'000;  // nodes looked at while making states: some 50 ms

Status too_large(const char* what) {
  return Status::unsupported(str("the regular expression needs too many ", what),
                             "repetitions of bounded length are what makes them many");
}

// Tree -> nodes, from the end to the beginning, so that what follows a node is there before it.
class NodeMaker {
 public:
  explicit NodeMaker(const RegexTree& tree) : tree_(tree) {}

  Status run(RegexProgram& out) {
    const uint32_t match = emit({.op = Op::kMatch});
    out.start = make(tree_.root, match);
    if (full()) return too_large("nodes");
    out.nodes = std::move(nodes_);
    return {};
  }

 private:
  // What matches `node` and then goes on at `next`.
  uint32_t make(uint32_t node, uint32_t next) {
    const RegexNode& n = tree_.nodes[node];
    if (++calls_; full()) return next;  // refused in the end
    switch (n.kind) {
      case Kind::kSet:
        return emit({.op = Op::kSet, .set = n.set, .next = next});
      case Kind::kTest:
        return emit({.op = Op::kTest, .test = n.test, .set = n.set, .next = next});
      case Kind::kSequence:
        for (size_t i = n.parts.size(); i-- > 0;) next = make(n.parts[i], next);
        return next;
      case Kind::kChoice: {
        uint32_t entry = make(n.parts.back(), next);
        for (size_t i = n.parts.size() - 1; i-- > 0;) {
          const uint32_t first = make(n.parts[i], next);
          entry = emit({.op = Op::kSplit, .next = first, .other = entry});
        }
        return entry;
      }
      case Kind::kLook: {
        const uint32_t sub = make(n.parts[0], emit({.op = Op::kMatch}));
        return emit({.op = Op::kLook, .negated = n.negated, .next = next, .other = sub});
      }
      case Kind::kRepeat:
        break;
    }
    return repeat(n, next);
  }

  uint32_t repeat(const RegexNode& n, uint32_t next) {
    uint32_t leave = next;
    if (n.possessive) {  // leaves only where no more could be taken
      const uint32_t more =
          emit({.op = Op::kSet, .set = tree_.nodes[n.parts[0]].set, .next = emit({.op = Op::kMatch})});
      leave = emit({.op = Op::kLook, .negated = true, .next = next, .other = more});
    }
    const auto choose = [&](uint32_t body) {
      return n.lazy ? Node{.op = Op::kSplit, .next = leave, .other = body}
                    : Node{.op = Op::kSplit, .next = body, .other = leave};
    };
    uint32_t entry = next;
    if (n.most == RegexNode::kNoMost) {
      entry = emit({.op = Op::kSplit});
      const uint32_t body = make(n.parts[0], entry);
      nodes_[entry] = choose(body);
    } else {
      for (uint32_t i = n.least; i < n.most && !full(); ++i) entry = emit(choose(make(n.parts[0], entry)));
    }
    for (uint32_t i = 0; i < n.least && !full(); ++i) entry = make(n.parts[0], entry);
    return entry;
  }

  bool full() const { return nodes_.size() > kMostNodes || calls_ > 4 * kMostNodes; }
  uint32_t emit(Node n) {
    nodes_.push_back(n);
    return static_cast<uint32_t>(nodes_.size() - 1);
  }

  const RegexTree& tree_;
  std::vector<Node> nodes_;
  size_t calls_ = 0;  // what matches nothing but the empty text takes no nodes
};

// The nodes in an order in which what a node needs of the same place stands before it.
Result<std::vector<uint32_t>> order_of(const std::vector<Node>& nodes) {
  enum : uint8_t { kNew, kOpen, kDone };
  std::vector<uint8_t> seen(nodes.size(), kNew);
  std::vector<uint32_t> out, stack;
  out.reserve(nodes.size());
  for (uint32_t from = 0; from < nodes.size(); ++from) {
    stack.push_back(from);
    while (!stack.empty()) {
      const uint32_t at = stack.back();
      const Node& n = nodes[at];
      if (seen[at] != kNew) {
        if (seen[at] == kOpen) out.push_back(at);
        seen[at] = kDone;
        stack.pop_back();
        continue;
      }
      seen[at] = kOpen;
      const auto need = [&](uint32_t of) {
        if (seen[of] == kNew) stack.push_back(of);
        return seen[of] != kOpen;
      };
      bool straight = true;
      if (n.op == Op::kSplit || n.op == Op::kLook) straight = need(n.other);
      if (n.op != Op::kSet && n.op != Op::kMatch) straight = need(n.next) && straight;
      if (!straight) return Status::unsupported("a regular expression that repeats what may be empty is not supported");
    }
  }
  return out;
}

class StateMaker {
 public:
  StateMaker(const RegexTree& tree, RegexProgram& out) : tree_(tree), out_(out) {}

  Status run() {
    TRY_SET(order_, order_of(out_.nodes));
    make_classes();
    if (out_.n_classes > 255) return too_large("classes of characters");
    make_contexts();
    out_.words = (out_.nodes.size() + 63) / 64;
    const std::vector<uint64_t> nothing(out_.words, 0);
    for (size_t context = 0; context < out_.n_contexts; ++context) {
      TRY_SET(const uint16_t state, state_of(earlier(nothing.data(), out_.n_classes, context)));
      out_.at_end.push_back(state);
    }
    for (size_t state = 0; state * out_.words < out_.sets.size(); ++state) {
      for (size_t c = 0; c < out_.n_classes; ++c) {
        for (size_t context = 0; context < out_.n_contexts; ++context) {
          work_ += out_.nodes.size();
          if (work_ > kMostWork) return too_large("states");
          TRY_SET(const uint16_t before, state_of(earlier(&out_.sets[state * out_.words], c, context)));
          out_.previous.push_back(before);
        }
      }
    }
    return {};
  }

 private:
  // Ranges of code points that the sets do not tell apart, then numbered by which sets they are in.
  void make_classes() {
    std::vector<CodeSet> sets = tree_.sets;
    word_ = static_cast<uint32_t>(sets.size()), newline_ = word_ + 1;
    const auto uses = [&](Test a, Test b) {
      return std::ranges::any_of(out_.nodes,
                                 [=](const Node& n) { return n.op == Op::kTest && (n.test == a || n.test == b); });
    };
    sets.push_back(uses(Test::kWordEdge, Test::kNoWordEdge) ? CodeSet::of_flags(kWord) : CodeSet());
    sets.push_back(uses(Test::kLineStart, Test::kLineEnd) ? CodeSet::of('\n') : CodeSet());
    std::vector<char32_t>& begins = out_.range_begins;
    begins.push_back(0);
    for (const CodeSet& set : sets) {
      for (const CodeSpan& s : set.spans()) {
        begins.push_back(s.first);
        if (s.last < kLastCodePoint) begins.push_back(s.last + 1);
      }
    }
    std::sort(begins.begin(), begins.end());
    begins.erase(std::unique(begins.begin(), begins.end()), begins.end());
    std::vector<uint32_t> of(begins.size(), 0);
    out_.n_classes = 1;
    for (const CodeSet& set : sets) {
      std::map<uint32_t, uint32_t> split;  // a class -> its part inside of the set
      std::vector<bool> outside(out_.n_classes, false), inside(out_.n_classes, false);
      std::vector<bool> in(begins.size(), false);
      for (size_t i = 0, span = 0; i < begins.size(); ++i) {
        while (span < set.spans().size() && set.spans()[span].last < begins[i]) ++span;
        in[i] = span < set.spans().size() && set.spans()[span].first <= begins[i];
        (in[i] ? inside : outside)[of[i]] = true;
      }
      for (size_t i = 0; i < begins.size(); ++i) {
        if (!in[i] || !outside[of[i]]) continue;
        const auto [it, is_new] = split.emplace(of[i], out_.n_classes);
        if (is_new) ++out_.n_classes;
        of[i] = it->second;
      }
    }
    if (out_.n_classes > 255) return;
    // in_[set][class]; each class has a range that shows it.
    in_.assign(sets.size(), std::vector<bool>(out_.n_classes + 1, false));
    for (size_t i = 0; i < begins.size(); ++i) {
      if (i > 0 && of[i] == of[i - 1]) continue;
      for (size_t set = 0; set < sets.size(); ++set) in_[set][of[i]] = sets[set].contains(begins[i]);
    }
    for (const uint32_t c : of) out_.range_classes.push_back(static_cast<uint8_t>(c));
    for (char32_t c = 0; c < 128; ++c) {
      const auto it = std::upper_bound(begins.begin(), begins.end(), c);
      out_.ascii_classes[c] = out_.range_classes[static_cast<size_t>(it - begins.begin()) - 1];
    }
  }

  // What a test can see of the character before: whether it is in each of the sets that tests ask for.
  void make_contexts() {
    std::vector<uint32_t> asked;
    bool tests = false;
    for (const Node& n : out_.nodes) {
      if (n.op != Op::kTest) continue;
      tests = true;
      if (n.test == Test::kBehind || n.test == Test::kNotBehind) asked.push_back(n.set);
    }
    asked.insert(asked.end(), {word_, newline_});
    std::map<std::string, uint8_t> known;
    for (uint32_t c = 0; c <= out_.n_classes; ++c) {
      std::string seen(1, tests && c == out_.n_classes ? '^' : '.');
      for (const uint32_t set : asked) seen += tests && in_[set][c] ? '1' : '0';
      const auto [it, is_new] = known.emplace(seen, static_cast<uint8_t>(known.size()));
      if (is_new) shown_by_.push_back(c);
      out_.context_of.push_back(it->second);
    }
    out_.n_contexts = static_cast<uint32_t>(known.size());
  }

  bool holds(const Node& n, size_t before, size_t next) const {
    const size_t none = out_.n_classes;
    switch (n.test) {
      case Test::kTextStart:
        return before == none;
      case Test::kTextEnd:
        return next == none;
      case Test::kLineStart:  // not behind a newline that ends the text
        return before == none || (in_[newline_][before] && next != none);
      case Test::kLineEnd:
        return next == none || in_[newline_][next];
      case Test::kWordEdge:
        return in_[word_][before] != in_[word_][next];
      case Test::kNoWordEdge:
        return in_[word_][before] == in_[word_][next];
      case Test::kBehind:
        return in_[n.set][before];
      case Test::kNotBehind:
        return !in_[n.set][before];
    }
    return false;
  }

  // The nodes that can reach the end of a match from a place before a character of class `next` (n_classes: the end),
  // when those after the character are `after`.
  const std::vector<uint64_t>& earlier(const uint64_t* after, size_t next, size_t context) {
    made_.assign(out_.words, 0);
    const auto has = [](const uint64_t* set, uint32_t node) { return (set[node / 64] >> (node % 64) & 1) != 0; };
    for (const uint32_t node : order_) {
      const Node& n = out_.nodes[node];
      bool can = true;
      switch (n.op) {
        case Op::kSet:
          can = next < out_.n_classes && in_[n.set][next] && has(after, n.next);
          break;
        case Op::kSplit:
          can = has(made_.data(), n.next) || has(made_.data(), n.other);
          break;
        case Op::kLook:
          can = has(made_.data(), n.other) != n.negated && has(made_.data(), n.next);
          break;
        case Op::kTest:
          can = has(made_.data(), n.next) && holds(n, shown_by_[context], next);
          break;
        case Op::kMatch:
          break;
      }
      if (can) made_[node / 64] |= uint64_t{1} << (node % 64);
    }
    return made_;
  }

  Result<uint16_t> state_of(const std::vector<uint64_t>& set) {
    std::string key(reinterpret_cast<const char*>(set.data()), set.size() * sizeof(uint64_t));
    const auto [it, is_new] = known_.emplace(std::move(key), static_cast<uint16_t>(known_.size()));
    if (is_new) {
      if (known_.size() > kMostStates) return too_large("states");
      out_.sets.insert(out_.sets.end(), set.begin(), set.end());
    }
    return it->second;
  }

  const RegexTree& tree_;
  RegexProgram& out_;
  std::vector<uint32_t> order_;
  uint32_t word_ = 0, newline_ = 0;    // of the sets
  std::vector<std::vector<bool>> in_;  // [set][class + 1]; the last: no character
  std::vector<uint32_t> shown_by_;     // [n_contexts] a class that is seen so
  std::vector<uint64_t> made_;
  std::unordered_map<std::string, uint16_t> known_;
  size_t work_ = 0;
};

}  // namespace

Result<RegexProgram> make_regex_program(const RegexTree& tree) {
  RegexProgram out;
  TRY(NodeMaker(tree).run(out));
  TRY(StateMaker(tree, out).run());
  return out;
}

}  // namespace infer::text::pipeline
