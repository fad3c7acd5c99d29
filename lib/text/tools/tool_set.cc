#include "text/tools/tool_set.h"

#include <algorithm>
#include <utility>

#include "text/constraint/schema_document.h"

namespace infer::text::tools {
namespace {

using Kind = Json::Kind;
using namespace json_schema;

constexpr JsonLimits kLimits{.bytes = 1 << 20, .depth = 48};
constexpr size_t kMostTools = 512, kMostName = 128, kMostProperties = 1024;
constexpr uint8_t kAny = kAnyType;

bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= kMostName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

uint8_t type_named(std::string_view name) {
  static constexpr std::pair<std::string_view, uint8_t> kTypes[] = {
      {"string", kString},   {"integer", kInteger}, {"number", kInteger | kFraction},
      {"boolean", kBoolean}, {"array", kArray},     {"object", kObject},
      {"null", kNull},
  };
  for (const auto& [known, bits] : kTypes)
    if (known == name) return bits;
  return kAnyType;
}

Status bad(const std::string& path, std::string_view what, std::string hint = {}) {
  return Status::invalid(str("tools: ", path, " ", what), std::move(hint));
}

Result<Tool> read_tool(const Json& item, std::string path) {
  const Json* j = &item;
  if (j->is(Kind::kObject) && j->find("function")) {
    if (const Json* type = j->find("type"); type && type->text != "function")
      return bad(path + "/type", "is not \"function\"", "only functions are known");
    j = j->find("function");
    path += "/function";
  }
  if (!j->is(Kind::kObject)) return bad(path, "is not an object", "write {\"name\": .., \"parameters\": ..}");
  Tool tool;
  const Json *name = j->find("name"), *description = j->find("description"), *parameters = j->find("parameters");
  if (!name || !name->is(Kind::kString)) return bad(path + "/name", "is missing, or no string");
  if (!good_name(name->text))
    return bad(path + "/name", str("is \"", shortened(name->text), "\""),
               "use 1 to 128 letters, digits, '_', '-' and '.'");
  tool.name = name->text;
  if (description && !description->is(Kind::kNull)) {
    if (!description->is(Kind::kString)) return bad(path + "/description", "is no string");
    tool.description = description->text;
  }
  tool.parameters.kind = Kind::kObject;
  if (parameters && !parameters->is(Kind::kNull)) {
    if (!parameters->is(Kind::kObject)) return bad(path + "/parameters", "is no object", "it is a JSON schema");
    tool.parameters = *parameters;
    if (const Json* properties = parameters->find("properties");
        properties && properties->items.size() > kMostProperties)
      return bad(path + "/parameters/properties", str("has more than ", kMostProperties, " members"));
  }
  return tool;
}

}  // namespace

uint8_t types_of(const Json* schema) {
  if (!schema || !schema->is(Kind::kObject)) return kAnyType;
  uint8_t types = kAnyType;
  if (const Json* type = schema->find("type")) {
    uint8_t named = type->is(Kind::kString) ? type_named(type->text) : 0;
    for (const Json& t : type->items) named |= type_named(t.text);
    if (named != 0) types &= named;
  }
  for (const char* key : {"enum", "anyOf", "oneOf"}) {
    const Json* list = schema->find(key);
    if (!list || !list->is(Kind::kArray)) continue;
    uint8_t any = 0;
    // One level down: what lies deeper is not said in so many words.
    for (const Json& option : list->items) {
      const Json* type = option.find("type");
      any |= *key == 'e' ? type_of(option) : type && type->is(Kind::kString) ? type_named(type->text) : kAny;
    }
    types &= any;
  }
  if (const Json* value = schema->find("const")) types &= type_of(*value);
  return types == 0 ? kAny : types;
}

const Json* Tool::parameter(std::string_view key) const {
  const Json* properties = parameters.find("properties");
  return properties ? properties->find(key) : nullptr;
}

Result<ToolSet> ToolSet::read(std::string_view tools_json) {
  TRY_SET(const Json list, parse_json_tree(tools_json, kLimits, "tools"));
  if (!list.is(Kind::kArray)) return bad("#", "is not a list", "write [{\"type\": \"function\", \"function\": {..}}]");
  if (list.items.size() > kMostTools) return bad("#", str("has more than ", kMostTools, " tools"));
  ToolSet set;
  for (size_t i = 0; i < list.items.size(); ++i) {
    TRY_SET(Tool tool, read_tool(list.items[i], str("#/", i)));
    if (set.find(tool.name)) return bad(str("#/", i), str("has the name of an earlier one, \"", tool.name, "\""));
    set.tools_.push_back(std::move(tool));
  }
  return set;
}

const Tool* ToolSet::find(std::string_view name) const {
  for (const Tool& t : tools_)
    if (t.name == name) return &t;
  return nullptr;
}

}  // namespace infer::text::tools
