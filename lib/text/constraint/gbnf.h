// Grammars in llama.cpp's GBNF -> the rules of a Grammar; the text is what `root` matches.
//
// More than llama.cpp takes, where it cannot mean anything else: `=`, `:` and `:=` for `::=`, 'single quotes', a `;`
// at the end of a rule, a rule that goes on in the next line without a `|`, {,n}, and the escapes of C and JSON.
// Tokens (<name>, <[id]>) are refused: a grammar describes text.
#pragma once
#include <string_view>

#include "base/status.h"
#include "text/constraint/grammar.h"

namespace infer::text {

// Declares and defines all rules; what `root` matches.
Result<Grammar::Expr> compile_gbnf(Grammar& g, std::string_view source);

}  // namespace infer::text
