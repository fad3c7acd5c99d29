#include "text/constraint/grammar.h"

#include <algorithm>

#include "text/constraint/utf8_ranges.h"

namespace infer::text {
namespace {

constexpr uint32_t kLastCodePoint = 0x10ffff, kFirstSurrogate = 0xd800, kLastSurrogate = 0xdfff;

// Without surrogates.
std::vector<CodeRange> scalar_values(const std::vector<CodeRange>& tidy) {
  std::vector<CodeRange> out;
  for (const CodeRange r : tidy) {
    if (r.first < kFirstSurrogate) out.push_back({r.first, std::min(r.last, kFirstSurrogate - 1)});
    if (r.last > kLastSurrogate) out.push_back({std::max(r.first, kLastSurrogate + 1), r.last});
  }
  return out;
}

}  // namespace

std::vector<CodeRange> tidy_ranges(std::vector<CodeRange> ranges, bool negated) {
  std::erase_if(ranges, [](CodeRange r) { return r.first > r.last || r.first > kLastCodePoint; });
  const auto before = [](CodeRange a, CodeRange b) { return a.first < b.first; };
  if (!std::is_sorted(ranges.begin(), ranges.end(), before)) std::sort(ranges.begin(), ranges.end(), before);
  std::vector<CodeRange> out;
  uint32_t next = 0;  // negated: what is not covered begins here; else: the last range may be joined up to here
  for (CodeRange r : ranges) {
    r.last = std::min(r.last, kLastCodePoint);
    if (negated) {
      if (r.first > next) out.push_back({next, r.first - 1});
    } else if (!out.empty() && r.first <= next) {
      out.back().last = std::max(out.back().last, r.last);
    } else {
      out.push_back(r);
    }
    next = std::max(next, r.last + 1);
  }
  if (negated && next <= kLastCodePoint) out.push_back({next, kLastCodePoint});
  return out;
}

Grammar::Grammar(const GrammarLimits& limits) : limits_(limits) {
  byte_.fill(kNothing);
  nodes_.push_back({.kind = Kind::kSequence, .nullable = true});
  nodes_.push_back({.kind = Kind::kChoice});
}

Grammar::Expr Grammar::add(Node n) {
  const auto refuse = [&](Status s) {
    fail(std::move(s));
    if (n.n > 0) parts_.resize(n.first);
    return kNothing;
  };
  if (static_cast<int64_t>(nodes_.size()) >= limits_.expressions)
    return refuse(Status::invalid(str("the grammar has more than ", limits_.expressions, " parts"),
                                  "make it smaller: fewer rules, values or bounds"));
  // Whoever goes through an expression may recurse.
  constexpr int32_t kMostDepth = 5000;
  if (n.depth > kMostDepth)
    return refuse(
        Status::invalid(str("the grammar nests deeper than ", kMostDepth, " levels"), "use shorter sequences"));
  nodes_.push_back(n);
  return static_cast<Expr>(nodes_.size() - 1);
}

void Grammar::contain(Node& n, Expr part, int32_t times) const {
  const Node& p = nodes_[part];
  n.size = static_cast<int32_t>(std::min<int64_t>(n.size + int64_t{p.size} * times, kMostSize));
  n.depth = std::max(n.depth, p.depth + 1);
}

Grammar::Expr Grammar::bytes(const ByteSet& one) {
  if (one == ByteSet{} || !failed_.ok()) return kNothing;
  sets_.push_back(one);
  return add({.kind = Kind::kBytes, .first = static_cast<uint32_t>(sets_.size() - 1)});
}

Grammar::Expr Grammar::literal(std::string_view text) {
  std::vector<Expr> parts;
  parts.reserve(text.size());
  for (const char c : text) {
    Expr& known = byte_[static_cast<uint8_t>(c)];
    if (known == kNothing) {
      ByteSet one;
      one.add(static_cast<uint8_t>(c));
      known = bytes(one);
    }
    parts.push_back(known);
  }
  return sequence(parts);
}

Grammar::Expr Grammar::code_points(std::vector<CodeRange> ranges, bool negated) {
  if (!failed_.ok()) return kNothing;
  ranges = scalar_values(tidy_ranges(std::move(ranges), negated));
  const std::string key(reinterpret_cast<const char*>(ranges.data()), ranges.size() * sizeof(CodeRange));
  if (const auto found = class_of_.find(key); found != class_of_.end()) return found->second;
  std::vector<Expr> options;
  ByteSet one;
  for (const CodeRange r : ranges) {
    if (r.first < 0x80) one.add(static_cast<uint8_t>(r.first), static_cast<uint8_t>(std::min(r.last, 0x7fu)));
    if (r.last < 0x80) continue;
    for (const ByteSequence& s : utf8_ranges(std::max(r.first, 0x80u), r.last)) {
      std::vector<Expr> parts;
      for (size_t i = 0; i < s.first.size(); ++i) {
        ByteSet set;
        set.add(static_cast<uint8_t>(s.first[i]), static_cast<uint8_t>(s.last[i]));
        parts.push_back(bytes(set));
      }
      options.push_back(sequence(parts));
    }
  }
  if (one != ByteSet{}) options.push_back(bytes(one));
  const Expr e = choice(options);
  class_of_.emplace(key, e);
  return e;
}

Grammar::Expr Grammar::sequence(std::span<const Expr> parts) {
  Node n{.kind = Kind::kSequence, .nullable = true, .first = static_cast<uint32_t>(parts_.size())};
  for (const Expr e : parts) {
    if (e == kNothing) return parts_.resize(n.first), kNothing;
    if (e == kEmpty) continue;
    parts_.push_back(e);
    contain(n, e, 1);
    n.nullable = n.nullable && nodes_[e].nullable;
  }
  n.n = static_cast<uint32_t>(parts_.size()) - n.first;
  if (n.n == 0) return kEmpty;
  if (n.n > 1) return add(n);
  const Expr only = parts_.back();
  parts_.pop_back();
  return only;
}

Grammar::Expr Grammar::choice(std::span<const Expr> options) {
  Node n{.kind = Kind::kChoice, .first = static_cast<uint32_t>(parts_.size())};
  for (const Expr e : options) {
    if (e == kNothing) continue;
    parts_.push_back(e);
    contain(n, e, 1);
    n.nullable = n.nullable || nodes_[e].nullable;
  }
  n.n = static_cast<uint32_t>(parts_.size()) - n.first;
  if (n.n == 0) return kNothing;
  if (n.n > 1) return add(n);
  const Expr only = parts_.back();
  parts_.pop_back();
  return only;
}

Grammar::Expr Grammar::repeat(Expr what, int32_t least, int32_t most) {
  if (least < 0 || (most != kNoMost && most < least)) {
    fail(Status::invalid(str("a repetition of ", least, " to ", most, " times")));
    return kNothing;
  }
  if (std::max(least, most) > limits_.repetition) {
    fail(Status::invalid(str("a repetition of ", std::max(least, most), " times, more than ", limits_.repetition),
                         "use a smaller bound"));
    return kNothing;
  }
  if (most == 0 || what == kEmpty) return kEmpty;
  if (what == kNothing) return least == 0 ? kEmpty : kNothing;
  if (least == 1 && most == 1) return what;
  Node n{.kind = Kind::kRepeat,
         .nullable = least == 0 || nodes_[what].nullable,
         .least = least,
         .most = most,
         .first = what};
  contain(n, what, std::max({1, least, most}));
  return add(n);
}

Grammar::Expr Grammar::texts(std::vector<std::string> all) {
  if (static_cast<int64_t>(all.size()) > limits_.values) {
    fail(Status::invalid(str("a choice of ", all.size(), " texts, more than ", limits_.values)));
    return kNothing;
  }
  int64_t bytes = 0;
  for (const std::string& t : all) bytes += static_cast<int64_t>(t.size());
  if (bytes > limits_.source_bytes) {
    fail(Status::invalid(str("a choice of texts of ", bytes, " bytes, more than ", limits_.source_bytes)));
    return kNothing;
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return tree(all, 0);
}

// sorted: texts that are the same before `at`. What they have in common from there on is one sequence, with no
// recursion; then one branch for each byte that follows.
Grammar::Expr Grammar::tree(std::span<const std::string> sorted, size_t at) {
  if (sorted.empty()) return kNothing;
  const std::string &low = sorted.front(), &high = sorted.back();
  size_t same = at;
  while (same < low.size() && same < high.size() && low[same] == high[same]) same++;
  const Expr begin = literal(std::string_view(low).substr(at, same - at));
  std::vector<Expr> options;
  if (low.size() == same) {
    options.push_back(kEmpty);
    sorted = sorted.subspan(1);
  }
  while (!sorted.empty()) {
    const char next = sorted.front()[same];
    size_t n = 1;
    while (n < sorted.size() && sorted[n][same] == next) n++;
    options.push_back(tree(sorted.first(n), same));
    sorted = sorted.subspan(n);
  }
  return sequence({begin, choice(options)});
}

Grammar::Rule Grammar::declare(std::string name) {
  if (static_cast<int64_t>(rules_.size()) >= limits_.rules) {
    fail(Status::invalid(str("the grammar has more than ", limits_.rules, " rules")));
    if (!rules_.empty()) return static_cast<Rule>(rules_.size() - 1);
  }
  rules_.push_back({std::move(name)});
  return static_cast<Rule>(rules_.size() - 1);
}

void Grammar::define(Rule rule, Expr what) {
  if (rules_[rule].defined) return fail(Status::invalid(str("rule '", rules_[rule].name, "' is defined twice")));
  rules_[rule].body = what;
  rules_[rule].defined = true;
}

Grammar::Expr Grammar::refer(Rule rule) { return add({.kind = Kind::kRefer, .first = rule}); }

// Inner expressions come first, so a pass does most.
void Grammar::settle(bool Node::*fact, bool Named::*of_rule, bool of_bytes) {
  const auto holds = [&](Expr e) { return nodes_[e].*fact; };
  const auto follows = [&](const Node& n) {
    switch (n.kind) {
      case Kind::kBytes:
        return of_bytes;
      case Kind::kSequence:
        return std::ranges::all_of(parts(n), holds);
      case Kind::kChoice:
        return std::ranges::any_of(parts(n), holds);
      case Kind::kRepeat:
        return n.least == 0 || holds(n.first);
      case Kind::kRefer:
        return rules_[n.first].*of_rule;
    }
    return false;
  };
  for (Node& n : nodes_) n.*fact = false;
  for (Named& r : rules_) r.*of_rule = false;
  for (bool changed = true; changed;) {
    changed = false;
    for (Node& n : nodes_)
      if (!(n.*fact) && follows(n)) n.*fact = changed = true;
    for (Named& r : rules_)
      if (!(r.*of_rule) && holds(r.body)) r.*of_rule = changed = true;
  }
}

Status Grammar::find_left_recursion() const {
  // From a rule to those that it may begin with, depth first.
  enum : uint8_t { kNew, kOpen, kDone };
  std::vector<uint8_t> state(rules_.size(), kNew);
  std::vector<std::vector<Rule>> begins(rules_.size());
  for (Rule r = 0; r < rules_.size(); ++r) {
    std::vector<Expr> todo{rules_[r].body};
    std::vector<bool> seen(nodes_.size());
    while (!todo.empty()) {
      const Expr e = todo.back();
      todo.pop_back();
      if (seen[e]) continue;
      seen[e] = true;
      const Node& n = nodes_[e];
      if (n.kind == Kind::kRefer) begins[r].push_back(n.first);
      if (n.kind == Kind::kRepeat) todo.push_back(n.first);
      if (n.kind != Kind::kSequence && n.kind != Kind::kChoice) continue;
      for (const Expr part : parts(n)) {
        todo.push_back(part);
        if (n.kind == Kind::kSequence && !nodes_[part].nullable) break;
      }
    }
  }
  for (Rule from = 0; from < rules_.size(); ++from) {
    if (state[from] != kNew) continue;
    std::vector<std::pair<Rule, size_t>> path{{from, 0}};
    state[from] = kOpen;
    while (!path.empty()) {
      auto& [rule, at] = path.back();
      if (at == begins[rule].size()) {
        state[rule] = kDone;
        path.pop_back();
        continue;
      }
      const Rule next = begins[rule][at++];
      if (state[next] == kOpen)
        return Status::unsupported(str("rule '", rules_[next].name, "' begins with itself (left recursion)"),
                                   "write 'item (\",\" item)*' instead of 'list \",\" item'");
      if (state[next] == kNew) state[next] = kOpen, path.push_back({next, 0});
    }
  }
  return {};
}

Status Grammar::finish(Rule root) {
  root_ = root;
  TRY(failed_);
  for (const Named& r : rules_)
    if (!r.defined) return Status::invalid(str("rule '", r.name, "' is used and not defined"));
  settle(&Node::nullable, &Named::nullable, false);
  settle(&Node::possible, &Named::possible, true);
  if (!rules_[root].possible)
    return Status::invalid(str("no text matches rule '", rules_[root].name, "'"),
                           "a rule that needs itself never ends: give it a way out");
  return find_left_recursion();
}

Status Grammar::finish_with(const Result<Expr>& whole) {
  TRY(whole.status());
  if (nodes_[*whole].kind == Kind::kRefer) return finish(nodes_[*whole].first);
  const Rule root = declare("the answer");
  define(root, *whole);
  return finish(root);
}

Grammar::Expr Grammar::without_empty(Expr e) {
  const Expr made = not_empty(e);
  for (; !to_make_.empty();) {  // one rule at a time: chains of them are as long as there are rules
    const Rule of = to_make_.back();
    to_make_.pop_back();
    define(nodes_[rules_[of].not_empty].first, not_empty(rules_[of].body));
  }
  return made;
}

Grammar::Expr Grammar::not_empty(Expr e) {
  const Node n = nodes_[e];
  if (!n.nullable) return e;
  switch (n.kind) {
    case Kind::kBytes:
      return e;
    case Kind::kRepeat:  // a number of repetitions, none of them empty
      return repeat(not_empty(n.first), 1, n.most);
    case Kind::kRefer: {
      if (rules_[n.first].not_empty == UINT32_MAX) {
        const Expr reference = refer(declare(rules_[n.first].name));
        if (reference == kNothing) return kNothing;  // too much already
        rules_[n.first].not_empty = reference;
        to_make_.push_back(n.first);
      }
      return rules_[n.first].not_empty;
    }
    case Kind::kChoice:
    case Kind::kSequence:
      break;
  }
  const std::vector<Expr> all(parts(n).begin(), parts(n).end());
  std::vector<Expr> options;
  Expr rest = kEmpty;  // of a sequence: what comes behind the part that is not empty, while those before it are
  for (size_t i = all.size(); i-- > 0;) {
    options.push_back(sequence({not_empty(all[i]), rest}));
    if (n.kind == Kind::kSequence) rest = sequence({all[i], rest});
  }
  return choice(options);
}

}  // namespace infer::text
