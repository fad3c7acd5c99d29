#include "text/tools/nested.h"

#include "text/constraint/schema_document.h"
#include "text/tools/call_reader.h"
#include "text/tools/tool_set.h"
#include "text/tools/values.h"

namespace infer::text::tools {
namespace {

constexpr int kMostDepth = 32;

// The element at the beginning of `text`, behind its mark: name>inside, then the mark and /name>. Its length, or 0.
struct Element {
  std::string_view name, inside;
  size_t length = 0;
};

Element first_element(std::string_view text, std::string_view mark) {
  Element e;
  const size_t name_end = text.find('>');
  if (name_end == text.npos || name_end == 0) return e;
  e.name = text.substr(0, name_end);
  int open = 1;
  for (size_t at = name_end + 1; (at = text.find(mark, at)) != text.npos; at += mark.size()) {
    const std::string_view tag = text.substr(at + mark.size());
    open += tag.starts_with('/') ? -1 : 1;
    if (open > 0) continue;
    if (!tag.substr(1).starts_with(e.name) || !tag.substr(1 + e.name.size()).starts_with('>')) return e;
    e.inside = text.substr(name_end + 1, at - name_end - 1);
    e.length = at + mark.size() + e.name.size() + 2;
    return e;
  }
  return e;
}

}  // namespace

std::string nested_as_json(std::string_view text, std::string_view mark, const Json* schema, int depth) {
  const uint8_t types = types_of(schema);
  if (text.empty() && types == json_schema::kArray) return "[]";
  if (text.empty() && types == json_schema::kObject) return "{}";
  if (depth >= kMostDepth || types == json_schema::kString || text.find(mark) == text.npos)
    return value_as_json(text, types);
  std::string out;
  bool list = false;
  for (std::string_view rest = text;;) {
    while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
    if (rest.empty()) break;
    const Element e = rest.starts_with(mark) ? first_element(rest.substr(mark.size()), mark) : Element{};
    if (e.length == 0 || (!out.empty() && list != (e.name == "item"))) return value_as_json(text, types);
    list = e.name == "item";
    out += out.empty() ? (list ? "[" : "{") : ", ";
    const Json* inner = schema ? schema->find(list ? "items" : "properties") : nullptr;
    if (!list) {
      append_json_string(out, e.name);
      out += ": ";
      inner = inner ? inner->find(e.name) : nullptr;
    }
    out += nested_as_json(e.inside, mark, inner, depth + 1);
    rest.remove_prefix(mark.size() + e.length);
  }
  return out + (list ? ']' : '}');
}

}  // namespace infer::text::tools
