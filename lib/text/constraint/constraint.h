// What an answer must be, compiled for a vocabulary: tells before each token which ones may come, and what must come.
//
// A Constraint is shared by all requests that ask for the same and by their samples; where one of them is lies in its
// Place, which is small and copied freely. Any thread; one call at a time computes.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "text/constraint/masks.h"

namespace infer::text {

class Constraint {
 public:
  enum class Kind {
    kRegex,    // the whole answer matches it
    kGrammar,  // GBNF, rule root
    kSchema,   // JSON that a JSON schema takes
    kJson,     // any JSON value
    kChoice,   // one of these texts
    kTags,     // structural tags (tags.h)
    kEbnf,     // EBNF of the W3C or of ISO 14977 (ebnf.h)
  };
  // On a thread of its own with stack enough, which this one waits for. E_INVALID: a mistake in the source, or a limit;
  // E_UNSUPPORTED: something that is not done, by name.
  // source: one text, or for kChoice any number. limits: of the grammar; for tags, which may stand for many tools,
  // more.
  static Result<std::shared_ptr<Constraint>> compile(Kind kind, std::span<const std::string> source,
                                                     std::shared_ptr<const TokenTrie> trie,
                                                     std::optional<GrammarLimits> limits = {});

  class Place {
    friend class Constraint;
    std::string text_;  // so far
    StateId state_ = Automaton::kNone;
    uint64_t age_ = UINT64_MAX;  // of the automaton's memory that state_ is a number in
   public:
    const std::string& text() const { return text_; }  // a new Place that accepts this is at the same place
  };

  // Adds bytes of the answer. False: no text of the grammar goes on so; the place is then as it was.
  bool accept(Place& p, std::string_view bytes);
  // [words()] bit per token that may come next; end tokens where the answer may end. False: none may, the grammar is
  // too ambiguous here.
  bool mask(Place& p, std::span<uint32_t> out);
  bool may_end(Place& p);
  bool ended(Place& p);  // it may end, and nothing may follow
  // The bytes that come next whatever is chosen, at most so many: none where the answer may end, too.
  std::string forced(Place& p, size_t most);
  const TokenTrie& trie() const { return *trie_; }

 private:
  Constraint(std::unique_ptr<Nfa> nfa, std::shared_ptr<const TokenTrie> trie)
      : trie_(std::move(trie)), automaton_(std::move(nfa)), masks_(automaton_, *trie_) {}
  StateId state(Place& p);  // with the lock held

  const std::shared_ptr<const TokenTrie> trie_;
  std::mutex mutex_;
  Automaton automaton_;
  Masks masks_;
  uint64_t age_ = 0;
};

}  // namespace infer::text
