// A JSON document as a tree that keeps what a schema needs and a library's tree loses: the order of members and the
// spelling of numbers. Built from nlohmann's events, so that nesting costs no recursion and is limited.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace infer {

struct Json {
  enum class Kind : uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  bool truth = false;
  std::string text = {};               // a string's UTF-8; a number as it was written
  std::vector<Json> items = {};        // of an array; of an object, its values
  std::vector<std::string> keys = {};  // of an object, as written, no two the same

  bool is(Kind k) const { return kind == k; }
  const Json* find(std::string_view key) const;
};

struct JsonLimits {
  int64_t bytes, depth;
};

// One that an object has more than once.
std::optional<std::string> repeated_key(const Json& object);

// `what` names the text in errors.
Result<Json> parse_json_tree(std::string_view text, const JsonLimits&, std::string_view what);

// Inside of the quotes, as Python's json.dumps(ensure_ascii=False) writes it.
std::string json_escaped(std::string_view text);
// A key or text for messages: bounded, on one line.
std::string shortened(const std::string& text);
// A number as json.dumps writes what json.loads makes of it.
std::string canonical_number(const std::string& written);
// json.dumps(value, ensure_ascii=False).
std::string json_dumps(const Json& value);

}  // namespace infer
