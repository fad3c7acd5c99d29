// Decimal numbers exactly as JSON writes them, to compare bounds with and to take their digits from: 0.1 as a double
// is not the bound that a schema states.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infer::text::json_schema {

struct Decimal {
  bool negative = false;
  std::string digits;    // without zeros at either end; empty: zero
  int64_t exponent = 0;  // the value is 0.<digits> * 10^exponent

  // Of a JSON number.
  static Decimal parse(std::string_view json);

  bool zero() const { return digits.empty(); }
  bool integral() const { return exponent >= static_cast<int64_t>(digits.size()); }
  Decimal negated() const;
  std::string whole() const;     // digits before the point, at least "0"; for exponents that were checked
  std::string fraction() const;  // after it, without zeros at the end
  // The nearest integers on either side, itself when it is one.
  Decimal floor() const;
  Decimal ceil() const { return negated().floor().negated(); }

  Decimal next(bool up) const;  // of an integer, the next one

  bool multiple_of(const Decimal& m) const;  // m > 0

  static int compare(const Decimal& a, const Decimal& b);  // < 0, 0, > 0
  bool operator==(const Decimal& o) const { return compare(*this, o) == 0; }
};

}  // namespace infer::text::json_schema
