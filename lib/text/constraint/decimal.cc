#include "text/constraint/decimal.h"

#include <algorithm>
#include <charconv>

namespace infer::text::json_schema {

Decimal Decimal::parse(std::string_view json) {
  Decimal d;
  if (json.starts_with('-')) d.negative = true, json.remove_prefix(1);
  const size_t e = std::min(json.find_first_of("eE"), json.size());
  if (e < json.size()) {
    std::string_view power = json.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    const bool small = power.starts_with('-');
    if (std::from_chars(power.data(), power.data() + power.size(), d.exponent).ec != std::errc())
      d.exponent = small ? -1'000'000'000 : 1'000'000'000;
    d.exponent = std::clamp<int64_t>(d.exponent, -1'000'000'000, 1'000'000'000);
  }
  const std::string_view value = json.substr(0, e);
  const size_t point = std::min(value.find('.'), value.size());
  d.exponent += static_cast<int64_t>(point);
  d.digits = value.substr(0, point);
  if (point < value.size()) d.digits += value.substr(point + 1);
  const size_t first = std::min(d.digits.find_first_not_of('0'), d.digits.size());
  d.digits.erase(0, first);
  d.exponent -= static_cast<int64_t>(first);
  while (d.digits.ends_with('0')) d.digits.pop_back();
  if (d.zero()) d = {};
  return d;
}

Decimal Decimal::negated() const {
  Decimal d = *this;
  d.negative = !zero() && !negative;
  return d;
}

std::string Decimal::whole() const {
  if (exponent <= 0) return "0";
  std::string s = digits.substr(0, static_cast<size_t>(exponent));
  s.resize(static_cast<size_t>(exponent), '0');
  return s;
}

std::string Decimal::fraction() const {
  if (zero() || integral()) return "";
  if (exponent <= 0) return std::string(static_cast<size_t>(-exponent), '0') + digits;
  return digits.substr(static_cast<size_t>(exponent));
}

Decimal Decimal::floor() const {
  if (integral()) return *this;
  const Decimal toward_zero = parse((negative ? "-" : "") + whole());
  if (!negative) return toward_zero;
  return toward_zero.next(false);
}

Decimal Decimal::next(bool up) const {
  if (zero()) return parse(up ? "1" : "-1");
  std::string s = whole();
  const bool larger = up != negative;  // its size
  const char full = larger ? '9' : '0', empty = larger ? '0' : '9';
  size_t at = s.size();
  while (at > 0 && s[at - 1] == full) s[--at] = empty;
  if (at == 0) {
    s.insert(s.begin(), '1');
  } else {
    s[at - 1] = static_cast<char>(s[at - 1] + (larger ? 1 : -1));
  }
  return parse((negative ? "-" : "") + s);
}

// Long division: both as integers of the smaller unit, digit by digit.
bool Decimal::multiple_of(const Decimal& m) const {
  if (zero()) return true;
  const int64_t unit = m.exponent - static_cast<int64_t>(m.digits.size());  // m is its digits times 10^unit
  if (unit > exponent - static_cast<int64_t>(digits.size())) return false;  // it has a digit that is finer than m
  if (m.digits.size() > 17 || exponent - unit > 2000) return false;         // of more digits than a schema has use for
  const uint64_t modulus = std::stoull(m.digits);
  uint64_t rest = 0;
  for (int64_t i = 0; i < exponent - unit; ++i) {
    const uint64_t d =
        i < static_cast<int64_t>(digits.size()) ? static_cast<uint64_t>(digits[static_cast<size_t>(i)] - '0') : 0;
    rest = (rest * 10 + d) % modulus;
  }
  return rest == 0;
}

int Decimal::compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int sign = a.negative ? -1 : 1;
  if (a.zero() || b.zero()) return a.zero() && b.zero() ? 0 : a.zero() ? -sign : sign;
  if (a.exponent != b.exponent) return a.exponent < b.exponent ? -sign : sign;
  const int c = a.digits.compare(b.digits);
  return c < 0 ? -sign : c > 0 ? sign : 0;
}

}  // namespace infer::text::json_schema
