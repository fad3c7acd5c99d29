// Sets of texts as deterministic automata over code points: what intersections, complements and the question whether
// anything is left need, which a grammar cannot answer. Used for names of members, and for strings under more than one
// condition; what one expression says goes into the grammar as it is.
//
// Code points are in classes that no edge tells apart; a state has one edge per class. State 0 is where texts begin.
// Everything is bounded by kMostStates: the answer is then kTooLarge, for a message that names the place.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/constraint/grammar.h"

namespace infer::text::json_schema {

class Language {
 public:
  static constexpr size_t kMostStates = 3000;

  static Language all();
  static Language of(const std::vector<std::string>& texts);
  static Language all_but(const std::vector<std::string>& texts);
  // Of so many code points; most < 0: any number from least on. None: too large.
  static std::optional<Language> lengths(int64_t least, int64_t most);
  // As compile_regex. None: too large.
  static Result<std::optional<Language>> pattern(std::string_view regex, bool search, const GrammarLimits&);
  // Texts t with keep(a has t, b has t); keep(false, false) is false. None: too large.
  static std::optional<Language> combine(const Language& a, const Language& b, bool (*keep)(bool, bool));
  static std::optional<Language> both(const Language& a, const Language& b) {
    return combine(a, b, [](bool x, bool y) { return x && y; });
  }
  static std::optional<Language> without(const Language& a, const Language& b) {
    return combine(a, b, [](bool x, bool y) { return x && !y; });
  }

  int64_t size() const { return static_cast<int64_t>(states_.size() * alphabet_.classes); }  // edges
  bool none() const;                                                                         // no text at all
  // Code points of the shortest and the longest text; -1: there is no longest one. Not of none().
  std::pair<int64_t, int64_t> extent() const;
  bool has(std::string_view text) const;

  // How texts stand in a grammar.
  using CodePoints = std::function<Grammar::Expr(Grammar&, const std::vector<CodeRange>&, bool negated)>;
  struct Writing {
    CodePoints code_points;                                            // as in RegexOptions
    Grammar::Expr end;                                                 // what stands behind each text
    std::function<Grammar::Expr(const std::vector<CodeRange>&)> rest;  // any number of these characters, and the end
  };
  // Into a grammar. Names of rules begin with `name`.
  Grammar::Expr emit(Grammar& g, const Writing& writing, const std::string& name) const;

 private:
  static constexpr uint32_t kDead = UINT32_MAX;
  struct State {
    bool final = false;
    std::vector<uint32_t> next;  // [classes], kDead: no text goes on so
  };
  struct Alphabet {
    std::vector<uint32_t> first;     // sorted, first[0] = 0: where the class may change
    std::vector<uint32_t> class_of;  // [first.size()]
    uint32_t classes = 0;
    uint32_t of(uint32_t code_point) const;
  };
  class Builder;
  void trim();  // what leads nowhere becomes kDead

  Alphabet alphabet_;
  std::vector<State> states_;
};

// The code points of a UTF-8 text that was checked.
std::vector<uint32_t> code_points_of(std::string_view utf8);

}  // namespace infer::text::json_schema
