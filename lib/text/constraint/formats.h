// Formats of strings as regular expressions for the whole string. They take nothing that the format's RFC refuses; what
// they refuse that it takes is said in formats.cc.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace infer::text::json_schema {

// None: not known.
std::optional<std::string> format_pattern(std::string_view name);

}  // namespace infer::text::json_schema
