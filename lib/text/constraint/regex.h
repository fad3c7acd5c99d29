// Regular expressions -> expressions of a grammar: the syntax of ECMA-262 with the u flag (JSON Schema's `pattern`),
// and of Python's re what does not contradict it: (?P<name>..), \A, \Z, \UHHHHHHHH, {,n}, and { } ] that stand for
// themselves.
//
// Only what a language of texts is made of: lookaround, backreferences, \b, flags and \p{..} are refused by name. \d
// and \w are ASCII, \s is ECMAScript's white space, . is any character but \n. Anchors are for the beginning and the
// end, of the whole or of an alternative there; elsewhere, where they would only sometimes hold, they are refused.
#pragma once
#include <functional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/constraint/grammar.h"

namespace infer::text {

struct RegexOptions {
  // Anywhere in the text unless anchored (JSON Schema). Otherwise the whole text, and anchors mean nothing.
  bool search = false;
  // One code point of, or outside of, these ranges, as the text has it; empty: Grammar::code_points. Every character
  // and class goes through it, and what may stand before and after: no range, negated.
  std::function<Grammar::Expr(Grammar&, const std::vector<CodeRange>& ranges, bool negated)> code_points;
};

Result<Grammar::Expr> compile_regex(Grammar& g, std::string_view pattern, const RegexOptions& options = {});

}  // namespace infer::text
