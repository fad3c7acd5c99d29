#include "text/tools/write.h"

#include "base/json_tree.h"
#include "base/status.h"
#include "text/tools/values.h"

namespace infer::text::tools {
namespace {

using Kind = Json::Kind;

std::string python(const Json& v) {
  switch (v.kind) {
    case Kind::kNull:
      return "None";
    case Kind::kBoolean:
      return v.truth ? "True" : "False";
    case Kind::kNumber:
    case Kind::kString:
      return json_dumps(v);
    case Kind::kArray:
    case Kind::kObject:
      break;
  }
  const bool object = v.is(Kind::kObject);
  std::string out(1, object ? '{' : '[');
  for (size_t i = 0; i < v.items.size(); ++i) {
    if (i) out += ", ";
    if (object) append_json_string(out, v.keys[i]), out += ": ";
    out += python(v.items[i]);
  }
  return out + (object ? '}' : ']');
}

// f(a=1, b="x")
std::string keyword_arguments(const std::string& json) {
  const auto object = parse_json_tree(json, {.bytes = INT64_MAX, .depth = 64}, "arguments");
  std::string out;
  if (!object.ok()) return out;
  for (size_t i = 0; i < object->keys.size(); ++i)
    out += str(i ? ", " : "", object->keys[i], "=", python(object->items[i]));
  return out;
}

}  // namespace

std::string before_arguments(const CallSyntax& syntax, std::string_view name, int64_t number) {
  switch (syntax.notation) {
    case Notation::kPython:
      return str(name, "(");
    case Notation::kBraces:
      return str(syntax.tags->call, name, "{");
    case Notation::kNamed:
    case Notation::kTags: {
      const TagMarks& tags = *syntax.tags;
      const std::string id = tags.id_end.empty() ? "" : str("call_", number, tags.id_end);
      const std::string full = tags.name_is_id ? str("functions.", name, ":", number) : std::string(name);
      // Behind the name of calls that are numbered comes their number, which is for the model to write.
      return str(tags.call, id, full, tags.name_end, tags.attribute == " type=" ? "" : tags.attributes_end);
    }
    case Notation::kObjects:
      break;
  }
  if (syntax.name_is_key) return str("{\"", name, "\": ");
  const std::string id = syntax.id_key.empty() ? "" : str("\"", syntax.id_key, "\": \"", number, "\", ");
  return str("{", id, "\"", syntax.name_key, "\": \"", name, "\", \"", syntax.arguments_key, "\": ");
}

std::string behind_arguments(const CallSyntax& syntax) {
  switch (syntax.notation) {
    case Notation::kPython:
      return ")";
    case Notation::kObjects:
    case Notation::kBraces:
      return "}";
    case Notation::kNamed:
    case Notation::kTags:
      break;
  }
  return std::string(syntax.tags->call_end);
}

std::string write_calls(const CallSyntax& syntax, const std::vector<WrittenCall>& calls) {
  const std::string_view open = syntax.begin.empty() && syntax.open == "{" ? "" : syntax.open;
  std::string out = str(syntax.begin, open);
  for (size_t i = 0; i < calls.size(); ++i) {
    if (i)
      out += syntax.between.empty() ? str(syntax.close, syntax.end, syntax.begin, open) : std::string(syntax.between);
    out += before_arguments(syntax, calls[i].name, static_cast<int64_t>(i));
    out += syntax.notation == Notation::kPython ? keyword_arguments(calls[i].arguments) : calls[i].arguments;
    out += behind_arguments(syntax);
  }
  return str(out, syntax.close, syntax.end);
}

}  // namespace infer::text::tools
