#include "text/constraint/automaton.h"

#include <algorithm>
#include <bit>

#include "text/constraint/byte_classes.h"

namespace infer::text {
namespace {

uint64_t mix(uint64_t h, uint64_t v) {  // as of splitmix64
  h += 0x9e3779b97f4a7c15u + v;
  h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
  h = (h ^ h >> 27) * 0x94d049bb133111ebu;
  return h ^ h >> 31;
}

uint32_t less(uint32_t room) { return room == Nfa::kAny || room == 0 ? room : room - 1; }

}  // namespace

Automaton::Automaton(std::unique_ptr<Nfa> nfa) : nfa_(std::move(nfa)) { forget(); }

void Automaton::forget() {
  nfa_->forget();
  states_.clear(), tails_.clear(), state_of_.clear(), tail_of_.clear();
  bytes_ = 0;
  states_.emplace_back();  // kNone
  tails_.resize(2);        // kEnd, kOutside
}

StateId Automaton::start() {
  const Pair p{nfa_->root(), kEnd};
  return p.local == kDead ? kNone : begin({&p, 1});
}

// What a call that failed has left is not of the next state.
void Automaton::fresh() {
  todo_.clear(), found_.clear();
  facts_ = {};
  too_many_ = false;
}

StateId Automaton::begin(std::span<const Pair> pairs) {
  fresh();
  for (const Pair p : pairs) visit(p.local, p.tail);
  return intern();
}

StateId Automaton::alone(Pair p) {
  fresh();
  found_.push_back(p);
  return intern();
}

Tail Automaton::make_tail(const TailData& t) {
  const uint64_t hash = mix(mix(mix(t.loop, t.to), t.below), static_cast<uint64_t>(t.need) << 32 | t.room);
  const auto [first, last] = tail_of_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    const TailData& u = tails_[at->second];
    if (u.loop == t.loop && u.to == t.to && u.below == t.below && u.need == t.need && u.room == t.room)
      return at->second;
  }
  tails_.push_back(t);
  tails_.back().depth = tails_[t.below].depth + 1;
  bytes_ += 80;
  tail_of_.emplace(hash, static_cast<Tail>(tails_.size() - 1));
  return static_cast<Tail>(tails_.size() - 1);
}

void Automaton::visit(Local l, Tail t) {
  const Pair p{l, t};
  if (tails_[t].depth > kMostDepth) return;  // no text goes on from there
  const auto at = std::lower_bound(found_.begin(), found_.end(), p);
  if (at != found_.end() && *at == p) return;
  if (found_.size() >= kMostPairs) {
    too_many_ = true;
    return;
  }
  found_.insert(at, p);
  todo_.push_back(p);
}

// An iteration begins, with so many more needed and allowed after it.
void Automaton::enter(uint32_t loop, uint32_t need, uint32_t room, Tail below) {
  visit(nfa_->loop(loop).body, make_tail({.loop = true, .to = loop, .below = below, .need = need, .room = room}));
}

void Automaton::close() {
  while (!todo_.empty()) {
    const Pair p = todo_.back();
    todo_.pop_back();
    const Nfa::State& s = nfa_->state(p.local);
    for (const auto& [rule, back] : s.calls) {
      const Local begin = nfa_->start(rule);
      if (begin == kDead) continue;
      // A call at the end of a rule returns to where that rule returns to.
      visit(begin, nfa_->state(back).bare ? p.tail : make_tail({.to = back, .below = p.tail}));
    }
    for (const uint32_t i : nfa_->state(p.local).loops) {
      const Loop& loop = nfa_->loop(i);
      if (loop.least == 0 && loop.after != kDead) visit(loop.after, p.tail);
      if (loop.body != kDead && loop.most > 0) enter(i, loop.least == 0 ? 0 : loop.least - 1, less(loop.most), p.tail);
    }
    if (!nfa_->state(p.local).final) continue;
    if (p.tail == kEnd) facts_.ends = true;
    if (p.tail == kOutside) facts_.leaves = true;
    if (p.tail <= kOutside) continue;
    const TailData t = tails_[p.tail];
    if (!t.loop) {
      visit(t.to, t.below);
      continue;
    }
    const Loop& loop = nfa_->loop(t.to);
    if (t.need == 0 && loop.after != kDead) visit(loop.after, t.below);
    if (t.room > 0) enter(t.to, t.need == 0 ? 0 : t.need - 1, less(t.room), t.below);
  }
}

