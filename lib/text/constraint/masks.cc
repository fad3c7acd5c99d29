#include "text/constraint/masks.h"

#include <algorithm>

#include "text/constraint/byte_classes.h"

namespace infer::text {
namespace {

constexpr uint32_t kManyNodes = 12;  // below a node, for it to be worth a look at all of them together
constexpr int kManyBytes = 40;       // that lead on from a state: fewer are not the most of those that are plain

// What a walk goes along: all nodes of the tree, or those that lead to tokens that are not plain.
struct AllNodes {
  std::span<const TokenTrie::Node> all;
  uint32_t at(uint32_t i) const { return i; }
  const TokenTrie::Node& node(uint32_t i) const { return all[i]; }
  uint32_t beyond(uint32_t i) const { return all[i].beyond; }
};
struct OtherNodes {
  std::span<const TokenTrie::Other> others;
  uint32_t at(uint32_t i) const { return others[i].at; }
  const TokenTrie::Node& node(uint32_t i) const { return others[i].node; }
  uint32_t beyond(uint32_t i) const { return others[i].beyond; }
};

}  // namespace

void Masks::forget() {
  masks_.clear(), runs_.forget();
  for (auto& known : alone_) known.clear();
  for (auto& known : others_) known.clear();
  bytes_ = 0;
}

void Masks::walk_all(StateId s, TokenSet& mask, std::vector<uint32_t>* leaves) {
  const auto all = trie_.nodes();
  const ByteSet following = automaton_.following(s);
  if (following.size() >= kManyBytes) {
    const std::optional<uint8_t> usual = runs_.usual_byte(s);
    if (!usual || !walk_string(s, *usual, mask, leaves))
      walk(AllNodes{all}, s, 0, static_cast<uint32_t>(all.size()), mask, leaves);
    return;
  }
  for (size_t b = 0; b < 256; ++b) {
    const uint32_t i = trie_.beginning()[b];
    if (following.has(static_cast<uint8_t>(b)) && i != TokenTrie::kNoNode)
      walk(AllNodes{all}, s, i, all[i].beyond, mask, leaves);
  }
}

// Where this byte and most plain characters lead, as in a string, plain tokens that are not too long pass, and no
// others: these are set, and what is not plain or begins in another way is looked at. False: it is not so.
bool Masks::walk_string(StateId s, uint8_t usual_byte, TokenSet& mask, std::vector<uint32_t>* leaves) {
  const auto all = trie_.nodes();
  const StateId usual = automaton_.next(s, usual_byte);
  const Run r = runs_.of(usual, Runs::kFar);
  const bool all_pass = r.room >= Runs::kFar;
  const bool no_longer = r.stops && !(leaves && (r.leaves || automaton_.facts(usual).leaves));
  if ((r.classes & ByteClasses::kPlain) != ByteClasses::kPlain || !(all_pass || no_longer)) return false;
  const bool text = runs_.text_as(s, usual_byte);
  const auto is_usual = [&](uint8_t b) { return b < 0x80 ? automaton_.next(s, b) == usual : text; };
  const auto plain = trie_.plain(std::min<size_t>(r.room + size_t{1}, Runs::kFar));
  mask.add(plain);
  const bool for_ever = r.next == usual;  // so other states lead here, too
  if (for_ever) {
    const Alone& others = others_from(usual, leaves != nullptr);
    mask.add(others.tokens);
    uint32_t first = 0;  // nodes are in order
    for (const uint32_t i : others.leaves) {
      while (all[first].beyond <= i) first = all[first].beyond;
      if (is_usual(all[first].byte)) leaves->push_back(i);
    }
  }
  for (uint32_t i = 0; i < all.size(); i = all[i].beyond) {
    if (!ByteClasses::plain(all[i].byte) || is_usual(all[i].byte)) continue;
    for (const int32_t t : trie_.tokens(all[i])) mask.remove(t);
    for (const int32_t t : trie_.tokens_below(all[i])) mask.remove(t);
    walk(AllNodes{all}, s, i, all[i].beyond, mask, leaves);
  }
  const auto others = trie_.others();
  for (uint32_t i = 0; i < others.size(); i = others[i].beyond) {
    const uint8_t b = others[i].node.byte;
    if (!ByteClasses::plain(b) || (is_usual(b) && !(for_ever && b < 0x80)))
      walk(OtherNodes{others}, s, i, others[i].beyond, mask, leaves);
  }
  return true;
}

// Tokens that are not plain, but begin with a plain ASCII character that led to this state.
const Masks::Alone& Masks::others_from(StateId s, bool goes_on) {
  const auto known = others_[goes_on].find(s);
  if (known != others_[goes_on].end()) return known->second;
  TokenSet mask(trie_.words());
  std::vector<uint32_t> leaves;
  const auto others = trie_.others();
  for (uint32_t i = 0; i < others.size(); i = others[i].beyond) {
    if (others[i].node.byte >= 0x80 || !ByteClasses::plain(others[i].node.byte)) continue;
    if (goes_on && automaton_.facts(s).leaves) leaves.push_back(others[i].at);
    walk(OtherNodes{others}, s, i + 1, others[i].beyond, mask, goes_on ? &leaves : nullptr);
  }
  return keep(others_[goes_on], s, {std::move(mask), std::move(leaves)});
}

const Masks::Alone& Masks::keep(std::unordered_map<StateId, Alone>& all, StateId s, Alone made) {
  bytes_ += made.tokens.bytes() + static_cast<int64_t>(4 * made.leaves.capacity() + 150);
  return all.emplace(s, std::move(made)).first->second;
}

template <typename Nodes>
void Masks::walk(const Nodes& nodes, StateId s, uint32_t begin, uint32_t end, TokenSet& mask,
                 std::vector<uint32_t>* leaves) {
  if (begin == end) return;
  path_.resize(trie_.longest() + size_t{1});
  path_[nodes.node(begin).depth - 1u] = s;
  for (uint32_t i = begin; i < end;) {
    const uint32_t at = nodes.at(i);
    const TokenTrie::Node& n = nodes.node(i);
    const StateId to = automaton_.next(path_[n.depth - 1u], n.byte);
    if (to == Automaton::kNone) {
      i = nodes.beyond(i);
      continue;
    }
    const Automaton::Facts& facts = automaton_.facts(to);
    for (const int32_t t : trie_.tokens(n)) mask.add(t);
    if (leaves && facts.leaves && n.beyond > at + 1) leaves->push_back(at);
    if (n.beyond - at > kManyNodes && set_below(at, to, mask, leaves != nullptr)) {
      i = nodes.beyond(i);
      continue;
    }
    path_[n.depth] = to;
    ++i;
  }
}

// Sets all tokens below a node, without a look at each, if the state lets them pass. leaves: not if something may end
// on the way.
bool Masks::set_below(uint32_t at, StateId s, TokenSet& mask, bool leaves) {
  const TokenTrie::Node& n = trie_.nodes()[at];
  constexpr uint16_t kAscii = ByteClasses::kText - 1;
  if (n.classes & kAscii & ~automaton_.alike(s)) return false;  // as mostly
  if (n.classes & ~runs_.of(s).classes) return false;
  const Run& r = runs_.of(s, n.characters);
  if (leaves && r.leaves) return false;
  if (n.characters <= r.room) {
    for (const int32_t t : trie_.tokens_below(n)) mask.add(t);
    return true;
  }
  if (!r.stops || (n.classes & ByteClasses::kText) != 0) return false;
  // A byte is a character: those that are not too long.
  const auto nodes = trie_.nodes();
  for (auto i = at + 1; i < n.beyond;) {
    const bool fits = nodes[i].depth - n.depth <= r.room;
    if (fits)
      for (const int32_t t : trie_.tokens(nodes[i])) mask.add(t);
    i = fits ? i + 1 : nodes[i].beyond;
  }
  return true;
}

const Masks::Alone& Masks::alone(Automaton::Pair p, bool goes_on) {
  const StateId s = automaton_.alone(p);
  const auto known = alone_[goes_on].find(s);
  if (known != alone_[goes_on].end()) return known->second;
  TokenSet tokens(trie_.words());
  std::vector<uint32_t> leaves;
  walk_all(s, tokens, goes_on ? &leaves : nullptr);
  return keep(alone_[goes_on], s, {std::move(tokens), std::move(leaves)});
}

const TokenSet& Masks::of(StateId s) {
  if (const auto found = masks_.find(s); found != masks_.end()) return found->second;
  TokenSet mask(trie_.words());
  const std::vector<Automaton::Pair> pairs(automaton_.pairs(s).begin(), automaton_.pairs(s).end());
  for (const Automaton::Pair p : pairs) {
    const auto [loops, below] = automaton_.split(p.tail, trie_.longest());
    StateId after = Automaton::kNone;
    if (below > Automaton::kOutside) {
      const Automaton::TailData t = automaton_.tail(below);
      const Automaton::Pair back{t.to, t.below};
      after = automaton_.begin({&back, 1});
    }
    const Alone& a = alone({p.local, loops}, after != Automaton::kNone);
    mask.add(a.tokens);
    const auto nodes = trie_.nodes();
    for (const uint32_t i : a.leaves) walk(AllNodes{nodes}, after, i + 1, nodes[i].beyond, mask, nullptr);
  }
  if (automaton_.facts(s).ends)
    for (const int32_t t : trie_.ends()) mask.add(t);
  bytes_ += mask.bytes() + 150;
  return masks_.emplace(s, std::move(mask)).first->second;
}

}  // namespace infer::text
