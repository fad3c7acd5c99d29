// One entry of a case file with its variables filled in: a Case. What the keys mean: cases/README.md.
#pragma once
#include "tests/backends/case.h"
#include "tests/backends/scope.h"

namespace infer::conformance {

// Only keys that are known, and those that are needed.
Status check_keys(const Json& object, std::initializer_list<std::string_view> needed,
                  std::initializer_list<std::string_view> allowed);

// group: streamed makes inputs of all weights, and three runs of each: with its bytes, with others, with its own again.
Result<Case> make_case(const Json& entry, const Scope& scope, const std::string& group);

}  // namespace infer::conformance
