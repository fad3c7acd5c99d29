#include "text/constraint/language.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace infer::text::json_schema {
namespace {

constexpr uint32_t kLast = 0x10ffff;

}  // namespace

std::vector<uint32_t> code_points_of(std::string_view s) {
  std::vector<uint32_t> out;
  for (size_t i = 0; i < s.size();) {
    const auto lead = static_cast<uint8_t>(s[i]);
    const size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? lead : lead & (0x7fu >> n);
    for (size_t k = 1; k < n && i + k < s.size(); ++k) c = c << 6 | (static_cast<uint8_t>(s[i + k]) & 0x3f);
    out.push_back(c);
    i += n;
  }
  return out;
}

uint32_t Language::Alphabet::of(uint32_t c) const {
  return class_of[static_cast<size_t>(std::upper_bound(first.begin(), first.end(), c) - first.begin()) - 1];
}

Language Language::all() {
  Language l;
  l.alphabet_ = {{0}, {0}, 1};
  l.states_ = {{true, {0}}};
  return l;
}

std::optional<Language> Language::lengths(int64_t least, int64_t most) {
  const int64_t n = most < 0 ? least : most;
  if (n >= static_cast<int64_t>(kMostStates)) return std::nullopt;
  Language l;
  l.alphabet_ = {{0}, {0}, 1};
  for (int64_t i = 0; i <= n; ++i)
    l.states_.push_back({i >= least,
                         {i < n      ? static_cast<uint32_t>(i + 1)
                          : most < 0 ? static_cast<uint32_t>(i)
                                     : kDead}});
  return l;
}

Language Language::of(const std::vector<std::string>& texts) {
  std::vector<std::vector<uint32_t>> all;
  std::vector<uint32_t> used;
  for (const std::string& t : texts) all.push_back(code_points_of(t));
  for (const auto& t : all) used.insert(used.end(), t.begin(), t.end());
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  Language l;
  l.alphabet_ = {{0}, {0}, 1};  // class 0: none of them
  Alphabet& a = l.alphabet_;
  for (const uint32_t c : used) {
    if (a.first.back() == c) {
      a.class_of.back() = a.classes++;
    } else {
      a.first.push_back(c), a.class_of.push_back(a.classes++);
    }
    if (c < kLast) a.first.push_back(c + 1), a.class_of.push_back(0);
  }
  l.states_ = {{false, std::vector<uint32_t>(a.classes, kDead)}};
  for (const auto& t : all) {
    uint32_t at = 0;
    for (const uint32_t c : t) {
      const uint32_t k = a.of(c);
      if (l.states_[at].next[k] == kDead) {
        l.states_[at].next[k] = static_cast<uint32_t>(l.states_.size());
        l.states_.push_back({false, std::vector<uint32_t>(a.classes, kDead)});
      }
      at = l.states_[at].next[k];
    }
    l.states_[at].final = true;
  }
  return l;
}

Language Language::all_but(const std::vector<std::string>& texts) {
  Language l = of(texts);
  const auto any = static_cast<uint32_t>(l.states_.size());
  l.states_.push_back({false, std::vector<uint32_t>(l.alphabet_.classes, any)});
  for (State& s : l.states_) {
    s.final = !s.final;
    std::replace(s.next.begin(), s.next.end(), kDead, any);
  }
  return l;
}

std::optional<Language> Language::combine(const Language& a, const Language& b, bool (*keep)(bool, bool)) {
  Language l;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> classes;
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (size_t i = 0, j = 0; i < a.alphabet_.first.size() || j < b.alphabet_.first.size();) {
    const uint32_t x = i < a.alphabet_.first.size() ? a.alphabet_.first[i] : UINT32_MAX;
    const uint32_t y = j < b.alphabet_.first.size() ? b.alphabet_.first[j] : UINT32_MAX;
    if (x <= y) ++i;
    if (y <= x) ++j;
    const std::pair key{a.alphabet_.class_of[i - 1], b.alphabet_.class_of[j - 1]};
    const auto [at, is_new] = classes.emplace(key, static_cast<uint32_t>(pairs.size()));
    if (is_new) pairs.push_back(key);
    l.alphabet_.first.push_back(std::min(x, y));
    l.alphabet_.class_of.push_back(at->second);
  }
  l.alphabet_.classes = static_cast<uint32_t>(pairs.size());
  std::unordered_map<uint64_t, uint32_t> known{{0, 0}};
  std::vector<std::pair<uint32_t, uint32_t>> of{{0, 0}};
  for (size_t s = 0; s < of.size(); ++s) {
    const auto [p, q] = of[s];
    State state{keep(p != kDead && a.states_[p].final, q != kDead && b.states_[q].final), {}};
    for (const auto& [ca, cb] : pairs) {
      const std::pair to{p == kDead ? kDead : a.states_[p].next[ca], q == kDead ? kDead : b.states_[q].next[cb]};
      if ((to.first == kDead && (to.second == kDead || !keep(false, true))) ||
          (to.second == kDead && !keep(true, false))) {
        state.next.push_back(kDead);
        continue;
      }
      const auto [at, is_new] = known.emplace(uint64_t{to.first} << 32 | to.second, static_cast<uint32_t>(of.size()));
      if (is_new) of.push_back(to);
      state.next.push_back(at->second);
    }
    l.states_.push_back(std::move(state));
    if (of.size() > kMostStates) return std::nullopt;
  }
  l.trim();
  return l;
}

