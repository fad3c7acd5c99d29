// Filters that give numbers, or write them.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "text/template/filters.h"
#include "text/template/letters.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

namespace {

using std::string_view;

// The digits of s as an integer: white space around, sign, underscores between digits, 0x 0o 0b where the base allows.
// What is beyond 64 bits is so in `out` too, but need not be the same number.
bool parse_int(string_view s, int64_t base, __int128& out) {
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
    value = std::min<__int128>(value * base + digit, UINT64_MAX);
  }
  out = negative ? -value : value;
  return true;
}

bool is_digit_at(string_view s, size_t i) { return i < s.size() && s[i] >= '0' && s[i] <= '9'; }

// Whether a decimal number that is not zero, written as from_chars reads it, is below 1.
bool below_one(string_view s) {
  const size_t mark = std::min(s.find('e'), s.size()), point = std::min(s.find('.'), mark);
  const size_t first = s.find_first_of("123456789");
  const bool small = mark + 1 < s.size() && s[mark + 1] == '-';
  int64_t exponent = small ? INT64_MIN / 2 : INT64_MAX / 2;  // where it does not fit
  if (mark == s.size()) exponent = 0;
  std::from_chars(s.data() + std::min(s.find_first_of("-0123456789", mark), s.size()), s.data() + s.size(), exponent);
  return static_cast<int64_t>(point) - static_cast<int64_t>(first) + (first > point) + exponent <= 0;
}

bool parse_real(string_view s, double& out) {
  const Extent e = strip(s, true, true);
  s = s.substr(e.begin, e.end - e.begin);
  std::string plain;
  for (size_t i = 0; i < s.size(); i++) {
    if (s[i] != '_') {
      plain += static_cast<char>(s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i]);
    } else if (i == 0 || !is_digit_at(s, i - 1) || !is_digit_at(s, i + 1)) {
      return false;
    }
  }
  const bool plus = !plain.empty() && plain[0] == '+';
  const char *begin = plain.data() + plus, *end = plain.data() + plain.size();
  if (begin == end || (plus && *begin == '-') || plain.find('(') != plain.npos) return false;
  const auto r = std::from_chars(begin, end, out);
  if (r.ptr != end) return false;
  if (r.ec == std::errc::result_out_of_range)
    out = std::copysign(below_one(plain) ? 0.0 : HUGE_VAL, plain[0] == '-' ? -1 : 1);
  return r.ec == std::errc() || r.ec == std::errc::result_out_of_range;
}

Status too_large() { return Status::invalid("an integer of the chat template does not fit 64 bits"); }

Result<Value> f_int(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "int", {"default", "base"}));
  if (v.is_undefined()) return type_error(why_undefined(v));
  if (v.is_integral()) return Value::integer(v.as_int());
  double d = NAN;
  if (v.is_string()) {
    TRY(m.pass(v.text().bytes.size()));
    // A base that is none gives what a text that is no integer gives.
    const int64_t base = !a[1] ? 10 : a[1]->is_integral() ? a[1]->as_int() : -1;
    __int128 i = 0;
    if (base >= 0 && base != 1 && base <= 36 && parse_int(v.text().bytes, base, i)) {
      if (i < INT64_MIN || i > INT64_MAX) return too_large();
      return Value::integer(static_cast<int64_t>(i));
    }
    if (!parse_real(v.text().bytes, d)) d = NAN;
  } else if (v.is(Kind::kFloat)) {
    d = v.as_real();
    if (std::isinf(d)) return type_error("infinity is not an integer");
  }
  if (std::isfinite(d)) {
    if (d < -0x1p63 || d >= 0x1p63) return too_large();
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

Result<Value> f_round(Meter& m, const Value& v, const Args& args) {
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
    int64_t unit = 1;
    for (int64_t p = precision; p < 0; p++) unit *= 10;
    const int64_t i = v.as_int(), rest = i % unit, twice = rest < 0 ? -2 * rest : 2 * rest;
    const bool away = twice > unit || (twice == unit && i / unit % 2 != 0);  // ties to even
    return arithmetic(m, Op::kAdd, Value::integer(i), Value::integer((away ? i < 0 ? -unit : unit : 0) - rest));
  }
  if (!std::isfinite(d)) return v;
  if (precision < 0) {  // what remains is exact, ties to even
    const double rest = std::remainder(d, std::pow(10.0, static_cast<double>(-precision)));
    return Value::real(std::copysign(d - rest, d));
  }
  return Value::real(round_to(d, static_cast<int>(precision)));
}

Result<Value> f_filesizeformat(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "filesizeformat", {"binary"}));
  const bool binary = a[0] && a[0]->truthy();
  double bytes = 0;
  if (v.is_number()) {
    bytes = v.as_real();
  } else {
    TRY(m.pass(v.is_string() ? v.text().bytes.size() : 0));
    if (!v.is_string() || !parse_real(v.text().bytes, bytes))
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
  return make_string(m, str(string_view(text, static_cast<size_t>(r.ptr - text)), ' ',
                            (binary ? "KMGTPEZY" : "kMGTPEZY")[prefix], binary ? "iB" : "B"));
}

constexpr Entry kFilters[] = {
    {"abs", f_abs, kBare}, {"filesizeformat", f_filesizeformat}, {"float", f_float}, {"int", f_int}, {"round", f_round},
};

}  // namespace

std::span<const Entry> number_filters() { return kFilters; }

}  // namespace infer::text::jinja
