// Filters on strings and numbers.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/template/filters.h"
#include "text/template/json.h"
#include "text/template/letters.h"
#include "text/template/methods.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

namespace {

using std::string_view;

Result<Value> f_upper(Meter& m, const Value& v, const Args& a) { return string_method(m, v, "upper", a); }
Result<Value> f_lower(Meter& m, const Value& v, const Args& a) { return string_method(m, v, "lower", a); }
Result<Value> f_capitalize(Meter& m, const Value& v, const Args& a) { return string_method(m, v, "capitalize", a); }
Result<Value> f_trim(Meter& m, const Value& v, const Args& a) { return string_method(m, v, "strip", a); }
Result<Value> f_string(Meter& m, const Value& v, const Args&) { return to_string(m, v); }

Result<Value> f_center(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "center", {"width"}));
  return string_method(m, v, "center", {{a[0] ? *a[0] : Value::integer(80)}, {}});
}

// Markup as a plain string.
Result<Value> plain_text(Meter& m, const Value& v) {
  if (!v.text().safe) return v;
  Builder out(m);
  out.add(v.text());
  return out.finish();
}

Result<Value> f_replace(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "replace", {"old", "new", "count"}, 2));
  Args plain;
  for (int i = 0; i < 2; i++) {
    TRY_SET(Value s, to_string(m, *a[static_cast<size_t>(i)]));
    plain.positional.push_back(std::move(s));
  }
  if (a[2] && !a[2]->is(Kind::kNone)) plain.positional.push_back(*a[2]);
  TRY_SET(const Value all, string_method(m, v, "replace", plain));
  return plain_text(m, all);
}

// A word begins after white space and any of -({[<.
Result<Value> f_title(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value s, to_string(m, v));
  Builder out(m);
  map_characters(out, s.text(), [inside = false](char32_t c, std::string& to) mutable {
    inside ? to_lower(c, to) : to_upper(c, to);
    inside = !(is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<');
  });
  return out.finish();
}

Result<Value> f_escape(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value s, to_string(m, v));
  if (s.text().safe) return s;
  Builder out(m);
  escape(out, s.text());
  return out.finish(true);
}
Result<Value> f_forceescape(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value s, to_string(m, v));
  Builder out(m);
  escape(out, s.text());
  return out.finish(true);
}
Result<Value> f_safe(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value s, to_string(m, v));
  Builder out(m);
  out.add(s.text());
  return out.finish(true);
}

Result<Value> f_indent(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "indent", {"width", "first", "blank"}));
  TRY_SET(const Text* t, need_text(v, "indent"));
  const bool first = a[1] && a[1]->truthy(), blank = a[2] && a[2]->truthy();
  Value indention;
  if (a[0] && a[0]->is_string()) {
    indention = *a[0];
  } else {
    TRY_SET(const int64_t width, a[0] ? need_int(*a[0], "the width of indent") : Result<int64_t>(int64_t{4}));
    TRY_SET(const Value space, make_string(m, " "));
    TRY_SET(indention, arithmetic(m, Op::kMul, space, Value::integer(width)));
  }
  Builder closed(m);  // with the newline that makes an empty last line count
  closed.add(*t);
  closed.add('\n');
  TRY_SET(const Value all, closed.finish());
  TRY_SET(const Value lines, string_method(m, all, "splitlines", {}));
  Builder out(m);
  for (size_t i = 0; i < lines.items().size() && out.ok(); i++) {
    const Text& line = lines.items()[i].text();
    if (i) out.add('\n');
    if (i ? blank || !line.bytes.empty() : first) out.add(indention.text());
    out.add(line);
  }
  return out.finish(t->safe);
}

Result<Value> f_truncate(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "truncate", {"length", "killwords", "end", "leeway"}));
  TRY_SET(const Value dots, make_string(m, "..."));
  TRY_SET(const Text* end, need_text(a[2] ? *a[2] : dots, "truncate"));
  TRY_SET(const int64_t most, a[0] ? need_int(*a[0], "the length of truncate") : Result<int64_t>(int64_t{255}));
  TRY_SET(const int64_t leeway,
          a[3] && !a[3]->is(Kind::kNone) ? need_int(*a[3], "the leeway of truncate") : Result<int64_t>(int64_t{5}));
  const int64_t end_size = static_cast<int64_t>(count_characters(end->bytes));
  if (most < end_size || leeway < 0)
    return type_error("truncate needs a length of at least its end's, and no negative leeway");
  TRY_SET(const int64_t n, length(m, v));
  if (n - leeway <= most) return v;
  TRY_SET(const Text* t, need_text(v, "truncate"));
  size_t keep = offset_of(t->bytes, static_cast<size_t>(most - end_size));
  if (!(a[1] && a[1]->truthy())) {
    const size_t space = string_view(t->bytes).substr(0, keep).rfind(' ');
    if (space != string_view::npos) keep = space;
  }
  Builder out(m);
  out.add(*t, 0, keep);
  out.add(*end);
  return out.finish(t->safe);
}

