// JSON schemas (draft 2020-12, as used for structured output) -> a grammar of the JSON texts that they take.
//
// Nothing is ignored: a keyword that is not known, or that cannot be kept exactly, is an error with its name and its
// place. Members come in the order in which the schema lists them, then others; an integer is written with digits only;
// numbers under a bound, or a multipleOf, have no exponent; strings under a pattern, and names, use only the escapes
// that they need; values of enum and const are written as Python's json.dumps writes them. `format` is checked.
#pragma once
#include <string_view>

#include "base/json_tree.h"
#include "base/status.h"
#include "text/constraint/grammar.h"

namespace infer::text {

struct SchemaOptions {
  // False: one layout, that of Python's json.dumps: ", " and ": " and no other space. True: up to 20 characters of
  // white space wherever JSON has it.
  bool whitespace = false;
};

Result<Grammar::Expr> compile_schema(Grammar& g, std::string_view schema_json, const SchemaOptions& options);
Result<Grammar::Expr> compile_schema(Grammar& g, Json schema, const SchemaOptions& options);
Grammar::Expr compile_any_json(Grammar& g, bool object_only, const SchemaOptions& options);

}  // namespace infer::text
