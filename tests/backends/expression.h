// Arithmetic in case files: "D % 5 + 1", "type.plain ? 1e-9 : 5e-4". All numbers are binary64.
//
// Least binding first: a ? b : c, ||, &&, == != < <= > >=, + -, * / %, unary - and !, then numbers, names (letters,
// digits, '_' and '.'), parentheses and abs, round, sqrt, min, max. Truth is 1 or 0; all parts are evaluated.
#pragma once
#include <functional>
#include <string_view>

#include "base/status.h"

namespace infer::conformance {

// What a name stands for.
using Lookup = std::function<Result<double>(std::string_view name)>;

Result<double> evaluate(std::string_view text, const Lookup& lookup);
// The same where only a whole number makes sense.
Result<int64_t> evaluate_whole(std::string_view text, const Lookup& lookup);

std::string_view trimmed(std::string_view s);

}  // namespace infer::conformance
