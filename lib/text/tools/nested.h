// Values in tags that are named as what they hold -> JSON: <a>1</a><b><item>x</item></b>, where `mark` is what begins
// each tag.
#pragma once
#include <string>
#include <string_view>

#include "base/json_tree.h"

namespace infer::text::tools {

// schema: of the value, or null. What is not well-formed is a string.
std::string nested_as_json(std::string_view text, std::string_view mark, const Json* schema, int depth = 0);

}  // namespace infer::text::tools
