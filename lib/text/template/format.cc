// Python's two ways to format: "%s of %d" % (a, b) and "{} of {name:>5}".format(a, name=b).
//
// What is inserted keeps its marks. The mini-language is understood as far as strings and numbers go: fill, alignment,
// sign, zero, width, comma, precision and the types s d f e x X o b %; other types are an error that names them.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/written.h"
#include "text/template/letters.h"
#include "text/template/methods.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

namespace {

using std::string_view;

constexpr int64_t kWidest = 10000;  // characters a field may be padded to

struct Field {
  std::string fill = std::string(1, ' ');
  char align = 0, sign = '-', type = 0;
  bool comma = false, alternate = false;
  int64_t width = 0;
  std::optional<int64_t> precision;
};

// The digits at s[i], moved past; false when there are none or too many.
bool take_number(string_view s, size_t& i, int64_t& out) {
  const size_t begin = i;
  out = 0;
  while (i < s.size() && is_digit(static_cast<unsigned char>(s[i])) && out < kWidest) out = out * 10 + (s[i++] - '0');
  return i > begin;
}

Status bad_format(string_view what) {
  return type_error(str("a format string is wrong or not supported at '", what.substr(0, 40), "'"));
}

std::string with_commas(const std::string& digits) {
  const size_t point = std::min(digits.find('.'), digits.size());
  std::string out;
  for (size_t i = 0; i < digits.size(); i++) {
    if (i > 0 && i < point && (point - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

// The number without its sign; `sign` receives it.
Result<std::string> number_text(const Value& v, const Field& f, std::string& sign) {
  char text[700];
  std::to_chars_result r{};
  const bool integral = f.type == 'd' || f.type == 'x' || f.type == 'X' || f.type == 'o' || f.type == 'b';
  bool negative = false;
  std::string prefix;
  if (v.is_integral() && (integral || f.type == 0)) {
    negative = v.as_int() < 0;
    const uint64_t magnitude = negative ? 0 - static_cast<uint64_t>(v.as_int()) : static_cast<uint64_t>(v.as_int());
    const int base = (f.type | 32) == 'x' ? 16 : f.type == 'o' ? 8 : f.type == 'b' ? 2 : 10;
    r = std::to_chars(text, text + sizeof text, magnitude, base);
    if (f.alternate && base != 10) prefix = {'0', f.type};
  } else if (integral) {
    return type_error(str("the format type '", f.type, "' needs an integer, not a '", type_name(v), "'"));
  } else {
    double d = v.as_real();
    negative = std::signbit(d);
    d = std::fabs(d) * (f.type == '%' ? 100 : 1);
    const int precision = static_cast<int>(std::min<int64_t>(f.precision.value_or(6), 300));
    if (f.type == 0 && !f.precision) {
      const std::string shortest = python_float(d);
      std::copy(shortest.begin(), shortest.end(), text);
      r.ptr = text + shortest.size();
    } else {
      const auto style = f.type == 'e'                  ? std::chars_format::scientific
                         : f.type == 0 || f.type == 'g' ? std::chars_format::general
                                                        : std::chars_format::fixed;
      r = std::to_chars(text, text + sizeof text, d, style, precision);
    }
  }
  if (r.ec != std::errc()) return bad_format("a number too long");
  std::string out(text, r.ptr);
  if (f.type == 'X') {
    for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'f' ? c - 32 : c);
  }
  if (f.type == '%') out += '%';
  if (f.comma) out = with_commas(out);
  sign = negative ? "-" : f.sign == '-' ? "" : std::string(1, f.sign);
  sign += prefix;
  return out;
}

// Appends v as the field wants it.
Status add_field(Builder& out, Meter& m, const Value& v, const Field& f) {
  if (f.width >= kWidest || f.precision.value_or(0) >= kWidest) return bad_format("a field too wide");
  const bool number = v.is_number() && f.type != 's' && !(v.is(Kind::kBool) && f.type == 0);
  if (!number && f.type != 0 && f.type != 's') {
    if (v.is_undefined()) return type_error(why_undefined(v));
    return type_error(str("the format type '", f.type, "' does not work on a '", type_name(v), "'"));
  }
  TRY_SET(Value body, to_string(m, v));
  std::string sign;
  if (number) {
    TRY_SET(const std::string digits, number_text(v, f, sign));
    TRY_SET(body, make_string(m, digits));
  }
  const Text& t = body.text();
  size_t end = t.bytes.size();
  if (!number && f.precision) end = offset_of(t.bytes, static_cast<size_t>(*f.precision));
  const int64_t size = static_cast<int64_t>(count_characters(string_view(t.bytes).substr(0, end)) + sign.size());
  const int64_t pad = std::max<int64_t>(0, f.width - size);
  const char align = f.align ? f.align : number ? '>' : '<';
  const int64_t before = align == '<' ? 0 : align == '^' ? pad / 2 : pad;
  if (align == '=') out.add(sign);
  for (int64_t i = 0; i < before; i++) out.add(f.fill);
  if (align != '=') out.add(sign);
  out.add(t, 0, end);
  for (int64_t i = before; i < pad; i++) out.add(f.fill);
  return out.status();
}

bool is_align(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

// [[fill]align][sign][#][0][width][,][.precision][type]
Result<Field> parse_spec(string_view spec) {
  Field f;
  size_t i = 0, size = 0;
  if (!spec.empty()) decode(spec, 0, size);
  if (size && spec.size() > size && is_align(spec[size])) {
    f.fill = spec.substr(0, size);
    f.align = spec[size];
    i = size + 1;
  } else if (!spec.empty() && is_align(spec[0])) {
    f.align = spec[i++];
  }
  if (i < spec.size() && (spec[i] == '+' || spec[i] == '-' || spec[i] == ' ')) f.sign = spec[i++];
  if (i < spec.size() && spec[i] == '#') f.alternate = true, i++;
  if (i < spec.size() && spec[i] == '0') {
    if (!f.align) f.align = '=', f.fill.assign(1, '0');
    i++;
  }
  take_number(spec, i, f.width);
  if (i < spec.size() && spec[i] == ',') f.comma = true, i++;
  if (i < spec.size() && spec[i] == '.') {
    int64_t p = 0;
    if (!take_number(spec, ++i, p)) return bad_format(spec);
    f.precision = p;
  }
  if (i < spec.size() && string_view("sdfFexXob%g").find(spec[i]) != string_view::npos) f.type = spec[i++];
  if (f.type == 'F') f.type = 'f';
  if (i != spec.size()) return bad_format(spec);
  return f;
}

// The value that "name.attr[key]" or "0" or "" stands for.
Result<Value> field_value(Meter& m, string_view name, const Args& args, size_t& automatic) {
  const size_t head_end = std::min(name.find_first_of(".["), name.size());
  const string_view head = name.substr(0, head_end);
  Value v;
  size_t i = 0;
  int64_t index = 0;
  if (head.empty() || (take_number(head, i, index) && i == head.size())) {
    const size_t n = head.empty() ? automatic++ : static_cast<size_t>(index);
    if (n >= args.positional.size()) return type_error(str("format has no argument number ", n));
    v = args.positional[n];
  } else {
    const auto row = std::find_if(args.named.begin(), args.named.end(), [&](const auto& a) { return a.first == head; });
    if (row == args.named.end()) return type_error(str("format has no argument '", head.substr(0, 100), "'"));
    v = row->second;
  }
  for (string_view rest = name.substr(head_end); !rest.empty();) {
    if (rest[0] == '.') {
      const size_t end = std::min(rest.find_first_of(".[", 1), rest.size());
      TRY_SET(v, attribute(m, v, rest.substr(1, end - 1)));
      rest.remove_prefix(end);
    } else {
      const size_t close = rest.find(']');
      if (rest[0] != '[' || close == rest.npos) return bad_format(name);
      const string_view text = rest.substr(1, close - 1);
      i = 0;
      Value key;
      if (take_number(text, i, index) && i == text.size()) {
        key = Value::integer(index);
      } else {
        TRY_SET(key, make_string(m, text));
      }
      TRY_SET(v, subscript(m, v, key));
      rest.remove_prefix(close + 1);
    }
  }
  return v;
}

}  // namespace

Result<Value> format_braces(Meter& m, const Value& format, const Args& args) {
  const Text& t = format.text();
  const string_view s = t.bytes;
  Builder out(m);
  size_t automatic = 0;
  for (size_t i = 0; i < s.size() && out.ok();) {
    const size_t next = std::min(s.find_first_of("{}", i), s.size());
    out.add(t, i, next);
    i = next;
    if (i == s.size()) break;
    if (i + 1 < s.size() && s[i + 1] == s[i]) {
      out.add(t, i, i + 1);
      i += 2;
      continue;
    }
    const size_t close = s.find('}', i);
    if (s[i] == '}' || close == s.npos) return bad_format(s.substr(i));
    string_view field = s.substr(i + 1, close - i - 1), spec;
    if (field.find('{') != field.npos) return bad_format(field);
    if (const size_t colon = field.find(':'); colon != field.npos)
      spec = field.substr(colon + 1), field = field.substr(0, colon);
    char conversion = 0;
    if (field.size() >= 2 && field[field.size() - 2] == '!') conversion = field.back(), field.remove_suffix(2);
    TRY_SET(Value v, field_value(m, field, args, automatic));
    if (conversion == 'r' || conversion == 'a') {
      Builder shown(m);
      represent(shown, m, v);
      TRY_SET(v, shown.finish());
    } else if (conversion == 's') {
      TRY_SET(v, to_string(m, v));
    } else if (conversion) {
      return bad_format(field);
    }
    TRY_SET(const Field f, parse_spec(spec));
    TRY(add_field(out, m, v, f));
    i = close + 1;
  }
  return out.finish(t.safe);
}

Result<Value> format_percent(Meter& m, const Value& format, const std::vector<Value>& args, const Value* named) {
  const Text& t = format.text();
  const string_view s = t.bytes;
  Builder out(m);
  size_t used = 0;
  for (size_t i = 0; i < s.size() && out.ok();) {
    const size_t next = std::min(s.find('%', i), s.size());
    out.add(t, i, next);
    i = next;
    if (i == s.size()) break;
    const size_t begin = i++;
    if (i < s.size() && s[i] == '%') {
      out.add(t, i, i + 1);
      i++;
      continue;
    }
    Value v;
    bool have = false;
    if (i < s.size() && s[i] == '(') {
      const size_t close = s.find(')', i);
      if (close == s.npos || !named) return bad_format(s.substr(begin));
      const Value* found = named->dict().find(s.substr(i + 1, close - i - 1));
      if (!found)
        return type_error(str("format has no argument '", s.substr(i + 1, std::min<size_t>(100, close - i - 1)), "'"));
      v = *found;
      have = true;
      i = close + 1;
    }
    Field f;
    f.align = '>';
    for (; i < s.size() && string_view("-+ 0#").find(s[i]) != string_view::npos; i++) {
      if (s[i] == '-') f.align = '<', f.fill.assign(1, ' ');
      if (s[i] == '+' || s[i] == ' ') f.sign = s[i];
      if (s[i] == '0' && f.align != '<') f.align = '=', f.fill.assign(1, '0');
      if (s[i] == '#') f.alternate = true;
    }
    take_number(s, i, f.width);
    if (i < s.size() && s[i] == '.') {
      int64_t p = 0;
      take_number(s, ++i, p);
      f.precision = p;
    }
    if (i == s.size() || string_view("sdiufFexXogr").find(s[i]) == string_view::npos)
      return bad_format(s.substr(begin));
    f.type = s[i] == 'i' || s[i] == 'u' ? 'd' : s[i] == 'F' ? 'f' : s[i];
    i++;
    if (!have) {
      if (used == args.size()) return type_error("a format string has more fields than there are values");
      v = args[used++];
    }
    if (f.type == 'r') {
      Builder shown(m);
      represent(shown, m, v);
      TRY_SET(v, shown.finish());
      f.type = 's';
    }
    if (f.type == 'd' && v.is(Kind::kFloat) && std::fabs(v.as_real()) < 9e18)
      v = Value::integer(static_cast<int64_t>(v.as_real()));
    if (f.type == 's' && f.align == '=') f.align = '>', f.fill.assign(1, ' ');
    TRY(add_field(out, m, v, f));
  }
  if (used < args.size() && !named && !(used == 0 && args.size() == 1 && args[0].is(Kind::kDict))) {
    return type_error("a format string has fewer fields than there are values");
  }
  return out.finish(t.safe);
}

}  // namespace infer::text::jinja
