// Grammars in two notations that are called EBNF -> the rules of a Grammar; the text is what the first rule matches, or
// one that is called `root`. The first rule says which notation it is.
//
//   name ::= "text" #x41 [a-z] [^#x0-#x1F] (a | b)? c* d+     that of the W3C's specifications (XML 1.0, chapter 6);
//                                                              /* comments */, [1] before a rule, [ wfc: notes ]
//   name = "text", [optional], {repeated}, (a | b), 3 * c;     ISO/IEC 14977; (* comments *), names of several words,
//                                                              / and ! for |, (/ /) for [ ], (: :) for { }, . for ;
//
// Strings have no escapes. An exception, A - B, is done where both are one character of some: classes, and rules above
// that are such. ISO's special sequences, ?..?, mean nothing by themselves and are refused.
#pragma once
#include <string_view>

#include "base/status.h"
#include "text/constraint/grammar.h"

namespace infer::text {

Result<Grammar::Expr> compile_ebnf(Grammar& g, std::string_view source);

}  // namespace infer::text
