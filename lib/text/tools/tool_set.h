// The tools that a request offers, in the shape of OpenAI's API.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_tree.h"
#include "base/status.h"

namespace infer::text::tools {

struct Tool {
  std::string name, description;
  Json parameters;  // a schema; an object without members if there is none

  const Json* parameter(std::string_view key) const;  // its schema, or null
};

class ToolSet {
 public:
  // [{"type": "function", "function": {"name", "description", "parameters"}}], or without the outer object.
  // E_INVALID: what is wrong with which, by its path.
  static Result<ToolSet> read(std::string_view tools_json);

  const std::vector<Tool>& all() const { return tools_; }
  const Tool* find(std::string_view name) const;

 private:
  std::vector<Tool> tools_;
};

// What a value may be, as bits of json_schema::Type; any if the schema (or null) does not say it in so many words.
uint8_t types_of(const Json* schema);

}  // namespace infer::text::tools
