// Which tokens may come next: a bit per token, for each state of an automaton.
//
// A place of a rule, looked at by itself (Automaton::alone, what stands below unknown), allows the same tokens wherever
// it occurs, but for those in whose middle the rule ends. So the tokens of each place are found once by a walk over
// the whole tree of tokens, with the nodes at which the rule may end; a state's mask is the union over its places, and
// from those nodes on walks that go on with what stands below, which few tokens survive. (The idea of tokens whose
// check depends on the stack, and others: XGrammar, Dong et al., arXiv 2411.15100.)
#pragma once
#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "text/constraint/automaton.h"
#include "text/constraint/runs.h"
#include "text/constraint/token_set.h"
#include "text/constraint/token_trie.h"

namespace infer::text {

class Masks {
 public:
  Masks(Automaton& automaton, const TokenTrie& trie) : automaton_(automaton), trie_(trie), runs_(automaton) {}

  // Those that may come next, an end token where the text may end.
  const TokenSet& of(StateId s);

  int64_t bytes() const { return bytes_ + runs_.bytes(); }
  void forget();  // with the automaton

 private:
  struct Alone {  // of a place by itself
    TokenSet tokens;
    std::vector<uint32_t> leaves;  // nodes after which the rule may end, none below another's... in order of the tree
  };
  const Alone& alone(Automaton::Pair p, bool goes_on);  // goes_on: leaves are noted
  const Alone& others_from(StateId s, bool goes_on);
  const Alone& keep(std::unordered_map<StateId, Alone>& all, StateId s, Alone made);
  bool set_below(uint32_t at, StateId s, TokenSet& mask, bool leaves);
  // Sets what may follow from s, by any way, in an empty mask; leaves: where to note nodes after which what is below
  // begins.
  void walk_all(StateId s, TokenSet& mask, std::vector<uint32_t>* leaves);
  bool walk_string(StateId s, uint8_t usual_byte, TokenSet& mask, std::vector<uint32_t>* leaves);
  // Along some nodes of the tree (masks.cc), those at [begin, end) of them.
  template <typename Nodes>
  void walk(const Nodes& nodes, StateId s, uint32_t begin, uint32_t end, TokenSet& mask, std::vector<uint32_t>* leaves);

  Automaton& automaton_;
  const TokenTrie& trie_;
  Runs runs_;
  std::unordered_map<StateId, TokenSet> masks_;
  std::array<std::unordered_map<StateId, Alone>, 2> alone_;   // [goes_on], by Automaton::alone's state
  std::array<std::unordered_map<StateId, Alone>, 2> others_;  // [goes_on], by the state that is usual
  std::vector<StateId> path_;                                 // [depth] of a walk
  int64_t bytes_ = 0;
};

}  // namespace infer::text
