// A finished grammar as finite automata, one per rule, whose edges are bytes, calls of other rules, and counted loops;
// made deterministic on the way, when a state is first reached. What a rule may still do from a place in it is a Local:
// a set of places that the same bytes lead to (Rabin and Scott, 1959).
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "text/constraint/grammar.h"

namespace infer::text {

using Local = uint32_t;
constexpr Local kDead = UINT32_MAX;  // no way on

struct Loop {
  Local body = kDead;            // where an iteration begins; it is never empty
  Local after = kDead;           // where the rule goes on
  uint32_t least = 0, most = 0;  // most: Nfa::kAny, or a number of times
};

class Nfa {
 public:
  static constexpr uint32_t kAny = UINT32_MAX;
  static constexpr Local kUnknown = kDead - 1, kMixed = kDead - 2;
  // g is finished; what is needed of it is kept.
  static Result<std::unique_ptr<Nfa>> create(Grammar& g);

  Local start(Grammar::Rule rule) {
    if (starts_[rule] == kUnknown) starts_[rule] = intern({begins_[rule]});
    return starts_[rule];
  }
  Local root() { return start(root_); }
  struct State {
    std::vector<uint32_t> places;                        // sorted
    std::vector<std::pair<Grammar::Rule, Local>> calls;  // the rule, and where it returns to
    std::vector<uint32_t> loops;                         // that may begin here
    bool final = false;                                  // the rule may end here
    bool bare = false;                                   // it may end here, and that is all
    std::unique_ptr<std::array<Local, 256>> next;        // by byte; null: not known yet
    uint32_t alike = 0;                                  // with next: classes whose bytes lead to one place
    Local text = kUnknown;
    ByteSet following;  // those bytes that lead on
    bool met = false;   // calls are known
  };
  const State& state(Local l) {
    if (!states_[l]->met) meet(l);
    return *states_[l];
  }
  const Loop& loop(uint32_t i) {
    if (loops_[i].body == kUnknown) find_ends(i);
    return loops_[i];
  }
  const ByteSet& following(Local l) const { return states_[l]->following; }
  Local next(Local l, uint8_t byte) {
    if (!states_[l]->next) find_next(l);
    return (*states_[l]->next)[byte];
  }
  // Classes of bytes, a bit each, whose bytes all lead to one place.
  uint32_t alike(Local l) {
    if (!states_[l]->next) find_next(l);
    return states_[l]->alike;
  }
  // Where all characters of several bytes lead; kDead: none leads on; kMixed: not all to one place, or something may
  // end or begin within one.
  Local text(Local l) {
    if (states_[l]->text == kUnknown) states_[l]->text = find_text(l);
    return states_[l]->text;
  }
  int64_t bytes() const { return bytes_; }  // of memory, about, for what forget() forgets
  void forget();                            // every Local is void afterwards

 private:
  struct Place {
    std::vector<std::pair<uint32_t, uint32_t>> bytes;       // set, place
    std::vector<uint32_t> free;                             // places that are also here
    std::vector<std::pair<Grammar::Rule, uint32_t>> calls;  // rule, place
    std::vector<std::pair<uint32_t, uint32_t>> loops;       // loop, place after it
    bool final = false;
  };
  explicit Nfa(Grammar& g) : grammar_(g) {}
  Status build();
  uint32_t place() {
    places_.emplace_back();
    return static_cast<uint32_t>(places_.size() - 1);
  }
  // From `from` to the place that is returned by what e matches.
  uint32_t lay(Grammar::Expr e, uint32_t from);
  uint32_t lay_repeat(const Grammar::Node& n, uint32_t from);
  Local intern(std::vector<uint32_t> places);
  void find_ends(uint32_t loop);
  void meet(Local l);
  void find_next(Local l);
  Local find_text(Local l);

  Grammar& grammar_;
  std::vector<Place> places_;
  std::vector<ByteSet> sets_;
  std::vector<Loop> loops_;
  std::vector<uint32_t> loop_bodies_, loop_afters_;  // places
  std::vector<std::unique_ptr<State>> states_;
  std::map<std::vector<uint32_t>, Local> known_;
  std::vector<uint32_t> begins_;  // [rules] places
  std::vector<Local> starts_;     // [rules] kUnknown: not asked for yet, and so the body of a loop
  Grammar::Rule root_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace infer::text
