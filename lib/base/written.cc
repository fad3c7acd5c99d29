#include "base/written.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "base/status.h"

namespace infer {

void append_json_escaped(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  static constexpr std::string_view kNamed = "\b\t\n\f\r\"\\", kLetters = "btnfr\"\\";
  for (const char c : text) {
    if (const size_t at = kNamed.find(c); at != kNamed.npos) {
      out += '\\';
      out += kLetters[at];
    } else if (static_cast<uint8_t>(c) < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
}

std::string python_float(double v) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v < 0 ? "-inf" : "inf";
  char digits[40];
  // Shortest digits in scientific form: d.ddde+xx. Python writes them out for exponents -4 .. 15.
  const auto end = std::to_chars(digits, digits + sizeof digits, v, std::chars_format::scientific).ptr;
  const std::string_view all(digits, static_cast<size_t>(end - digits));
  const size_t e = all.find('e');
  const bool negative = all[0] == '-';
  int exponent = 0;
  std::from_chars(all.data() + e + 1 + (all[e + 1] == '+'), end, exponent);
  std::string mantissa;
  for (char c : all.substr(negative, e - negative)) {
    if (c != '.') mantissa += c;
  }
  std::string out;
  if (negative) out += '-';
  const int n = static_cast<int>(mantissa.size());
  if (exponent < -4 || exponent >= 16) {
    out += mantissa[0];
    if (n > 1) out = str(out, '.', mantissa.substr(1));
    const int size = std::abs(exponent);
    return str(out, exponent < 0 ? "e-" : "e+", size < 10 ? "0" : "", size);
  }
  if (exponent < 0) return str(out, "0.", std::string(static_cast<size_t>(-exponent - 1), '0'), mantissa);
  if (exponent + 1 >= n) return str(out, mantissa, std::string(static_cast<size_t>(exponent + 1 - n), '0'), ".0");
  const size_t whole = static_cast<size_t>(exponent) + 1;
  return str(out, mantissa.substr(0, whole), '.', mantissa.substr(whole));
}

}  // namespace infer
