// JSON in and out, as Python's json module reads and writes it.
#pragma once
#include <optional>
#include <string_view>

#include "text/template/builder.h"
#include "text/template/value.h"

namespace infer::text::jinja {

struct JsonStyle {
  bool ensure_ascii = false;  // \uXXXX for everything beyond ASCII
  bool sort_keys = false;
  std::optional<std::string_view> indent;  // per level; absent: on one line
  std::string_view item_separator = ", ", key_separator = ": ";
};

// Text made from any input is input as a whole: its structure follows from data.
void write_json(Builder&, Meter&, const Value&, const JsonStyle&);

// Strings in the result are input. `where` names the source in errors.
Result<Value> parse_json(Meter&, std::string_view json, std::string_view where);

}  // namespace infer::text::jinja
