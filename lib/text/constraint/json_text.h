// The pieces of JSON as expressions of a grammar, in one of the layouts of SchemaOptions; each is made once. What is
// used in many places is a rule, so that it is laid out once.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_tree.h"
#include "text/constraint/grammar.h"
#include "text/constraint/schema.h"

namespace infer::text::json_schema {

// One code point as json.dumps(ensure_ascii=False) writes it in a string; for RegexOptions.
Grammar::Expr json_code_points(Grammar& g, const std::vector<CodeRange>& ranges, bool negated);

class JsonText {
 public:
  using Expr = Grammar::Expr;
  JsonText(Grammar& g, const SchemaOptions& options) : g_(g), options_(options) {}

  Expr space();      // before and after a value
  Expr separator();  // , between values
  Expr colon();
  Expr enclosed(char open, Expr content, bool may_be_empty, char close);

  Expr character();   // of a string, with any escape; no rule: what may come within a string is found once (masks.h)
  Expr any_string();  // all with its quotes
  Expr any_number();
  Expr any_integer();
  Expr any_value();
  Expr any_array();
  Expr any_object();
  Expr quoted(Expr inside) { return g_.sequence({g_.literal("\""), inside, g_.literal("\"")}); }
  Expr value(const Json& v);  // as json_dumps() writes it
  // `e` as a rule, unless it is small: for what is used more than once, as everything that is laid out may be.
  Expr once(Expr e, const std::string& name);

 private:
  template <class F>
  Expr rule(std::optional<Grammar::Rule>& known, const char* name, F make) {
    if (!known) {
      known = g_.declare(name);
      g_.define(*known, make());
    }
    return g_.refer(*known);
  }
  Expr list(Expr item);

  Grammar& g_;
  const SchemaOptions options_;
  std::optional<Grammar::Rule> space_, string_, number_, value_, array_, object_;
};

}  // namespace infer::text::json_schema
