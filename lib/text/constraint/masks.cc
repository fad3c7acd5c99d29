#include "text/constraint/masks.h"

#include <algorithm>

#include "text/constraint/byte_classes.h"

namespace infer::text {
namespace {

constexpr uint32_t kManyNodes = 12;  // below a node, for it to be worth a look at all of them together
constexpr uint8_t kLongRun = 32;     // characters that are looked ahead; longer tokens are few

}  // namespace

void Masks::forget() {
  masks_.clear(), alone_.clear(), runs_.clear();
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
    for (const int32_t t : trie_.tokens(n)) set(t, mask);
    if (leaves && facts.leaves && n.beyond > i + 1) leaves->push_back(i);
    if (n.beyond - i > kManyNodes && set_below(n, to, mask, leaves != nullptr)) {
      i = n.beyond;
      continue;
    }
    path_[n.depth] = to;
    ++i;
  }
}

// Sets all tokens below a node, without a look at each, if the state lets them pass. leaves: not if something may end
// on the way.
bool Masks::set_below(const TokenTrie::Node& n, StateId s, Mask& mask, bool leaves) {
  if (n.classes & ~run(s).classes) return false;
  const Run& r = run_for(s, n.characters);
  if (leaves && r.leaves) return false;
  if (n.characters <= r.room) {
    for (const int32_t t : trie_.tokens_below(n)) set(t, mask);
    return true;
  }
  if (!r.stops || (n.classes & ByteClasses::kText) != 0) return false;
  // A byte is a character: those that are not too long.
  const auto nodes = trie_.nodes();
  for (auto i = static_cast<uint32_t>(&n - nodes.data()) + 1; i < n.beyond;) {
    const bool fits = nodes[i].depth - n.depth <= r.room;
    if (fits)
      for (const int32_t t : trie_.tokens(nodes[i])) set(t, mask);
    i = fits ? i + 1 : nodes[i].beyond;
  }
  return true;
}

// As far as one character.
Masks::Run& Masks::run(StateId s) {
  if (runs_.size() <= s) {
    bytes_ += static_cast<int64_t>((s + 1 - runs_.size()) * sizeof(Run));
    runs_.resize(s + size_t{1});
  }
  if (runs_[s].known) return runs_[s];
  Run r{.known = true};
  const uint32_t alike = automaton_.alike(s);
  const ByteSet following = automaton_.following(s);
  for (size_t b = 0; b < 0x80; ++b)
    if (following.has(static_cast<uint8_t>(b))) r.takes = static_cast<uint16_t>(r.takes | 1 << ByteClasses::kOf[b]);
  for (uint8_t c = 0; c < ByteClasses::kAscii; ++c) {
    const uint8_t byte = ByteClasses::kOne[c];
    if ((alike >> c & 1) == 0 || !following.has(byte)) continue;
    const StateId to = automaton_.next(s, byte);
    if (r.next == Automaton::kNone) r.next = to;
    if (to != Automaton::kNone && to == r.next) r.classes = static_cast<uint16_t>(r.classes | 1 << c);
  }
  if (r.next != Automaton::kNone && whole_characters(s, r.next)) r.classes |= ByteClasses::kText;
  r.leaves = automaton_.facts(r.next).leaves;
  r.room = r.next == s ? TokenTrie::kMany : r.classes != 0 ? 1 : 0;
  r.settled = r.room != 1;
  return runs_[s] = r;
}

const Masks::Run& Masks::run_for(StateId s, uint8_t characters) {
  const uint8_t far = std::min(characters, kLongRun);
  if (run(s).settled || run(s).room >= far) return runs_[s];
  std::vector<StateId> chain{s};
  while (chain.size() < far) {
    const Run r = run(chain.back());
    if (r.settled || (run(r.next).classes & r.classes) != r.classes) break;
    chain.push_back(r.next);
  }
  for (size_t i = chain.size(); i-- > 0;) {
    Run& r = runs_[chain[i]];
    if (r.settled || r.next >= runs_.size() || !runs_[r.next].known) continue;  // looked so far
    const Run& next = runs_[r.next];
    if ((next.classes & r.classes) != r.classes) {
      r.settled = true;
      r.stops = (next.takes & r.classes) == 0;
      continue;
    }
    const bool any = next.room == TokenTrie::kMany;
    r.room = any ? next.room : static_cast<uint8_t>(std::min<int>(next.room + 1, TokenTrie::kMany - 1));
    r.leaves = r.leaves || next.leaves;
    r.settled = next.settled;
    r.stops = next.stops && next.room < TokenTrie::kMany - 1;  // room is all of it
  }
  return runs_[s];
}

// Do all characters of several bytes lead there?
bool Masks::whole_characters(StateId s, StateId to) {
  // From `at` by any byte of these classes to one state, in which nothing ends.
  const auto step = [&](StateId& at, uint8_t first, uint8_t last) {
    const uint32_t alike = automaton_.alike(at);
    const StateId next = automaton_.next(at, ByteClasses::kOne[first]);
    for (uint8_t c = first; c <= last; ++c)
      if ((alike >> c & 1) == 0 || automaton_.next(at, ByteClasses::kOne[c]) != next) return false;
    at = next;
    return next == to || (next != Automaton::kNone && !automaton_.facts(next).leaves);
  };
  for (uint8_t lead = ByteClasses::kLead2; lead <= ByteClasses::kLeadF4; ++lead) {
    const ByteClasses::Follow f = ByteClasses::follow(lead);
    StateId at = s;
    if (!step(at, lead, lead) || !step(at, f.first, f.last)) return false;
    for (uint8_t n = 1; n < f.n; ++n)
      if (!step(at, ByteClasses::kLow, ByteClasses::kHigh)) return false;
    if (at != to) return false;
  }
  return true;
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
    for (const int32_t t : trie_.ends()) set(t, *mask);
  bytes_ += static_cast<int64_t>(4 * mask->size() + 100);
  return *masks_.emplace(s, std::move(mask)).first->second;
}

}  // namespace infer::text
