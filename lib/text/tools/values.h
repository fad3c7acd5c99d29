// Values that are not written as JSON -> JSON: what stands between tags, by the type that the tool's schema gives it,
// and the literals of programs.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infer::text::tools {

// Is it one JSON value, and nothing else?
bool is_json(std::string_view text);
bool is_json_object(std::string_view text);

// A literal of Python (True, 'x', (1, 2), {'a': 1}; words of JSON are taken, too), laid out as json.dumps does.
// quote: what encloses a string besides ' and "; not empty: keys of objects, and only they, stand bare.
std::optional<std::string> literal_as_json(std::string_view text, std::string_view quote = {});

// What a text between tags means where `types` (bits of json_schema::Type) are wanted: a value of one of the other
// types if it is one in JSON or Python; a string otherwise, whether that is wanted or not.
std::string value_as_json(std::string_view text, uint8_t types);

void append_json_string(std::string& out, std::string_view text);

}  // namespace infer::text::tools
