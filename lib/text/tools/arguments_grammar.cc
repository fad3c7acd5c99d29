// Arguments that are not JSON as a grammar: each at most once, in the order of the schema, the required ones always.
#include <algorithm>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "text/constraint/schema_document.h"
#include "text/tools/constraint.h"
#include "text/tools/values.h"

namespace infer::text::tools {
namespace {

using Kind = Json::Kind;
using namespace json_schema;

std::string literal(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// As `what`?, but never by a counter, which a repetition of what is large would get.
std::string maybe(std::string_view what) { return str("(", what, " | \"\")"); }

// Any text without `end`, which has '<' at its beginning only: from each '<' on, a text leaves `end` before it is
// whole.
std::string text_without(std::string_view end) {
  std::string open, close;
  for (size_t at = 1, length; at < end.size(); at += length) {
    length = decode_utf8(end, at).length;
    const std::string_view c = end.substr(at, length);
    open += str("([^", c, "<] [^<]*", at + length < end.size() ? str(" | ", literal(c), " ") : "");
    close += ")?";
  }
  return str("[^<]* (\"<\" ", open, close, ")*");
}

class Writer {
 public:
  Writer(const CallSyntax& syntax, const Tool& tool)
      : syntax_(syntax), tool_(tool), python_(syntax.notation == Notation::kPython) {}

  // Many tools are held to at once, and their rules are counted: few are made, and none that is not referred to.
  std::string run() {
    const Json* properties = tool_.parameters.find("properties");
    const size_t n = properties && properties->is(Kind::kObject) ? properties->keys.size() : 0;
    std::string all;
    bool none = true;  // no argument may be there
    for (size_t i = 0; i < n; ++i) {
      const std::string& key = properties->keys[i];
      const std::string one = argument(key, properties->items[i]);
      if (python_) {
        append_to_list(all, none, one, required(key), i);
      } else {
        all += required(key) ? one : maybe(one);
        all += ' ';
      }
    }
    if (python_ && none) all = maybe(all);
    return str("root ::= ", all, python_ ? "\n" : "\"\\n\"?\n", rules_, mark_rules(), json_rules());
  }

 private:
  bool required(const std::string& key) const {
    const Json* names = tool_.parameters.find("required");
    return names && std::any_of(names->items.begin(), names->items.end(), [&](const Json& r) { return r.text == key; });
  }

  // all: some arguments with ", " between them. While none is required, an argument follows others or is the first:
  // brackets in brackets, which become a rule before they are too deep.
  void append_to_list(std::string& all, bool& none, std::string one, bool must, size_t i) {
    constexpr size_t kDeep = 16, kLong = 200;
    const std::string_view separator = "\", \"";
    if (all.empty()) {
      all = std::move(one);
    } else if (!none) {
      one = str(separator, " ", one);
      all += str(" ", must ? one : maybe(one));
    } else if (must) {
      all = str(maybe(str(all, " ", separator)), " ", one);
    } else {
      if (one.size() > kLong) one = rule(str("argument", i), one);  // it stands there twice
      all = str("(", all, " ", maybe(str(separator, " ", one)), " | ", one, ")");
      if (i % kDeep == 0) all = rule(str("some", i), all);
    }
    none = none && !must;
  }

  std::string rule(std::string name, std::string_view what) {
    rules_ += str(name, " ::= ", what, "\n");
    return name;
  }

  // Marks, which stand at every argument.
  std::string mark_rules() const {
    if (!begun_[false] && !begun_[true]) return {};
    const TagMarks& tags = *syntax_.tags;
    const std::string_view line = tags.lines ? "\n" : "";
    std::string out =
        str("key ::= \"\\n\"? ", literal(tags.key), "\nend ::= ", literal(str(line, tags.value_end)), "\n");
    for (const bool is_text : {false, true}) {
      if (!begun_[is_text]) continue;
      std::string_view attribute;
      if (tags.attribute == " string=") attribute = is_text ? " string=\"true\"" : " string=\"false\"";
      out += is_text ? "begin_string ::= " : "begin ::= ";
      std::string mark = str(tags.key_end, attribute, tags.attributes_end);
      if (!tags.value.empty()) out += str(literal(std::exchange(mark, std::string(tags.value))), " \"\\n\"? ");
      out += str(literal(str(mark, line)), "\n");
    }
    return out;
  }

  std::string json_rules() {
    std::string out;
    if (text_) out += str("text ::= ", text_without(syntax_.tags->value_end), "\n");
    if (used_ & (kObject | kArray)) {
      used_ = kAnyType;
      out += str("value ::= object | array | string | number | ", truth(true), " | ", truth(false), " | ", null(),
                 "\nobject ::= \"{\" (string \": \" value (\", \" string \": \" value)*)? \"}\"\n"
                 "array ::= \"[\" (value (\", \" value)*)? \"]\"\n");
    }
    if (used_ & kString)
      out +=
          "string ::= \"\\\"\" ([^\"\\\\\\x00-\\x1f] | \"\\\\\" ([\"\\\\/bfnrt] | \"u\" [0-9a-fA-F]{4}))* \"\\\"\"\n";
    if (used_ & kFraction) out += "number ::= integer (\".\" [0-9]+)? ([eE] [-+]? [0-9]+)?\n";
    if (used_ & (kFraction | kInteger)) out += "integer ::= \"-\"? (\"0\" | [1-9] [0-9]*)\n";
    return out;
  }
  std::string_view truth(bool is) const {
    if (python_) return is ? "\"True\"" : "\"False\"";
    return is ? "(\"true\" | \"True\")" : "(\"false\" | \"False\")";
  }
  std::string_view null() const { return python_ ? "\"None\"" : "(\"null\" | \"None\")"; }

  std::string argument(const std::string& key, const Json& schema) {
    const uint8_t types = types_of(&schema);
    const std::string what = value(schema, types);
    if (python_) return str(literal(key + "="), " ", what);
    const bool is_text = types == kString && syntax_.tags->attribute == " string=";
    begun_[is_text] = true;
    return str("key ", literal(key), is_text ? " begin_string " : " begin ", what, " end");
  }

  std::string value(const Json& schema, uint8_t types) {
    if (const Json* values = schema.find("enum"); values && !values->items.empty()) {
      std::string options;
      for (const Json& v : values->items) options += str(options.empty() ? "(" : " | ", fixed(v));
      return options + ")";
    }
    if (const Json* only = schema.find("const")) return fixed(*only);
    if (!python_ && types & kString) text_ = true;
    if (types == kAnyType && !python_) return "text";
    used_ |= python_ ? types : types & ~kString;
    if (types == kAnyType) return "value";
    std::string options;
    const auto add = [&](uint8_t bits, std::string_view what) {
      if (types & bits) options += str(options.empty() ? "(" : " | ", what);
    };
    add(kString, python_ ? "string" : "text");
    add(kObject, "object");
    add(kArray, "array");
    add(kBoolean, str(truth(true), " | ", truth(false)));
    add(kNull, null());
    add(kFraction | kInteger, types & kFraction ? "number" : "integer");
    return options + ")";
  }

  // A value that is written in one way.
  std::string fixed(const Json& v) const {
    if (v.is(Kind::kBoolean)) return std::string(truth(v.truth));
    if (v.is(Kind::kNull)) return std::string(null());
    return literal(v.is(Kind::kString) && !python_ ? v.text : json_dumps(v));
  }

  const CallSyntax& syntax_;
  const Tool& tool_;
  const bool python_;
  std::string rules_;
  bool begun_[2] = {};  // arguments that are a text, as their tag says; others
  uint8_t used_ = 0;    // types whose rules of JSON are referred to
  bool text_ = false;   // the rule is
};

}  // namespace

std::string arguments_grammar(const CallSyntax& syntax, const Tool& tool) { return Writer(syntax, tool).run(); }

}  // namespace infer::text::tools