void Language::trim() {
  std::vector<std::vector<uint32_t>> before(states_.size());
  std::vector<uint32_t> todo;
  std::vector<bool> alive(states_.size());
  for (uint32_t s = 0; s < states_.size(); ++s) {
    for (const uint32_t t : states_[s].next)
      if (t != kDead) before[t].push_back(s);
    if (states_[s].final) todo.push_back(s), alive[s] = true;
  }
  while (!todo.empty()) {
    const uint32_t s = todo.back();
    todo.pop_back();
    for (const uint32_t p : before[s])
      if (!alive[p]) alive[p] = true, todo.push_back(p);
  }
  for (State& s : states_)
    for (uint32_t& t : s.next)
      if (t != kDead && !alive[t]) t = kDead;
}

bool Language::none() const {
  std::vector<bool> seen(states_.size());
  std::vector<uint32_t> todo{0};
  seen[0] = true;
  while (!todo.empty()) {
    const State& s = states_[todo.back()];
    todo.pop_back();
    if (s.final) return false;
    for (const uint32_t t : s.next)
      if (t != kDead && !seen[t]) seen[t] = true, todo.push_back(t);
  }
  return true;
}

std::pair<int64_t, int64_t> Language::extent() const {
  std::vector<int64_t> near(states_.size(), -1), far(states_.size(), 0);
  std::vector<uint32_t> order{0}, before(states_.size());
  near[0] = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    for (const uint32_t t : states_[order[i]].next) {
      if (t == kDead) continue;
      ++before[t];
      if (near[t] < 0) near[t] = near[order[i]] + 1, order.push_back(t);
    }
  }
  std::pair<int64_t, int64_t> found{-1, -1};
  for (const uint32_t s : order)
    if (states_[s].final && (found.first < 0 || near[s] < found.first)) found.first = near[s];
  std::vector<uint32_t> ready;  // all ways to them are known
  if (before[0] == 0) ready.push_back(0);
  size_t done = 0;
  for (; done < ready.size(); ++done) {
    const uint32_t s = ready[done];
    if (states_[s].final) found.second = std::max(found.second, far[s]);
    for (const uint32_t t : states_[s].next) {
      if (t == kDead) continue;
      far[t] = std::max(far[t], far[s] + 1);
      if (--before[t] == 0) ready.push_back(t);
    }
  }
  if (done < order.size()) found.second = -1;  // there are circles
  return found;
}

bool Language::has(std::string_view text) const {
  uint32_t at = 0;
  for (const uint32_t c : code_points_of(text)) {
    at = states_[at].next[alphabet_.of(c)];
    if (at == kDead) return false;
  }
  return states_[at].final;
}

// A state is a rule when several lead to it or it is far from the last one; else it is written where it is used. Rules
// end with the next rule, so a text costs no depth.
Grammar::Expr Language::emit(Grammar& g, const Writing& writing, const std::string& name) const {
  std::vector<uint32_t> uses(states_.size());
  std::vector<std::map<uint32_t, std::vector<CodeRange>>> edges(states_.size());
  std::vector<bool> seen(states_.size());
  std::vector<uint32_t> order{0};  // breadth first
  seen[0] = true;
  std::vector<uint32_t> deep(states_.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const uint32_t s = order[i];
    for (size_t r = 0; r < alphabet_.first.size(); ++r) {
      const uint32_t to = states_[s].next[alphabet_.class_of[r]];
      const uint32_t last = r + 1 < alphabet_.first.size() ? alphabet_.first[r + 1] - 1 : kLast;
      if (to != kDead) edges[s][to].push_back({alphabet_.first[r], last});
    }
    for (const auto& [to, ranges] : edges[s]) {
      if (to != s) ++uses[to];
      if (!seen[to]) seen[to] = true, deep[to] = deep[s] + 1, order.push_back(to);
    }
  }
  // Small enough to be written wherever it is used.
  const auto ends = [&](uint32_t s) {
    return states_[s].final && (edges[s].empty() || (edges[s].size() == 1 && edges[s].begin()->first == s));
  };
  std::vector<Grammar::Rule> rules(states_.size(), UINT32_MAX);
  for (const uint32_t s : order)
    if (!ends(s) && (uses[s] > 1 || (s == 0 && uses[s] > 0) || (s != 0 && deep[s] % 32 == 0)))
      rules[s] = g.declare(name);
  std::vector<Grammar::Expr> what(states_.size(), Grammar::kNothing);
  for (const uint32_t s : order)
    if (ends(s)) what[s] = edges[s].empty() ? writing.end : writing.rest(edges[s][s]);
  std::vector<uint32_t> backwards(order.rbegin(), order.rend());
  // What is written in place comes first: those are one step further from the beginning than the only one before them.
  for (const uint32_t s : backwards) {
    if (ends(s)) continue;
    std::vector<Grammar::Expr> options;
    if (states_[s].final) options.push_back(writing.end);
    Grammar::Expr again = Grammar::kEmpty;
    for (const auto& [to, ranges] : edges[s]) {
      const Grammar::Expr c = writing.code_points(g, ranges, false);
      if (to == s) {
        again = g.repeat(c, 0);
      } else {
        options.push_back(g.sequence({c, rules[to] != UINT32_MAX ? g.refer(rules[to]) : what[to]}));
      }
    }
    what[s] = g.sequence({again, g.choice(options)});
    if (rules[s] != UINT32_MAX) g.define(rules[s], what[s]);
  }
  return rules[0] != UINT32_MAX ? g.refer(rules[0]) : what[0];
}

}  // namespace infer::text::json_schema
