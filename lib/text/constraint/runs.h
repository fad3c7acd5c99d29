// How far a state lets characters of some classes pass, as inside of a string: tokens that are made of such are set
// together (masks.h), without a look at each.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "text/constraint/automaton.h"
#include "text/constraint/token_trie.h"

namespace infer::text {

// From a state, any characters of these classes, up to so many, lead on.
struct Run {
  uint16_t classes = 0;  // ByteClasses
  uint16_t takes = 0;    // those of which some byte leads on, wherever to
  uint8_t room = 0;      // characters; TokenTrie::kMany: any number
  bool known = false;    // the next state is
  bool settled = false;  // room is not just as far as was looked
  bool stops = false;    // and behind it no character of the classes leads on
  bool leaves = false;   // on the way, what was begun may end
  StateId next = Automaton::kNone;
};

class Runs {
 public:
  // Characters that are looked ahead; longer tokens are few.
  static constexpr uint8_t kFar = TokenTrie::kMostPlain;

  explicit Runs(Automaton& automaton) : automaton_(automaton) {}

  // As far as one character; as far as so many, kFar at most. Both hold until the next call.
  const Run& of(StateId s) { return run(s); }
  const Run& of(StateId s, uint8_t characters);

  // Do all characters of several bytes lead where this byte leads?
  bool text_as(StateId s, uint8_t byte);
  // One of the plain ASCII bytes that lead where more than half of them lead, if there is such a state.
  std::optional<uint8_t> usual_byte(StateId s);

  int64_t bytes() const { return static_cast<int64_t>(runs_.size() * sizeof(Run)); }
  void forget() { runs_.clear(); }  // with the automaton

 private:
  Run& run(StateId s);

  Automaton& automaton_;
  std::vector<Run> runs_;  // [StateId], as far as asked for
};

}  // namespace infer::text
