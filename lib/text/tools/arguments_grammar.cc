// Arguments that are not JSON as a grammar: each at most once, in the order of the schema, the required ones always.
#include <algorithm>
#include <vector>

#include "text/constraint/schema_document.h"
#include "text/tools/constraint.h"
#include "text/tools/values.h"

namespace infer::text::tools {
namespace {

using Kind = Json::Kind;
using namespace json_schema;

constexpr std::string_view kJsonRules =
    "value ::= object | array | string | number | true | false | null\n"
    "object ::= \"{\" (string \": \" value (\", \" string \": \" value)*)? \"}\"\n"
    "array ::= \"[\" (value (\", \" value)*)? \"]\"\n"
    "string ::= \"\\\"\" ([^\"\\\\\\x00-\\x1f] | \"\\\\\" ([\"\\\\/bfnrt] | \"u\" [0-9a-fA-F]{4}))* \"\\\"\"\n"
    "integer ::= \"-\"? (\"0\" | [1-9] [0-9]*)\n"
    "number ::= integer (\".\" [0-9]+)? ([eE] [-+]? [0-9]+)?\n";

std::string literal(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

class Writer {
 public:
  Writer(const CallSyntax& syntax, const Tool& tool)
      : syntax_(syntax), tool_(tool), python_(syntax.notation == Notation::kPython) {}

  // first<i>: arguments from the i-th on, of which none was written before; next<i>: some was.
  std::string run() {
    const Json* properties = tool_.parameters.find("properties");
    const Json* required = tool_.parameters.find("required");
    const size_t n = properties && properties->is(Kind::kObject) ? properties->keys.size() : 0;
    const std::string line = python_ ? "" : " line";
    out_ = str("root ::= first0", line, "\n");
    for (size_t i = 0; i < n; ++i) {
      const std::string& key = properties->keys[i];
      const bool must = required && std::any_of(required->items.begin(), required->items.end(),
                                                [&](const Json& r) { return r.text == key; });
      const std::string skip = must ? "" : " | ", separator = python_ ? "\", \" " : "";
      out_ += str("first", i, " ::= argument", i, " next", i + 1, skip, must ? "" : str("first", i + 1), "\n");
      out_ +=
          str("next", i, " ::= ", separator, "argument", i, " next", i + 1, skip, must ? "" : str("next", i + 1), "\n");
      out_ += str("argument", i, " ::= ", argument(key, properties->items[i]), "\n");
    }
    out_ += str("first", n, " ::= \"\"\nnext", n, " ::= \"\"\n");
    if (!python_) {  // a string ends where its tag does; the tag's end begins with </
      out_ += "line ::= \"\\n\"?\ntext ::= ([^<] | \"<\"+ [^</])*\n";
    }
    out_ += kJsonRules;
    out_ += python_ ? "true ::= \"True\"\nfalse ::= \"False\"\nnull ::= \"None\"\n"
                    : "true ::= \"true\" | \"True\"\nfalse ::= \"false\" | \"False\"\nnull ::= \"null\" | \"None\"\n";
    return std::move(out_);
  }

 private:
  std::string argument(const std::string& key, const Json& schema) const {
    const uint8_t types = types_of(&schema);
    const std::string what = value(schema, types);
    if (python_) return str(literal(key + "="), " ", what);
    const TagMarks& tags = *syntax_.tags;
    std::string attribute;
    if (tags.attribute == " string=") attribute = str(" string=\"", types == kString ? "true" : "false", "\"");
    const std::string behind_key = str(tags.key_end, attribute, tags.attributes_end);
    return str("line ", literal(str(tags.key, key, behind_key)), " ",
               tags.value.empty() ? "" : str("line ", literal(tags.value), " "), tags.lines ? "\"\\n\" " : "", what,
               tags.lines ? " \"\\n\" " : " ", literal(tags.value_end));
  }

  std::string value(const Json& schema, uint8_t types) const {
    if (const Json* values = schema.find("enum"); values && !values->items.empty()) {
      std::string options;
      for (const Json& v : values->items) options += str(options.empty() ? "(" : " | ", fixed(v));
      return options + ")";
    }
    if (const Json* only = schema.find("const")) return fixed(*only);
    static constexpr std::pair<uint8_t, std::string_view> kRules[] = {
        {kString, "text"}, {kObject, "object"}, {kArray, "array"}, {kBoolean, "true | false"}, {kNull, "null"}};
    if (types == kAnyType) return python_ ? "value" : "text";
    std::string options;
    const auto add = [&](std::string_view rule) { options += str(options.empty() ? "(" : " | ", rule); };
    for (const auto& [bit, rule] : kRules)
      if (types & bit) add(bit == kString && python_ ? "string" : rule);
    if (types & kFraction) {
      add("number");
    } else if (types & kInteger) {
      add("integer");
    }
    return options + ")";
  }

  // A value that is written in one way.
  std::string fixed(const Json& v) const {
    if (v.is(Kind::kBoolean)) return v.truth ? "true" : "false";
    if (v.is(Kind::kNull)) return "null";
    return literal(v.is(Kind::kString) && !python_ ? v.text : json_dumps(v));
  }

  const CallSyntax& syntax_;
  const Tool& tool_;
  const bool python_;
  std::string out_;
};

}  // namespace

std::string arguments_grammar(const CallSyntax& syntax, const Tool& tool) { return Writer(syntax, tool).run(); }

}  // namespace infer::text::tools
