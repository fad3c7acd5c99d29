// The variables of one case that a file's "expand" makes: numbers, types and expressions over the others.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "tests/backends/expression.h"

namespace infer::conformance {

using Json = nlohmann::ordered_json;  // tensors keep the order that the file gives them

class Scope {
 public:
  using Value = std::variant<double, std::string>;  // a number; the name of a type, or an expression

  bool set(const std::string& name, Value v) {
    return values_.emplace(name, std::move(v)).second;
  }  // false: it is there already
  // A variable. NAME.block, NAME.plain and NAME.f32 of a type: values per block, and whether it is a plain one or f32.
  Result<double> number(std::string_view name) const;
  // Of a number or an expression in the file.
  Result<double> number(const Json& j) const;
  Result<int64_t> whole(const Json& j) const;
  Result<uint32_t> type(std::string_view name) const;  // a variable's, or the type of that name
  // {NAME}: the variable; {NAME? TEXT}: TEXT where it is not 0.
  Result<std::string> text(std::string_view with_names) const;
  Lookup lookup() const {
    return [this](std::string_view name) { return number(name); };
  }
  Status all_used() const;  // a variable that nothing reads is a mistake in the file

 private:
  std::map<std::string, Value, std::less<>> values_;
  mutable std::set<std::string, std::less<>> used_;
  mutable int depth_ = 0;  // of expressions that need others
};

// Variables whose name ends in "type" are types.
bool names_type(std::string_view variable);
// All combinations of a row: {"T": [1, 5], "type": "weights", "N K": [[7, 2], [9, 1]], "D": "T + 1"}.
Result<std::vector<Scope>> expand(const Json& row);

}  // namespace infer::conformance
