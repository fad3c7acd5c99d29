// Runs a grammar over bytes: a pushdown automaton made deterministic as far as it is used. A State is the set of all
// that the grammar may be doing after the bytes so far: pairs of a place in a rule (nfa.h) and a Tail, what is to be
// gone on with when the rule ends. States and tails are interned, so a state is a number, two that are the same are
// one, and where a byte leads is looked up once.
//
// Every pair that calls lead to, and every pair that ended rules return to, is in the set: it is closed. A call of the
// same rule from several places of one Local has one tail, which keeps ambiguous grammars small; what is ambiguous
// beyond that is bounded by kMostPairs: what would have more is taken for what nothing may follow.
//
// Memory can be bounded: see bytes(), forget(). One thread at a time.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/constraint/nfa.h"

namespace infer::text {

using Tail = uint32_t;
using StateId = uint32_t;

class Automaton {
 public:
  static constexpr StateId kNone = 0;  // nothing may follow, and the text is not one of the grammar's
  static constexpr Tail kEnd = 0;      // the whole text has ended
  static constexpr Tail kOutside = 1;  // whatever stood below: to look at a place by itself
  // Behind a place: where a called rule returns to, or a counted loop with how many iterations are still needed and
  // allowed beside the one that is under way.
  struct TailData {
    bool loop = false;
    uint32_t to = 0;  // Local, or index of a loop
    Tail below = kEnd;
    uint32_t need = 0, room = 0;  // loop; room Nfa::kAny: any number
    uint32_t depth = 0;
  };
  struct Pair {
    Local local;
    Tail tail;
    auto operator<=>(const Pair&) const = default;
  };
  struct Facts {
    bool ends = false;    // the text may end here
    bool leaves = false;  // what was begun with kOutside below may end here
  };

  explicit Automaton(std::unique_ptr<Nfa> nfa);

  StateId start();
  StateId begin(std::span<const Pair> pairs);  // closed
  StateId alone(Pair p);                       // not closed: what the bytes of this place itself lead to
  StateId next(StateId s, uint8_t byte) {
    const auto* const known = states_[s].next.get();
    return known && (*known)[byte] != kUnknown ? (*known)[byte] : find_next(s, byte);
  }
  StateId run(StateId s, std::string_view bytes) {
    for (const char c : bytes) s = next(s, static_cast<uint8_t>(c));
    return s;
  }
  const Facts& facts(StateId s) const { return states_[s].facts; }
  std::span<const Pair> pairs(StateId s) const { return states_[s].pairs; }
  const TailData& tail(Tail t) const { return tails_[t]; }
  // The bytes that may come next, and the one where it is one.
  ByteSet following(StateId s) const;
  std::optional<uint8_t> only(StateId s) const;
  // Classes of bytes (ByteClasses), a bit each, whose bytes all lead to one state.
  uint32_t alike(StateId s) {
    uint32_t all = UINT32_MAX;
    for (const Pair p : states_[s].pairs) all &= nfa_->alike(p.local);
    return all;
  }
  // Is it sure that all characters of several bytes lead where this byte leads, and nothing ends within one?
  bool text_as(StateId s, uint8_t byte) {
    const auto& pairs = states_[s].pairs;
    return std::all_of(pairs.begin(), pairs.end(),
                       [&](Pair p) { return nfa_->text(p.local) == nfa_->next(p.local, byte); });
  }
  bool ambiguous() const { return ambiguous_; }  // that has happened

  // The loops above the first return of a tail, on kOutside, with counts no larger than `most`: what a text of at most
  // `most` bytes can see of it. And the rest.
  std::pair<Tail, Tail> split(Tail t, uint32_t most);

  // More memory is used than a host may want: forget() then; every StateId and Tail is void afterwards.
  int64_t bytes() const { return bytes_ + nfa_->bytes(); }
  void forget();

 private:
  static constexpr StateId kUnknown = UINT32_MAX;
  static constexpr size_t kMostPairs = 512;
  static constexpr uint32_t kMostDepth = 10'000;  // of tails: brackets in brackets
  struct State {
    std::vector<Pair> pairs;
    Facts facts;
    std::unique_ptr<std::array<StateId, 256>> next;
  };
  Tail make_tail(const TailData& t);
  void fresh();
  void close();  // todo_ into found_ and facts_
  void enter(uint32_t loop, uint32_t need, uint32_t room, Tail below);
  void visit(Local l, Tail t);
  StateId intern();
  StateId find_next(StateId s, uint8_t byte);

  std::unique_ptr<Nfa> nfa_;
  std::vector<State> states_;
  std::vector<TailData> tails_;
  std::unordered_multimap<uint64_t, StateId> state_of_;  // by hash
  std::unordered_multimap<uint64_t, Tail> tail_of_;
  int64_t bytes_ = 0;
  // Of the state that is being made.
  std::vector<Pair> todo_, found_;
  Facts facts_;
  bool too_many_ = false, ambiguous_ = false;
};

}  // namespace infer::text