Result<Value> f_format(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const Value s, to_string(m, v));
  if (args.named.empty()) return format_percent(m, s, args.positional, nullptr);
  if (!args.positional.empty()) return type_error("format cannot use arguments with and without names together");
  DictBuilder named(m);
  for (const NamedArg& a : args.named) {
    TRY_SET(const Value key, name_value(m, a));
    TRY(named.set(key, a.value));
  }
  TRY_SET(const Value dict, named.finish());
  return format_percent(m, s, {dict}, &dict);
}

// Whether an argument of tojson holds text that came from a chat.
bool styled_by_input(const Value* v) {
  if (!v) return false;
  if (v->is_string()) return all_marks(v->text()) & kInput;
  return v->is_list() && std::any_of(v->items().begin(), v->items().end(), [](const Value& i) { return styled_by_input(&i); });
}

Result<Value> f_tojson(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "tojson", {"ensure_ascii", "indent", "separators", "sort_keys"}));
  JsonStyle style;
  style.ensure_ascii = a[0] && a[0]->truthy();
  style.sort_keys = a[3] && a[3]->truthy();
  if (a[1] && a[1]->is_string()) {
    style.indent = a[1]->text().bytes;
  } else if (a[1] && !a[1]->is(Kind::kNone)) {
    TRY_SET(const int64_t width, need_int(*a[1], "the indent of tojson"));
    if (width > 1000) return type_error("tojson indents by at most 1000");
    style.indent = std::string(static_cast<size_t>(std::max<int64_t>(0, width)), ' ');
  }
  if (style.indent) style.item_separator.assign(1, ',');
  if (a[2] && !a[2]->is(Kind::kNone)) {
    if (!a[2]->is_list() || a[2]->items().size() != 2) return type_error("tojson needs two separators");
    TRY_SET(const Text* item, need_text(a[2]->items()[0], "tojson"));
    TRY_SET(const Text* key, need_text(a[2]->items()[1], "tojson"));
    style.item_separator = item->bytes;
    style.key_separator = key->bytes;
  }
  Builder out(m);
  write_json(out, m, v, style);
  if (styled_by_input(a[1]) || styled_by_input(a[2])) out.mark_from(0, kInput);
  return out.finish();
}

// The digits of s as an integer: white space around, sign, underscores between digits, 0x 0o 0b where the base allows.
bool parse_int(string_view s, int64_t base, int64_t& out) {
  const Extent e = strip(s, true, true);
  s = s.substr(e.begin, e.end - e.begin);
  const bool negative = !s.empty() && s[0] == '-';
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) s.remove_prefix(1);
  if (s.size() > 2 && s[0] == '0') {
    const char mark = static_cast<char>(s[1] | 32);
    const int64_t said = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 0;
    if (said && (base == said || base == 0)) {
      base = said;
      s.remove_prefix(2);
      if (s[0] == '_') s.remove_prefix(1);
    }
  }
  if (base == 0) base = 10;
  if (s.empty() || s.front() == '_' || s.back() == '_' || s.find("__") != s.npos) return false;
  __int128 value = 0;
  for (char c : s) {
    if (c == '_') continue;
    const int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'z' ? (c | 32) - 'a' + 10 : 99;
    if (digit >= base) return false;
    value = value * base + digit;
    if (value > INT64_MAX) return false;
  }
  out = static_cast<int64_t>(negative ? -value : value);
  return true;
}

bool parse_real(string_view s, double& out) {
  const Extent e = strip(s, true, true);
  std::string plain;
  for (char c : s.substr(e.begin, e.end - e.begin)) {
    if (c != '_') plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  const bool plus = !plain.empty() && plain[0] == '+';
  const char *begin = plain.data() + plus, *end = plain.data() + plain.size();
  if (begin == end || (plus && *begin == '-') || plain.find('(') != plain.npos) return false;
  const auto r = std::from_chars(begin, end, out);
  if (r.ptr != end) return false;
  if (r.ec == std::errc::result_out_of_range)
    out = plain.find("e-") != plain.npos ? 0.0 : HUGE_VAL * (plain[0] == '-' ? -1 : 1);
  return r.ec == std::errc() || r.ec == std::errc::result_out_of_range;
}

Result<Value> f_int(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "int", {"default", "base"}));
  if (v.is_undefined()) return type_error(why_undefined(v));
  if (v.is_integral()) return Value::integer(v.as_int());
  double d = NAN;
  if (v.is_string()) {
    TRY(m.pass(v.text().bytes.size()));
    // A base that is none gives what a text that is no integer gives.
    const int64_t base = !a[1] ? 10 : a[1]->is_integral() ? a[1]->as_int() : -1;
    int64_t i = 0;
    if (base >= 0 && base != 1 && base <= 36 && parse_int(v.text().bytes, base, i)) return Value::integer(i);
    if (!parse_real(v.text().bytes, d)) d = NAN;
  } else if (v.is(Kind::kFloat)) {
    d = v.as_real();
  }
  if (std::isfinite(d)) {
    if (std::fabs(d) >= 9.2e18) return Status::invalid("an integer of the chat template does not fit 64 bits");
    return Value::integer(static_cast<int64_t>(d));
  }
  return a[0] ? *a[0] : Value::integer(0);
}

