// Structural tags: free text, but what follows a trigger must be one of some tags. From JSON:
//
//   {"triggers": ["<call>"],        each begins a tag's "begin"
//    "tags": [{"begin": "<call>get(", "end": ")</call>",
//              "schema": {..} | "regex": ".." | "grammar": ".." | "text": true}],    what is between
//    "at_least_one": false,         the answer does not end before a tag was written
//    "stop_after_first": false,     it ends behind one
//    "free_text": true,             false: tags only, at least one, with no free text (and no trigger is needed)
//    "separator": ""}               between tags where there is no free text
//
// "text" is any text up to the first "end". Where a control token is spelled out in a trigger, a begin, an end or a
// separator, that token must come, and the same characters written in other tokens are ordinary text. Elsewhere free
// text takes any token; what is between a tag's begin and end takes no control token.
#pragma once
#include <string_view>

#include "text/constraint/grammar.h"
#include "text/constraint/token_trie.h"

namespace infer::text {

Result<Grammar::Expr> compile_tags(Grammar& g, std::string_view json, const TokenTrie& trie);

}  // namespace infer::text
