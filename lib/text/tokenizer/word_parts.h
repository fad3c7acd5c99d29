// Parts that the rules for words have in common, each the regular expression above it. A part says where its match from
// `at` ends, or `at` when it has none.
#pragma once
#include <string_view>

#include "text/tokenizer/scan.h"

namespace infer::text {

// 's|'t|'re|'ve|'m|'ll|'d: the end of one at `at`, or `at`. any_case: as (?i:) is read, where long s is an s too.
inline size_t contraction(std::string_view s, size_t at, bool any_case) {
  if (at + 1 >= s.size() || s[at] != '\'') return at;
  const auto lower = [&](size_t i) {
    const char c = i < s.size() ? s[i] : '\0';
    return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  const char a = lower(at + 1), b = lower(at + 2);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return at + 2;
  if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return at + 3;
  if (any_case && s.substr(at + 1, 2) == "\xC5\xBF") return at + 3;  // U+017F
  return at;
}

// \s+(?!\S)|\s+ : a run of space, less its last character when a word follows. at: a space.
inline size_t spaces(std::string_view s, size_t at) {
  size_t last = at, end = at;
  for (Char c = char_at(s, at); c.is(kSpace); c = char_at(s, end)) last = end, end += c.length;
  return end == s.size() || last == at ? end : last;
}

// \s*[\r\n]+ : up to the last newline in a run of space, or `at`.
inline size_t spaces_to_newline(std::string_view s, size_t at) {
  size_t found = at;
  for (Char c = char_at(s, at); c.is(kSpace); c = char_at(s, at)) {
    at += c.length;
    if (c.newline()) found = at;
  }
  return found;
}

inline size_t up_to_digits(std::string_view s, size_t at, int most) {
  for (int i = 0; i < most; ++i) {
    const Char c = char_at(s, at);
    if (!c.is(kNumber)) break;
    at += c.length;
  }
  return at;
}

// What a rule takes behind a run of symbols.
enum class After { nothing, newlines, newlines_slashes, newline_or_slash };  // , [\r\n]*, [\r\n/]*, [\r\n/]?

// The tail that the newer rules share, after their rules for words (letters: what those took):
//   \p{N}{1,digits}| ?[^\s\p{L}\p{N}]+after|\s*[\r\n]+|\s+(?!\S)|\s+
inline size_t match_tail(std::string_view s, size_t at, uint16_t letters, int digits, After after) {
  if (char_at(s, at).is(kNumber)) return up_to_digits(s, at, digits);
  const auto symbol = [letters](const Char& c) { return !c.is(static_cast<uint16_t>(kSpace | kNumber | letters)); };
  const size_t first = s[at] == ' ' ? at + 1 : at;
  const size_t end = run_of(s, first, symbol);
  if (end != first) {
    const bool slash = after == After::newlines_slashes || after == After::newline_or_slash;
    const auto in = [slash](const Char& c) { return c.newline() || (slash && c.value == '/'); };
    if (after == After::nothing) return end;
    if (after == After::newline_or_slash) return in(char_at(s, end)) ? end + 1 : end;
    return run_of(s, end, in);
  }
  if (const size_t newline = spaces_to_newline(s, at); newline != at) return newline;
  return spaces(s, at);
}

inline bool may_lead_word(const Char& c) {  // [^\r\n\p{L}\p{N}]
  return c.length != 0 && !c.newline() && !c.is(kLetter | kNumber);
}

}  // namespace infer::text
