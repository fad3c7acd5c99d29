// UTF-8 over bytes that may be anything.
//
// What is not UTF-8 is cut as Unicode recommends (and as Python and browsers do): each maximal subpart of a broken
// sequence is one error. Overlong forms, surrogates and values above U+10FFFF are errors.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace infer {

inline constexpr char32_t kReplacement = 0xFFFD;

struct Utf8 {
  char32_t value;   // kReplacement when !valid
  uint32_t length;  // bytes it takes, 1..4; 1..3 when !valid
  bool valid;
  bool cut;  // !valid, and only because the text ends: more bytes could have made it whole
};

// The character at s[at]; at < s.size().
Utf8 decode_utf8(std::string_view s, size_t at);

// Where the character that ends at `end` begins; 0 < end <= s.size(). From places where decode_utf8() ends a character,
// or the end of the text, this leads to the same places, whatever the bytes.
size_t utf8_before(std::string_view s, size_t end);

// Appends one character. What is not a scalar value (a surrogate, above U+10FFFF) becomes U+FFFD.
void append_utf8(std::string& out, char32_t c);

bool valid_utf8(std::string_view s);

// Appends s with U+FFFD for each broken sequence.
void append_as_utf8(std::string& out, std::string_view s);

}  // namespace infer