Result<Value> f_float(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "float", {"default"}));
  if (v.is_undefined()) return type_error(why_undefined(v));
  if (v.is_number()) return Value::real(v.as_real());
  double d = 0;
  if (v.is_string()) {
    TRY(m.pass(v.text().bytes.size()));
    if (parse_real(v.text().bytes, d)) return Value::real(d);
  }
  return a[0] ? *a[0] : Value::real(0.0);
}

Result<Value> f_abs(Meter& m, const Value& v, const Args&) {
  if (v.is(Kind::kFloat)) return Value::real(std::fabs(v.as_real()));
  if (v.is_integral()) return negate(m, v, v.as_int() < 0);
  return type_error(v.is_undefined() ? why_undefined(v) : str("abs does not work on a '", type_name(v), "'"));
}

// To `digits` decimals, ties to even on the exact value: what Python's round() gives.
double round_to(double v, int digits) {
  char text[700];
  const auto r = std::to_chars(text, text + sizeof text, v, std::chars_format::fixed, digits);
  double out = v;
  if (r.ec == std::errc()) std::from_chars(text, r.ptr, out);
  return out;
}

Result<Value> f_round(Meter&, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "round", {"precision", "method"}));
  if (!v.is_number())
    return type_error(v.is_undefined() ? why_undefined(v) : str("round does not work on a '", type_name(v), "'"));
  TRY_SET(const int64_t precision, a[0] ? need_int(*a[0], "the precision of round") : Result<int64_t>(int64_t{0}));
  if (precision < -18 || precision > 300) {
    return Status::unsupported(str("round works with a precision of -18 to 300, not ", precision));
  }
  const string_view method = a[1] && a[1]->is_string() ? string_view(a[1]->text().bytes) : a[1] ? "" : "common";
  const double scale = std::pow(10.0, static_cast<double>(precision)), d = v.as_real();
  if (method == "ceil" || method == "floor")
    return Value::real((method == "ceil" ? std::ceil(d * scale) : std::floor(d * scale)) / scale);
  if (method != "common") return type_error("the method of round must be common, ceil or floor");
  if (v.is_integral()) {
    if (precision >= 0) return Value::integer(v.as_int());
    return Value::integer(static_cast<int64_t>(std::nearbyint(d * scale) / scale));
  }
  if (!std::isfinite(d)) return v;
  if (precision < 0) return Value::real(std::nearbyint(d * scale) / scale);
  return Value::real(round_to(d, static_cast<int>(precision)));
}

Result<Value> f_wordcount(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value s, to_string(m, v));
  const string_view text = s.text().bytes;
  TRY(m.pass(text.size()));
  int64_t n = 0;
  bool inside = false;
  size_t size;
  for (size_t i = 0; i < text.size(); i += size) {
    const char32_t c = decode(text, i, size);
    const bool word = c == '_' || is_alpha(c) || is_numeric(c);
    n += word && !inside;
    inside = word;
  }
  return Value::integer(n);
}

Result<Value> f_filesizeformat(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "filesizeformat", {"binary"}));
  const bool binary = a[0] && a[0]->truthy();
  double bytes = 0;
  if (v.is_number()) {
    bytes = v.as_real();
  } else if (!v.is_string() || !parse_real(v.text().bytes, bytes)) {
    return type_error(str("filesizeformat needs a number, not a '", type_name(v), "'"));
  }
  const double base = binary ? 1024 : 1000;
  if (bytes == 1) return make_string(m, "1 Byte");
  if (std::isnan(bytes)) return type_error("filesizeformat needs a number");
  if (bytes < base) return make_string(m, str(static_cast<int64_t>(std::max(bytes, -9e18)), " Bytes"));
  double unit = base;
  size_t prefix = 0;
  while (prefix < 7 && bytes >= unit * base) unit *= base, prefix++;
  char text[400];
  const auto r = std::to_chars(text, text + sizeof text, bytes / unit, std::chars_format::fixed, 1);
  return make_string(m, str(string_view(text, static_cast<size_t>(r.ptr - text)), ' ', (binary ? "KMGTPEZY" : "kMGTPEZY")[prefix],
                            binary ? "iB" : "B"));
}

