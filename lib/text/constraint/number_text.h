// The decimal texts of the numbers in a range: -12, 0.50; digit by digit beside those of the bounds, which is exact
// and needs a few parts per digit. And of multiples, by the remainder of what was written so far.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "text/constraint/decimal.h"
#include "text/constraint/grammar.h"

namespace infer::text::json_schema {

struct NumberRange {
  bool whole = false;  // integers only, as digits
  std::optional<Decimal> low = {}, high = {};
  bool above = false, below = false;    // the bound itself is not in
  std::vector<Decimal> multiples = {};  // of all of these

  void raise(const Decimal& to, bool exclusive);
  void lower(const Decimal& to, bool exclusive);
  bool empty() const;  // there is no number in it, but for multiples
  void tighten();      // if whole: to bounds that are integers and in it
};

// Fails when the multiples need too many remainders; `name` is for rules, and the message's place.
Result<Grammar::Expr> number_text(Grammar& g, NumberRange range, const std::string& name);

}  // namespace infer::text::json_schema
