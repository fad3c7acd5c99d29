// The shape of the generated tables in letters.gen.cc. Rows are sorted by their first code point.
#pragma once
#include <cstddef>
#include <cstdint>

namespace infer::text::jinja {

struct Span {
  uint32_t first, last : 24, stride : 8;  // code points first, first + stride, ... last
};
struct Shift {
  uint32_t first, last : 24, stride : 8;
  int32_t delta;  // added to get the mapped code point
};
struct Special {
  uint16_t code, mapped[3];  // none lies beyond 16 bits; unused entries are 0
};

extern const Span kUpper[], kLower[], kAlpha[], kTitle[], kHidden[];
extern const Span kDecimal[], kDigit[], kNumeric[];  // each without what the ones before it have
extern const size_t kUpperSize, kLowerSize, kAlphaSize, kTitleSize, kHiddenSize, kDecimalSize, kDigitSize, kNumericSize;
extern const Shift kToUpper[], kToLower[];
extern const size_t kToUpperSize, kToLowerSize;
extern const Special kToUpperSpecial[], kToLowerSpecial[], kToTitleSpecial[];
extern const size_t kToUpperSpecialSize, kToLowerSpecialSize, kToTitleSpecialSize;

}  // namespace infer::text::jinja
