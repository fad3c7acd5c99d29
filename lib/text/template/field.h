// A field of a format string: how one value is written into "{:>8,.2f}" or "%-8.2f".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "text/template/builder.h"

namespace infer::text::jinja {

struct Field {
  std::string fill = std::string(1, ' ');  // one character
  char align = 0;                          // < > ^ =, or 0: as the type of value has it
  char sign = '-';                         // - + or a space
  char type = 0;                           // s d c b o x X e E f F g G n %, or 0
  char group = 0;                          // , or _ between groups of digits
  bool alternate = false;                  // #
  bool zeros = false;                      // 0 before the width, no alignment: zeros behind a number's sign
  bool printf = false;                     // of "%": takes any value as a string, and a precision for integers
  Marks marks = 0;                         // of the format string, which chose the padding
  int64_t width = 0;                       // characters
  std::optional<int64_t> precision;
};

inline constexpr int64_t kWidestField = 10000;  // characters a field may be padded to

Status bad_format(std::string_view what);
// The digits at s[i], moved past; false when there are none. Stops at kWidestField.
bool take_number(std::string_view s, size_t& i, int64_t& out);
// [[fill]align][sign][#][0][width][group][.precision][type]
Result<Field> parse_spec(std::string_view spec);
// Appends v as the field wants it; a string keeps its marks.
Status add_field(Builder& out, Meter& m, const Value& v, Field f);

}  // namespace infer::text::jinja
