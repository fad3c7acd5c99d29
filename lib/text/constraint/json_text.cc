#include "text/constraint/json_text.h"

#include <algorithm>

namespace infer::text::json_schema {
namespace {

using Expr = Grammar::Expr;

constexpr int32_t kMostSpace = 20;  // characters in one place
constexpr int64_t kSmall = 24;      // parts that may be laid out more than once

Expr one_of(Grammar& g, std::string_view bytes) {
  ByteSet set;
  for (const char c : bytes) set.add(static_cast<uint8_t>(c));
  return g.bytes(set);
}

Expr between(Grammar& g, char first, char last) {
  ByteSet set;
  set.add(static_cast<uint8_t>(first), static_cast<uint8_t>(last));
  return g.bytes(set);
}

// A backslash's u and four digits; surrogates come in pairs.
Expr unicode_escape(Grammar& g) {
  const Expr hex = one_of(g, "0123456789abcdefABCDEF"), d = one_of(g, "dD"), u = g.literal("u");
  const Expr plain = g.choice({g.sequence({one_of(g, "0123456789abcefABCEF"), hex, hex, hex}),
                               g.sequence({d, one_of(g, "01234567"), hex, hex})});
  const Expr pair =
      g.sequence({d, one_of(g, "89abAB"), hex, hex, g.literal("\\u"), d, one_of(g, "cdefCDEF"), hex, hex});
  return g.sequence({u, g.choice({plain, pair})});
}

}  // namespace

Expr json_code_points(Grammar& g, const std::vector<CodeRange>& ranges, bool negated) {
  std::vector<Expr> options;
  std::vector<CodeRange> plain;
  std::vector<std::string> escapes;
  for (const CodeRange r : tidy_ranges(ranges, negated)) {
    uint32_t from = r.first;
    const auto escape = [&](uint32_t first, uint32_t last) {  // those of the range
      first = std::max(first, r.first), last = std::min(last, r.last);
      if (first > last) return;
      for (uint32_t c = first; c <= last; ++c) {
        const char byte = static_cast<char>(c);
        escapes.push_back(json_escaped({&byte, 1}));
      }
      if (first > from) plain.push_back({from, first - 1});
      from = last + 1;
    };
    escape(0, 0x1f);
    escape('"', '"');
    escape('\\', '\\');
    if (from <= r.last) plain.push_back({from, r.last});
  }
  if (!plain.empty()) options.push_back(g.code_points(plain));
  options.push_back(g.texts(std::move(escapes)));
  return g.choice(options);
}

Expr JsonText::space() {
  if (!options_.whitespace) return Grammar::kEmpty;
  return rule(space_, "white space", [&] { return g_.repeat(one_of(g_, " \t\n\r"), 0, kMostSpace); });
}

Expr JsonText::separator() {
  return options_.whitespace ? g_.sequence({space(), g_.literal(","), space()}) : g_.literal(", ");
}

Expr JsonText::colon() {
  return options_.whitespace ? g_.sequence({space(), g_.literal(":"), space()}) : g_.literal(": ");
}

Expr JsonText::enclosed(char open, Expr content, bool may_be_empty, char close) {
  const Expr inside = content == Grammar::kNothing ? content : g_.sequence({content, space()});
  return g_.sequence(
      {g_.literal({&open, 1}), space(), may_be_empty ? g_.optional(inside) : inside, g_.literal({&close, 1})});
}

Expr JsonText::character() {
  return g_.choice({g_.code_points({{0, 0x1f}, {'"', '"'}, {'\\', '\\'}}, true),
                    g_.sequence({g_.literal("\\"), g_.choice({one_of(g_, "\"\\/bfnrt"), unicode_escape(g_)})})});
}

Expr JsonText::any_string() {
  return rule(string_, "string", [&] { return quoted(g_.repeat(character(), 0)); });
}

Expr JsonText::any_integer() {
  const Expr digits = g_.sequence({between(g_, '1', '9'), g_.repeat(between(g_, '0', '9'), 0)});
  return g_.choice({g_.literal("0"), g_.sequence({g_.optional(g_.literal("-")), digits})});
}

Expr JsonText::any_number() {
  return rule(number_, "number", [&] {
    const Expr digit = between(g_, '0', '9'), digits = g_.repeat(digit, 1);
    const Expr whole = g_.choice({g_.literal("0"), g_.sequence({between(g_, '1', '9'), g_.repeat(digit, 0)})});
    return g_.sequence({g_.optional(g_.literal("-")), whole, g_.optional(g_.sequence({g_.literal("."), digits})),
                        g_.optional(g_.sequence({one_of(g_, "eE"), g_.optional(one_of(g_, "+-")), digits}))});
  });
}

Expr JsonText::list(Expr item) { return g_.sequence({item, g_.repeat(g_.sequence({separator(), item}), 0)}); }

Expr JsonText::any_value() {
  if (value_) return g_.refer(*value_);
  value_ = g_.declare("any value");
  g_.define(*value_, g_.choice({any_object(), any_array(), any_string(), any_number(), g_.literal("true"),
                                g_.literal("false"), g_.literal("null")}));
  return g_.refer(*value_);
}

Expr JsonText::any_array() {
  return rule(array_, "array", [&] { return enclosed('[', list(any_value()), true, ']'); });
}

Expr JsonText::any_object() {
  return rule(object_, "object", [&] {
    return enclosed('{', list(g_.sequence({any_string(), colon(), any_value()})), true, '}');
  });
}

Expr JsonText::value(const Json& v) {
  if (!v.is(Json::Kind::kArray) && !v.is(Json::Kind::kObject)) return g_.literal(json_dumps(v));
  std::vector<Expr> parts;
  for (size_t i = 0; i < v.items.size(); ++i) {
    if (i) parts.push_back(separator());
    if (v.is(Json::Kind::kObject))
      parts.push_back(g_.literal("\"" + json_escaped(v.keys[i]) + "\"")), parts.push_back(colon());
    parts.push_back(value(v.items[i]));
  }
  const bool array = v.is(Json::Kind::kArray), empty = v.items.empty();
  return enclosed(array ? '[' : '{', empty ? Grammar::kNothing : g_.sequence(parts), empty, array ? ']' : '}');
}

Expr JsonText::once(Expr e, const std::string& name) {
  if (g_.node(e).size <= kSmall) return e;
  const Grammar::Rule rule = g_.declare(name);
  g_.define(rule, e);
  return g_.refer(rule);
}

}  // namespace infer::text::json_schema
