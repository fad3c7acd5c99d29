// A regular expression as a Language: compiled into a grammar of its own, whose characters are references to numbered
// classes; then laid out as a nondeterministic automaton, and that made deterministic.
#include <algorithm>
#include <map>

#include "text/constraint/json_text.h"
#include "text/constraint/language.h"
#include "text/constraint/regex.h"

namespace infer::text::json_schema {
namespace {

constexpr size_t kMostPlaces = 20'000;

}  // namespace

class Language::Builder {
 public:
  explicit Builder(const Grammar& g) : grammar_(g) {}
  std::vector<std::vector<CodeRange>> symbols;  // by rule of the grammar

  std::optional<Language> run(Grammar::Expr e) {
    places_.resize(1);
    const uint32_t end = lay(e, 0);
    if (places_.size() > kMostPlaces) return std::nullopt;
    find_classes();
    std::map<std::vector<uint32_t>, uint32_t> known;
    std::vector<std::vector<uint32_t>> sets{closed({0})};
    known.emplace(sets[0], 0);
    for (size_t s = 0; s < sets.size(); ++s) {
      std::vector<std::vector<uint32_t>> to(l_.alphabet_.classes);
      for (const uint32_t p : sets[s])
        for (const auto& [symbol, target] : places_[p].edges)
          for (const uint32_t k : classes_of_[symbol]) to[k].push_back(target);
      State state{std::binary_search(sets[s].begin(), sets[s].end(), end), {}};
      for (auto& t : to) {
        if (t.empty()) {
          state.next.push_back(kDead);
          continue;
        }
        t = closed(std::move(t));
        if ((work_ += t.size()) > 4'000'000) return std::nullopt;
        const auto [at, is_new] = known.emplace(t, static_cast<uint32_t>(sets.size()));
        if (is_new) sets.push_back(std::move(t));
        state.next.push_back(at->second);
      }
      l_.states_.push_back(std::move(state));
      if (sets.size() > kMostStates) return std::nullopt;
    }
    l_.trim();
    return std::move(l_);
  }

 private:
  struct Place {
    std::vector<uint32_t> free;
    std::vector<std::pair<uint32_t, uint32_t>> edges;  // symbol, place
  };

  uint32_t place() {
    places_.emplace_back();
    return static_cast<uint32_t>(places_.size() - 1);
  }

  uint32_t lay(Grammar::Expr e, uint32_t from) {
    using Kind = Grammar::Kind;
    if (places_.size() > kMostPlaces) return from;
    const Grammar::Node& n = grammar_.node(e);
    const auto parts =
        n.kind == Kind::kSequence || n.kind == Kind::kChoice ? grammar_.parts(n) : std::span<const Grammar::Expr>();
    if (n.kind == Kind::kSequence) {
      for (const Grammar::Expr part : parts) from = lay(part, from);
      return from;
    }
    const uint32_t to = place();
    if (n.kind == Kind::kRefer) places_[from].edges.emplace_back(n.first, to);
    for (const Grammar::Expr part : parts) {
      const uint32_t begin = place();
      places_[from].free.push_back(begin);
      const uint32_t end = lay(part, begin);
      places_[end].free.push_back(to);
    }
    if (n.kind != Kind::kRepeat) return to;
    for (int32_t i = 0; i < n.least && places_.size() <= kMostPlaces; ++i) from = lay(n.first, from);
    for (int32_t i = n.least; i < n.most && places_.size() <= kMostPlaces; ++i) {
      places_[from].free.push_back(to);
      const uint32_t begin = place();
      places_[from].free.push_back(begin);
      from = lay(n.first, begin);
    }
    if (n.most == Grammar::kNoMost) {
      const uint32_t begin = place();
      places_[from].free.push_back(begin);
      const uint32_t end = lay(n.first, begin);
      places_[end].free.push_back(begin);
      from = begin;
    }
    places_[from].free.push_back(to);
    return to;
  }

  // Stretches of code points that are in the same symbols are one class.
  void find_classes() {
    std::vector<uint32_t>& first = l_.alphabet_.first;
    first = {0};
    for (const auto& ranges : symbols)
      for (const CodeRange r : ranges) first.push_back(r.first), first.push_back(r.last + 1);
    std::sort(first.begin(), first.end());
    first.erase(std::unique(first.begin(), first.end()), first.end());
    while (first.back() > 0x10ffff) first.pop_back();
    std::vector<std::vector<uint32_t>> in(first.size());  // symbols, by stretch
    for (uint32_t s = 0; s < symbols.size(); ++s)
      for (const CodeRange r : symbols[s])
        for (auto at = std::lower_bound(first.begin(), first.end(), r.first); at != first.end() && *at <= r.last; ++at)
          in[static_cast<size_t>(at - first.begin())].push_back(s);
    std::map<std::vector<uint32_t>, uint32_t> classes;
    classes_of_.resize(symbols.size());
    for (const auto& all : in) {
      const auto [at, is_new] = classes.emplace(all, static_cast<uint32_t>(classes.size()));
      l_.alphabet_.class_of.push_back(at->second);
      if (is_new)
        for (const uint32_t s : all) classes_of_[s].push_back(at->second);
    }
    l_.alphabet_.classes = static_cast<uint32_t>(classes.size());
  }

  std::vector<uint32_t> closed(std::vector<uint32_t> todo) {
    std::vector<uint32_t> all;
    if (seen_.size() < places_.size()) seen_.resize(places_.size());
    ++now_;
    while (!todo.empty()) {
      const uint32_t p = todo.back();
      todo.pop_back();
      if (seen_[p] == now_) continue;
      seen_[p] = now_;
      all.push_back(p);
      todo.insert(todo.end(), places_[p].free.begin(), places_[p].free.end());
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  const Grammar& grammar_;
  std::vector<Place> places_;
  std::vector<std::vector<uint32_t>> classes_of_;  // [symbols]
  std::vector<uint32_t> seen_;
  uint32_t now_ = 0;
  size_t work_ = 0;
  Language l_;
};

Result<std::optional<Language>> Language::pattern(std::string_view regex, bool search, const GrammarLimits& limits) {
  Grammar g(limits);
  Builder builder(g);
  std::map<std::vector<uint32_t>, Grammar::Rule> known;
  const auto symbol = [&](Grammar& to, const std::vector<CodeRange>& ranges, bool negated) {
    std::vector<CodeRange> sorted = tidy_ranges(ranges, negated);
    std::vector<uint32_t> key;
    for (const CodeRange r : sorted) key.push_back(r.first), key.push_back(r.last);
    if (const auto at = known.find(key); at != known.end()) return to.refer(at->second);
    const Grammar::Rule rule = to.declare("class");
    to.define(rule, Grammar::kEmpty);
    builder.symbols.resize(rule + size_t{1});
    builder.symbols[rule] = std::move(sorted);
    known.emplace(std::move(key), rule);
    return to.refer(rule);
  };
  TRY_SET(const Grammar::Expr e, compile_regex(g, regex, {.search = search, .code_points = symbol}));
  const Grammar::Rule root = g.declare("pattern");
  g.define(root, e);
  TRY(g.finish(root));
  builder.symbols.resize(g.n_rules());
  return builder.run(e);
}

}  // namespace infer::text::json_schema