// Every byte of str(v) but letters, digits and _.-~ as %XX; `query`: a space is a plus, and a slash is written as well.
Status quote_url(Builder& out, Meter& m, const Value& v, bool query) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  TRY_SET(const Value s, to_string(m, v));
  const Text& t = s.text();
  MarksOf marks(t);
  for (size_t i = 0; i < t.bytes.size() && out.ok(); i++) {
    const unsigned char c = static_cast<unsigned char>(t.bytes[i]);
    const bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '.' || c == '-' ||
                       c == '~' || (c == '/' && !query);
    if (plain || (c == ' ' && query)) {
      out.add(plain ? static_cast<char>(c) : '+', marks.at(i));
    } else {
      const char escaped[] = {'%', kDigits[c >> 4], kDigits[c & 15]};
      out.add(string_view(escaped, 3), marks.at(i));
    }
  }
  return out.status();
}

// A string as one quoted text; a dict or pairs as key=value&key=value.
Result<Value> f_urlencode(Meter& m, const Value& v, const Args&) {
  Builder out(m);
  if (v.is_string() || !is_iterable(v)) {
    TRY(quote_url(out, m, v, false));
    return out.finish();
  }
  Value pairs = v;
  if (v.is(Kind::kDict)) {
    TRY_SET(pairs, find_filter("items")->call(m, v, {}));
  }
  TRY_SET(const Sequence all, Sequence::of(m, pairs));
  for (int64_t i = 0; i < all.size(); i++) {
    TRY_SET(const Value pair, all.at(m, i));
    TRY_SET(const std::vector<Value> two, Sequence::collect(m, pair));
    if (two.size() != 2) return type_error("urlencode needs pairs of a key and a value");
    if (i) out.add('&');
    TRY(quote_url(out, m, two[0], true));
    out.add('=');
    TRY(quote_url(out, m, two[1], true));
  }
  return out.finish();
}

// {"class": "a", "id": none} is ` class="a"`.
Result<Value> f_xmlattr(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "xmlattr", {"autospace"}));
  if (!v.is(Kind::kDict)) return type_error(v.is_undefined() ? why_undefined(v) : str("xmlattr needs a dict, not a '", type_name(v), "'"));
  Builder out(m);
  for (const auto& [key, value] : v.dict().entries) {
    if (value.is(Kind::kNone) || value.is_undefined()) continue;
    TRY_SET(const Text* name, need_text(key, "xmlattr"));
    if (name->bytes.find_first_of(string_view(" \t\n\v\f\r/>=")) != name->bytes.npos)
      return type_error("an attribute's name may not hold white space, '/', '>' or '='");
    if (out.size() > 0 || !a[0] || a[0]->truthy()) out.add(' ');
    TRY_SET(const Value text, to_string(m, value));
    for (const Text* part : {name, &text.text()}) {
      part->safe ? out.add(*part) : escape(out, *part);
      out.add(part == name ? "=\"" : "\"");
    }
  }
  return out.finish();
}

Result<Value> f_default(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "default", {"default_value", "boolean"}));
  const bool replace = v.is_undefined() || (a[1] && a[1]->truthy() && !v.truthy());
  if (!replace) return v;
  return a[0] ? *a[0] : make_string(m, "");
}

constexpr Entry kFilters[] = {
    {"abs", f_abs, kBare},
    {"capitalize", f_capitalize, kBare},
    {"center", f_center},
    {"d", f_default},
    {"default", f_default},
    {"e", f_escape, kBare},
    {"escape", f_escape, kBare},
    {"filesizeformat", f_filesizeformat},
    {"float", f_float},
    {"forceescape", f_forceescape, kBare},
    {"format", f_format},
    {"indent", f_indent},
    {"int", f_int},
    {"lower", f_lower, kBare},
    {"replace", f_replace},
    {"round", f_round},
    {"safe", f_safe, kBare},
    {"string", f_string, kBare},
    {"title", f_title, kBare},
    {"tojson", f_tojson},
    {"trim", f_trim},
    {"truncate", f_truncate},
    {"upper", f_upper, kBare},
    {"urlencode", f_urlencode, kBare},
    {"wordcount", f_wordcount, kBare},
    {"xmlattr", f_xmlattr},
};

}  // namespace

std::span<const Entry> text_filters() { return kFilters; }

const Entry* find_filter(std::string_view name) {
  for (const auto& table : {text_filters(), list_filters()}) {
    for (const Entry& e : table) {
      if (e.name == name) return &e;
    }
  }
  return nullptr;
}

}  // namespace infer::text::jinja
