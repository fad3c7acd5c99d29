// How values look as text: str() and repr() of Python, HTML escaping.
#include "base/written.h"
#include "text/template/letters.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

std::string format_int(int64_t v) { return std::to_string(v); }

void hex_escape(char32_t c, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  const int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
  out += digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
  for (int i = digits - 1; i >= 0; i--) out += kDigits[(c >> (4 * i)) & 15];
}

namespace {

void represent_text(Builder& out, const Text& t) {
  const std::string_view s = t.bytes;
  const Marks marks = all_marks(t);
  const bool has_single = s.find('\'') != s.npos, has_double = s.find('"') != s.npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  if (t.safe) out.add("Markup(");
  out.add(quote);
  size_t size;
  for (size_t i = 0; i < s.size() && out.ok(); i += size) {
    const char32_t c = decode(s, i, size);
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out.add('\\', marks);
      out.add(t, i, i + size);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out.add(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t", marks);
    } else if (!is_printable(c)) {
      std::string escaped;
      hex_escape(c, escaped);
      out.add(escaped, marks);
    } else {
      out.add(t, i, i + size);
    }
  }
  out.add(quote);
  if (t.safe) out.add(")");
}

void represent_items(Builder& out, Meter& m, const std::vector<Value>& items) {
  for (size_t i = 0; i < items.size() && out.ok(); i++) {
    if (i) out.add(", ");
    represent(out, m, items[i]);
  }
}

void represent_dict(Builder& out, Meter& m, const Dict& d) {
  out.add('{');
  for (size_t i = 0; i < d.entries.size() && out.ok(); i++) {
    if (i) out.add(", ");
    represent(out, m, d.entries[i].key);
    out.add(": ");
    represent(out, m, d.entries[i].value);
  }
  out.add('}');
}

void represent_view(Builder& out, Meter& m, const View& v) {
  out.add(v.part == View::kKeys ? "dict_keys([" : v.part == View::kValues ? "dict_values([" : "dict_items([");
  bool first = true;
  for (const auto& e : v.dict.dict().entries) {
    if (!out.ok()) return;
    if (!first) out.add(", ");
    first = false;
    if (v.part == View::kItems) out.add('(');
    if (v.part != View::kValues) represent(out, m, e.key);
    if (v.part == View::kItems) out.add(", ");
    if (v.part != View::kKeys) represent(out, m, e.value);
    if (v.part == View::kItems) out.add(')');
  }
  out.add("])");
}

void represent_range(Builder& out, const Range& r) {
  out.add(str("range(", r.start, ", ", r.stop));
  if (r.step != 1) out.add(str(", ", r.step));
  out.add(')');
}

}  // namespace

void represent(Builder& out, Meter& m, const Value& v) {
  if (Status s = m.step(); !s.ok()) return out.fail(std::move(s));
  switch (v.kind()) {
    case Kind::kUndefined:
      return out.add("Undefined");
    case Kind::kNone:
      return out.add("None");
    case Kind::kBool:
      return out.add(v.as_int() ? "True" : "False");
    case Kind::kInt:
      return out.add(format_int(v.as_int()));
    case Kind::kFloat:
      return out.add(python_float(v.as_real()));
    case Kind::kString:
      return represent_text(out, v.text());
    case Kind::kList:
      out.add('[');
      represent_items(out, m, v.items());
      return out.add(']');
    case Kind::kTuple:
      out.add('(');
      represent_items(out, m, v.items());
      return out.add(v.items().size() == 1 ? ",)" : ")");
    case Kind::kDict:
      return represent_dict(out, m, v.dict());
    case Kind::kRange:
      return represent_range(out, v.as<Range>());
    case Kind::kView:
      return represent_view(out, m, v.as<View>());
    default:
      return out.add(str('<', type_name(v), " object>"));
  }
}

void print(Builder& out, Meter& m, const Value& v) {
  if (v.is_string()) return out.add(v.text());
  if (v.is_undefined()) return;
  represent(out, m, v);
}

Result<Value> to_string(Meter& m, const Value& v) {
  if (v.is_string()) return v;
  Builder out(m);
  print(out, m, v);
  return out.finish();
}

void escape(Builder& out, const Text& t) {
  const std::string_view s = t.bytes;
  MarksOf marks(t);
  size_t plain = 0;
  for (size_t i = 0; i < s.size(); i++) {
    const char* entity = s[i] == '&'    ? "&amp;"
                         : s[i] == '<'  ? "&lt;"
                         : s[i] == '>'  ? "&gt;"
                         : s[i] == '\'' ? "&#39;"
                         : s[i] == '"'  ? "&#34;"
                                        : nullptr;
    if (!entity) continue;
    out.add(t, plain, i);
    out.add(entity, marks.at(i));
    plain = i + 1;
  }
  out.add(t, plain, s.size());
}

}  // namespace infer::text::jinja
