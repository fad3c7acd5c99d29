#include "text/template/field.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/written.h"
#include "text/template/letters.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

using std::string;
using std::string_view;

Status bad_format(string_view what) {
  return type_error(str("a format string is wrong or not supported at '", what.substr(0, 40), "'"));
}

bool take_number(string_view s, size_t& i, int64_t& out) {
  const size_t begin = i;
  out = 0;
  while (i < s.size() && s[i] >= '0' && s[i] <= '9' && out < kWidestField) out = out * 10 + (s[i++] - '0');
  return i > begin;
}

namespace {

struct Number {
  string sign, digits;  // "-", "0x", "-0x" ...; "12.5e+10", "inf"
};

string integer_digits(uint64_t magnitude, int base) {
  char text[65];
  return {text, std::to_chars(text, text + sizeof text, magnitude, base).ptr};
}

// d (not negative) as printf's e, f or g, or as Python's own format with a precision, which keeps ".0".
string real_digits(double d, char style, int precision) {
  char text[700];
  if (!std::isfinite(d)) return std::isnan(d) ? "nan" : "inf";
  auto format = style == 'e'   ? std::chars_format::scientific
                : style == 'f' ? std::chars_format::fixed
                               : std::chars_format::general;
  if (style == 'g' || style == 0) precision = std::max(precision, 1);
  if (style == 0 && d != 0) {  // exponents from `precision` digits before the point on, one sooner than g
    const auto r = std::to_chars(text, text + sizeof text, d, std::chars_format::scientific, precision - 1);
    int exponent = 0;
    const char* mark = std::find(text, r.ptr, 'e');
    std::from_chars(mark + 1 + (mark[1] == '+'), r.ptr, exponent);
    if (exponent == precision - 1) {
      format = std::chars_format::scientific;
      precision--;
    }
  }
  const auto r = std::to_chars(text, text + sizeof text, d, format, precision);
  string out(text, r.ptr);
  const size_t mark = std::min(out.find('e'), out.size());
  if (style == 0) {
    const size_t point = out.find('.');
    if (mark < out.size() && point != out.npos) {  // 1.50e+20: no zeros behind
      size_t keep = mark;
      while (out[keep - 1] == '0') keep--;
      if (keep - 1 == point) keep--;
      out.erase(keep, mark - keep);
    } else if (mark == out.size() && point == out.npos) {
      out += ".0";
    }
  }
  return out;
}

bool is_whole_type(char t) { return t != 0 && string_view("dcboxXn").find(t) != string_view::npos; }

Result<Number> number_text(const Value& v, const Field& f) {
  Number n;
  bool negative = false;
  if (v.is_integral() && (f.type == 0 || is_whole_type(f.type))) {
    if (f.precision && !f.printf) return type_error("an integer cannot be formatted with a precision");
    negative = v.as_int() < 0;
    const int base = (f.type | 32) == 'x' ? 16 : f.type == 'o' ? 8 : f.type == 'b' ? 2 : 10;
    n.digits =
        integer_digits(negative ? 0 - static_cast<uint64_t>(v.as_int()) : static_cast<uint64_t>(v.as_int()), base);
    if (f.precision && static_cast<int64_t>(n.digits.size()) < *f.precision)
      n.digits.insert(0, static_cast<size_t>(*f.precision) - n.digits.size(), '0');
    if (f.alternate && base != 10) n.sign = {'0', f.type};
  } else if (is_whole_type(f.type) && f.type != 'n') {
    return type_error(str("the format type '", f.type, "' needs an integer, not a '", type_name(v), "'"));
  } else {
    if (f.alternate) return Status::unsupported("the format flag '#' is not supported for floats");
    double d = v.as_real();
    negative = std::signbit(d) && !std::isnan(d);
    d = std::fabs(d) * (f.type == '%' ? 100 : 1);
    const char style = f.type == 0     ? char(0)
                       : f.type == '%' ? 'f'
                       : f.type == 'n' ? 'g'
                                       : static_cast<char>(f.type | 32);
    const int precision = static_cast<int>(std::min<int64_t>(f.precision.value_or(6), 300));
    if (precision < f.precision.value_or(6)) return bad_format("a precision of more than 300");
    n.digits = style == 0 && !f.precision ? python_float(d) : real_digits(d, style, precision);
  }
  if (f.type == 'X' || f.type == 'E' || f.type == 'F' || f.type == 'G') {
    for (char& c : n.digits) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  if (f.type == '%') n.digits += '%';
  n.sign.insert(0, negative ? "-" : f.sign == '-' ? "" : string(1, f.sign));
  return n;
}

// Separators between the digits before the point. Zeros in front reach `width` characters, and are grouped as well.
string grouped(string digits, const Field& f, int64_t width) {
  const size_t size = f.type == 'x' || f.type == 'X' || f.type == 'o' || f.type == 'b' ? 4 : 3;
  const size_t whole = std::min(digits.find_first_not_of("0123456789abcdefABCDEF"), digits.size());
  const size_t point = size == 3 ? std::min(digits.find_first_not_of("0123456789"), digits.size()) : whole;
  const auto length = [&](size_t leading) { return digits.size() + leading + (point + leading - 1) / size; };
  size_t zeros = 0;
  if (point == 0) return digits;  // inf, nan
  while (static_cast<int64_t>(length(zeros)) < width) zeros++;
  digits.insert(0, zeros, '0');
  string out;
  for (size_t i = 0; i < digits.size(); i++) {
    if (i > 0 && i < point + zeros && (point + zeros - i) % size == 0) out += f.group;
    out += digits[i];
  }
  return out;
}

// Puts the text between its padding; `sign` stands before the padding where the alignment is '='.
Status pad(Builder& out, const Field& f, const string& sign, const Text& t, size_t end, char usual) {
  const int64_t size = static_cast<int64_t>(count_characters(string_view(t.bytes).substr(0, end)) + sign.size());
  const int64_t room = std::max<int64_t>(0, f.width - size);
  const char align = f.align ? f.align : usual;
  const int64_t before = align == '<' ? 0 : align == '^' ? room / 2 : room;
  if (align == '=') out.add(sign);
  for (int64_t i = 0; i < before; i++) out.add(f.fill, f.marks);
  if (align != '=') out.add(sign);
  out.add(t, 0, end);
  for (int64_t i = before; i < room; i++) out.add(f.fill, f.marks);
  return out.status();
}

Status add_number(Builder& out, Meter& m, const Value& v, Field& f) {
  if (f.zeros) f.align = '=', f.fill.assign(1, '0');
  TRY_SET(Number n, number_text(v, f));
  if (f.group) {
    if (f.type == 'n' || (f.group == ',' && is_whole_type(f.type) && f.type != 'd')) return bad_format("a separator");
    const bool fills = f.align == '=' && f.fill == "0";
    n.digits = grouped(std::move(n.digits), f, fills ? f.width - static_cast<int64_t>(n.sign.size()) : 0);
  }
  TRY_SET(const Value digits, make_string(m, n.digits));
  return pad(out, f, n.sign, digits.text(), n.digits.size(), '>');
}

// A code point as its character.
Status add_character(Builder& out, Meter& m, const Value& v, const Field& f) {
  if (!v.is_integral() || f.sign != '-' || f.precision || f.group) return bad_format("c");
  const int64_t code = v.as_int();
  if (code < 0 || code > 0x10ffff) return type_error("the format type 'c' needs a code point");
  if (code >= 0xd800 && code < 0xe000) return Status::unsupported("a surrogate cannot be written as a character");
  string c;
  encode(static_cast<char32_t>(code), c);
  TRY_SET(const Value text, make_string(m, c));
  return pad(out, f, {}, text.text(), c.size(), '>');
}

bool is_align(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

}  // namespace

Status add_field(Builder& out, Meter& m, const Value& v, Field f) {
  if (f.width >= kWidestField || f.precision.value_or(0) >= kWidestField) return bad_format("a field too wide");
  if (f.type == 'c') return add_character(out, m, v, f);
  if (v.is_number() && f.type != 's') return add_number(out, m, v, f);
  if (f.type != 0 && f.type != 's') {
    if (v.is_undefined()) return type_error(why_undefined(v));
    return type_error(str("the format type '", f.type, "' does not work on a '", type_name(v), "'"));
  }
  if (!f.printf && (!v.is_string() || f.sign != '-' || f.alternate || f.group || f.align == '='))
    return type_error(str("this format does not work on a '", type_name(v), "'"));
  TRY_SET(const Value body, to_string(m, v));
  const Text& t = body.text();
  const size_t end = f.precision ? offset_of(t.bytes, static_cast<size_t>(*f.precision)) : t.bytes.size();
  return pad(out, f, {}, t, end, '<');
}

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
  const bool filled = i > 1;
  if (i < spec.size() && (spec[i] == '+' || spec[i] == '-' || spec[i] == ' ')) f.sign = spec[i++];
  if (i < spec.size() && spec[i] == '#') f.alternate = true, i++;
  const bool zeros = i < spec.size() && spec[i] == '0';
  if (zeros) {
    if (!filled) f.fill.assign(1, '0');
    i++;
  }
  take_number(spec, i, f.width);
  if (i < spec.size() && (spec[i] == ',' || spec[i] == '_')) f.group = spec[i++];
  if (i < spec.size() && spec[i] == '.') {
    int64_t p = 0;
    if (!take_number(spec, ++i, p)) return bad_format(spec);
    f.precision = p;
  }
  if (i < spec.size() && string_view("sdcboxXeEfFgGn%").find(spec[i]) != string_view::npos) f.type = spec[i++];
  if (i != spec.size()) return bad_format(spec);
  f.zeros = zeros && !f.align;
  return f;
}

}  // namespace infer::text::jinja