StateId Automaton::intern() {
  close();
  std::vector<Pair> pairs = std::move(found_);
  const Facts facts = facts_;
  if (too_many_) {
    ambiguous_ = true;
    return kNone;
  }
  // What no byte leads on from has said all: its calls and its end are there.
  std::erase_if(pairs, [&](const Pair& p) { return nfa_->following(p.local) == ByteSet{}; });
  if (pairs.empty() && !facts.ends && !facts.leaves) return kNone;
  uint64_t hash = mix(facts.ends, facts.leaves);
  for (const Pair p : pairs) hash = mix(hash, static_cast<uint64_t>(p.local) << 32 | p.tail);
  const auto [first, last] = state_of_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    const State& s = states_[at->second];
    if (s.pairs == pairs && s.facts.ends == facts.ends && s.facts.leaves == facts.leaves) return at->second;
  }
  bytes_ += static_cast<int64_t>(120 + 8 * pairs.size());
  states_.push_back({std::move(pairs), facts, nullptr});
  state_of_.emplace(hash, static_cast<StateId>(states_.size() - 1));
  return static_cast<StateId>(states_.size() - 1);
}

StateId Automaton::find_next(StateId s, uint8_t byte) {
  if (s == kNone) return kNone;
  if (!states_[s].next) {
    auto next = std::make_unique<std::array<StateId, 256>>();
    const ByteSet leading = following(s);
    next->fill(kNone);
    for (size_t w = 0; w < leading.bits.size(); ++w)
      for (uint64_t left = leading.bits[w]; left != 0; left &= left - 1)
        (*next)[64 * w + static_cast<size_t>(std::countr_zero(left))] = kUnknown;
    states_[s].next = std::move(next);
    bytes_ += 1024;
    if (!leading.has(byte)) return kNone;
  }
  fresh();
  for (size_t i = 0; i < states_[s].pairs.size(); ++i) {
    const Pair p = states_[s].pairs[i];
    const Local to = nfa_->next(p.local, byte);
    if (to != kDead) visit(to, p.tail);
  }
  const StateId to = found_.empty() ? kNone : intern();
  auto& next = *states_[s].next;
  next[byte] = to;
  const uint8_t c = ByteClasses::kOf[byte];
  if ((alike(s) >> c & 1) == 0) return to;
  for (size_t b = ByteClasses::kOne[c]; b <= ByteClasses::kLast[c]; ++b)
    if (ByteClasses::kOf[b] == c) next[b] = to;
  return to;
}

ByteSet Automaton::following(StateId s) const {
  ByteSet all;
  for (const Pair p : states_[s].pairs) all |= nfa_->following(p.local);
  return all;
}

std::optional<uint8_t> Automaton::only(StateId s) const {
  const ByteSet all = following(s);
  std::optional<uint8_t> one;
  for (size_t w = 0; w < all.bits.size(); ++w) {
    if (all.bits[w] == 0) continue;
    if (one || (all.bits[w] & (all.bits[w] - 1)) != 0) return std::nullopt;
    one = static_cast<uint8_t>(64 * w + static_cast<size_t>(std::countr_zero(all.bits[w])));
  }
  return one;
}

std::pair<Tail, Tail> Automaton::split(Tail t, uint32_t most) {
  std::vector<Tail> loops;
  for (; t > kOutside && tails_[t].loop; t = tails_[t].below) loops.push_back(t);
  Tail above = kOutside;
  for (auto at = loops.rbegin(); at != loops.rend(); ++at) {
    TailData loop = tails_[*at];
    loop.below = above;
    loop.need = std::min(loop.need, most);
    if (loop.room != Nfa::kAny) loop.room = std::min(loop.room, most);
    above = make_tail(loop);
  }
  return {above, t};
}

}  // namespace infer::text
