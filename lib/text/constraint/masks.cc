#include "text/constraint/masks.h"

namespace infer::text {

void Masks::forget() {
  masks_.clear(), alone_.clear();
  bytes_ = 0;
}

void Masks::walk(StateId s, uint32_t begin, uint32_t end, Mask& mask, std::vector<uint32_t>* leaves) {
  const auto nodes = trie_.nodes();
  if (begin == end) return;
  const uint32_t above = nodes[begin].depth - 1u;
  path_.resize(trie_.longest() + size_t{1});
  path_[above] = s;
  for (uint32_t i = begin; i < end;) {
    const TokenTrie::Node& n = nodes[i];
    const StateId to = automaton_.next(path_[n.depth - 1u], n.byte);
    if (to == Automaton::kNone) {
      i = n.beyond;
      continue;
    }
    const Automaton::Facts& facts = automaton_.facts(to);
    if (n.n_tokens > 0) set(n, mask);
    if (leaves && facts.leaves && n.beyond > i + 1) leaves->push_back(i);
    path_[n.depth] = to;
    ++i;
  }
}

const Masks::Alone& Masks::alone(Automaton::Pair p) {
  const StateId s = automaton_.alone(p);
  auto& known = alone_[s];
  if (!known) {
    auto made = std::make_unique<Alone>();
    made->tokens.resize(trie_.words());
    walk(s, 0, static_cast<uint32_t>(trie_.nodes().size()), made->tokens, &made->leaves);
    bytes_ += static_cast<int64_t>(4 * (made->tokens.size() + made->leaves.size()) + 100);
    known = std::move(made);
  }
  return *known;
}

std::span<const uint32_t> Masks::of(StateId s) {
  if (const auto found = masks_.find(s); found != masks_.end()) return *found->second;
  auto mask = std::make_unique<Mask>(trie_.words());
  const std::vector<Automaton::Pair> pairs(automaton_.pairs(s).begin(), automaton_.pairs(s).end());
  for (const Automaton::Pair p : pairs) {
    const auto [loops, below] = automaton_.split(p.tail, trie_.longest());
    const Alone& a = alone({p.local, loops});
    for (size_t w = 0; w < mask->size(); ++w) (*mask)[w] |= a.tokens[w];
    if (a.leaves.empty()) continue;
    StateId after = Automaton::kNone;
    if (below > Automaton::kOutside) {
      const Automaton::TailData t = automaton_.tail(below);
      const Automaton::Pair back{t.to, t.below};
      after = automaton_.begin({&back, 1});
    }
    if (after == Automaton::kNone) continue;
    for (const uint32_t i : a.leaves) walk(after, i + 1, trie_.nodes()[i].beyond, *mask, nullptr);
  }
  if (automaton_.facts(s).ends)
    for (const int32_t t : trie_.ends()) (*mask)[static_cast<size_t>(t) / 32] |= 1u << t % 32;
  bytes_ += static_cast<int64_t>(4 * mask->size() + 100);
  return *masks_.emplace(s, std::move(mask)).first->second;
}

}  // namespace infer::text
