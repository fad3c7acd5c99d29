// A regular expression as Oniguruma reads it (leftmost, the first alternative that leads to a match), in time linear in
// the text: all matches together, not each.
//
// The expression becomes a nondeterministic automaton whose alternatives are ordered. A pass from the end of the text
// to its beginning finds at each place which of its nodes can still reach the end of a match; those sets are the states
// of a deterministic automaton, made beforehand. A walk forward from where a match can begin then takes the first
// alternative that can, and never has to come back. Lookahead costs nothing more: it is one more set known from the
// right. A text takes 2 bytes of memory for each of its own.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer/pipeline/regex_program.h"

namespace infer::text::pipeline {

class Regex {
 public:
  // E_UNSUPPORTED: what cannot be matched so, or takes too many states; E_CORRUPT: no expression. Both say where.
  static Result<Regex> compile(std::string_view pattern);

  // f(begin, end) for all matches in `text`, as Oniguruma's iterator finds them: not overlapping, none empty
  // behind another. A broken sequence in it is U+FFFD.
  template <class F>
  void each_match(std::string_view text, F f) const {
    const std::vector<uint16_t> states = states_of(text);
    size_t last_end = SIZE_MAX;
    for (size_t at = 0; next_match(text, states, last_end, at); at = last_end) f(at, last_end);
  }

 private:
  explicit Regex(RegexProgram program) : program_(std::move(program)) {}
  std::vector<uint16_t> states_of(std::string_view text) const;
  // The match that begins at `at` or after it: `at` becomes its beginning, `last_end` its end.
  bool next_match(std::string_view text, const std::vector<uint16_t>& states, size_t& last_end, size_t& at) const;
  size_t walk(std::string_view text, const std::vector<uint16_t>& states, size_t at) const;
  RegexProgram program_;
};

}  // namespace infer::text::pipeline
