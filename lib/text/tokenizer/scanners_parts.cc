// Parts of longer chains: digits, punctuation, lines and runs of spaces.
#include <algorithm>

#include "text/tokenizer/scanners.h"
#include "text/tokenizer/word_parts.h"

namespace infer::text {
namespace {

size_t match_each_digit(std::string_view s, size_t at) {
  const Char c = char_at(s, at);
  return c.is(kDigitSplit) ? at + c.length : at;
}

size_t match_punctuation(std::string_view s, size_t at) { return run_of_flags(s, at, kPunctSplit); }

size_t match_three_digits(std::string_view s, size_t at) {
  const auto digit = [&](size_t i) { return i < s.size() && s[i] >= '0' && s[i] <= '9'; };
  return digit(at) && digit(at + 1) && digit(at + 2) ? at + 3 : at;
}

size_t match_each_number(std::string_view s, size_t at) { return up_to_digits(s, at, 1); }
size_t match_up_to_3_digits(std::string_view s, size_t at) { return up_to_digits(s, at, 3); }

size_t match_each_mark(std::string_view s, size_t at) {
  const Char c = char_at(s, at);
  return c.is(kPunctSplit) ? at + c.length : at;
}

size_t match_number(std::string_view s, size_t at) { return run_of_flags(s, at, kNumber); }

size_t match_lines(std::string_view s, size_t at) {
  const bool newline = s[at] == '\n';
  while (at < s.size() && (s[at] == '\n') == newline) ++at;
  return at;
}

struct Digits {
  size_t end;    // of the run of \d
  size_t count;  // its characters
};
Digits digits_at(std::string_view s, size_t at) {
  Digits run{at, 0};
  for (Char c = char_at(s, at); c.is(kDecimal); c = char_at(s, run.end)) run.end += c.length, ++run.count;
  return run;
}

}  // namespace

void split_each_digit(std::string_view s, PieceSink& out) { split_by<match_each_digit>(s, out); }
void split_punctuation(std::string_view s, PieceSink& out) { split_by<match_punctuation>(s, out); }
void split_three_digits(std::string_view s, PieceSink& out) { split_by<match_three_digits>(s, out); }
void split_each_number(std::string_view s, PieceSink& out) { split_by<match_each_number>(s, out); }
void split_up_to_3_digits(std::string_view s, PieceSink& out) { split_by<match_up_to_3_digits>(s, out); }

// Falcon's Digits() runs after ByteLevel() and so sees characters that stand for bytes. Six of those are numbers to
// Unicode (superscripts and fractions of Latin-1), so it cuts inside of multi-byte characters; models were trained that
// way.
void split_digit_bytes(std::string_view s, PieceSink& out) {
  const auto digit = [](char ch) {
    const uint8_t b = static_cast<uint8_t>(ch);
    return (b >= '0' && b <= '9') || b == 0xB2 || b == 0xB3 || b == 0xB9 || (b >= 0xBC && b <= 0xBE);
  };
  for (size_t at = 0; at < s.size();) {
    size_t end = at + 1;
    while (end < s.size() && digit(s[end]) == digit(s[at])) ++end;
    out.piece(s.substr(at, end - at));
    at = end;
  }
}

void split_each_mark(std::string_view s, PieceSink& out) { split_by<match_each_mark>(s, out); }
void split_numbers(std::string_view s, PieceSink& out) { split_by<match_number>(s, out); }
void split_lines(std::string_view s, PieceSink& out) { split_by<match_lines>(s, out); }

// A run is cut in threes from its end; no part of it matches where a letter or the like follows.
void split_digits_from_end(std::string_view s, PieceSink& out) {
  size_t gap = 0;
  for (size_t at = 0; at < s.size();) {
    auto [end, n] = digits_at(s, at);
    if (n == 0 || char_at(s, end).is(kWord)) {
      at = n == 0 ? at + char_at(s, at).length : end;
      continue;
    }
    if (gap < at) out.piece(s.substr(gap, at - gap));
    for (gap = at; at < end; --n) {
      if (n % 3 == 0 && gap < at) {
        out.piece(s.substr(gap, at - gap));
        gap = at;
      }
      at += char_at(s, at).length;
    }
    out.piece(s.substr(gap, end - gap));
    gap = end;
  }
  if (gap < s.size()) out.piece(s.substr(gap));
}

// The matches are empty: they part what stands before each from what stands behind it, and the last three of a run from
// nothing that follows.
void split_before_threes(std::string_view s, PieceSink& out) {
  size_t gap = 0;
  for (size_t at = 0; at < s.size();) {
    auto [end, n] = digits_at(s, at);
    if (n == 0) at += char_at(s, at).length;
    for (; at < end; --n) {
      if (n % 3 == 0 && gap < at) {
        out.piece(s.substr(gap, at - gap));
        gap = at;
      }
      at += char_at(s, at).length;
    }
  }
  if (gap < s.size()) out.piece(s.substr(gap));
}

void split_space_powers(std::string_view s, PieceSink& out) {
  size_t n = 0;
  for (size_t at = 0; at < s.size(); ++n) {
    const Char c = char_at(s, at);
    if (!c.is(kSpace) || c.newline()) return out.piece(s);
    at += c.length;
  }
  for (size_t at = 0; at < s.size();) {
    size_t take = 512;
    while (take > n) take /= 2;
    n -= take;
    size_t end = at;
    for (; take > 0; --take) end += char_at(s, end).length;
    out.piece(s.substr(at, end - at));
    at = end;
  }
}

}  // namespace infer::text
