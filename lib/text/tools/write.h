// Calls as models write them: for constraints, and for histories whose template has no words for calls.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/tools/format.h"

namespace infer::text::tools {

struct WrittenCall {
  std::string id, name, arguments;  // arguments: a JSON object
};

// What stands before a call's arguments, from the call's own begin on, and behind them. number: of the call, from 0.
std::string before_arguments(const CallSyntax& syntax, std::string_view name, int64_t number);
std::string behind_arguments(const CallSyntax& syntax);

// With the section's marks. Arguments are written as JSON whatever the notation, with Python's words where it is
// Python's.
std::string write_calls(const CallSyntax& syntax, const std::vector<WrittenCall>& calls);

}  // namespace infer::text::tools
