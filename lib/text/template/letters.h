// Characters as Python sees them: code points of UTF-8, white space, letter case, what repr() shows.
//
// A byte that is not UTF-8 counts as one character (code point kStray + byte), has no case, and is copied as it is.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace infer::text::jinja {

inline constexpr char32_t kStray = 0xDC00;

// The character that begins at byte i (< s.size()); `size` is its length in bytes.
char32_t decode(std::string_view s, size_t i, size_t& size);
void encode(char32_t c, std::string& out);

size_t count_characters(std::string_view s);
// Byte offset of character n, or s.size() if there are fewer.
size_t offset_of(std::string_view s, size_t n);
// Start of the character that ends at byte `end` (> 0).
size_t previous(std::string_view s, size_t end);

bool is_space(char32_t c);
bool is_printable(char32_t c);
bool is_upper(char32_t c);
bool is_lower(char32_t c);
bool is_cased(char32_t c);  // upper, lower or title case
bool is_alpha(char32_t c);
bool is_decimal(char32_t c);      // 0 to 9 of any script
bool is_digit(char32_t c);        // those, and raised or circled ones
bool is_numeric(char32_t c);      // those, fractions and numbers that are one character
bool is_word(char32_t c);         // letters, numbers and _, as \w of Python's expressions
bool is_passed_over(char32_t c);  // the commonest of what is neither in nor between words where case is decided
// Appends the mapped character, which may become up to three.
void to_upper(char32_t c, std::string& out);
void to_lower(char32_t c, std::string& out);
void to_title(char32_t c, std::string& out);

// Bytes [begin, end) of s without white space at its ends.
struct Extent {
  size_t begin, end;
};
Extent strip(std::string_view s, bool left, bool right);
// The same with a set of characters of one's own.
Extent strip(std::string_view s, std::string_view set, bool left, bool right);

}  // namespace infer::text::jinja
