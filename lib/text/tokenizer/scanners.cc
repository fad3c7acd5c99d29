#include "text/tokenizer/scanners.h"

namespace infer::text {
namespace {

constexpr uint16_t kWordless = kSpace | kLetter | kNumber;

// 's|'t|'re|'ve|'m|'ll|'d: the end of one at `at`, or `at`. any_case: as (?i:) is read, where long s is an s too.
size_t contraction(std::string_view s, size_t at, bool any_case) {
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
size_t spaces(std::string_view s, size_t at) {
  size_t last = at, end = at;
  for (Char c = char_at(s, at); c.is(kSpace); c = char_at(s, end)) last = end, end += c.length;
  return end == s.size() || last == at ? end : last;
}

// \s*[\r\n]+ : up to the last newline in a run of space, or `at`.
size_t spaces_to_newline(std::string_view s, size_t at) {
  size_t found = at;
  for (Char c = char_at(s, at); c.is(kSpace); c = char_at(s, at)) {
    at += c.length;
    if (c.newline()) found = at;
  }
  return found;
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t match_gpt2(std::string_view s, size_t at) {
  if (const size_t end = contraction(s, at, false); end != at) return end;
  const size_t word = s[at] == ' ' ? at + 1 : at;
  const Char c = char_at(s, word);
  if (c.is(kLetter)) return run_of_flags(s, word, kLetter);
  if (c.is(kNumber)) return run_of_flags(s, word, kNumber);
  if (c.length != 0 && !c.is(kSpace)) return run_of(s, word, [](const Char& x) { return !x.is(kWordless); });
  return spaces(s, at);
}

size_t up_to_digits(std::string_view s, size_t at, int most) {
  for (int i = 0; i < most; ++i) {
    const Char c = char_at(s, at);
    if (!c.is(kNumber)) break;
    at += c.length;
  }
  return at;
}

// The tail that the newer rules share, after their rules for words (letters: what those took):
//   \p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+       slash: [\r\n/]*
size_t match_tail(std::string_view s, size_t at, uint16_t letters, int digits, bool slash) {
  if (char_at(s, at).is(kNumber)) return up_to_digits(s, at, digits);
  const auto symbol = [letters](const Char& c) { return !c.is(static_cast<uint16_t>(kSpace | kNumber | letters)); };
  const size_t first = s[at] == ' ' ? at + 1 : at;
  const size_t end = run_of(s, first, symbol);
  if (end != first) {
    return run_of(s, end, [slash](const Char& c) { return c.newline() || (slash && c.value == '/'); });
  }
  if (const size_t newline = spaces_to_newline(s, at); newline != at) return newline;
  return spaces(s, at);
}

bool may_lead_word(const Char& c) {  // [^\r\n\p{L}\p{N}]
  return c.length != 0 && !c.newline() && !c.is(kLetter | kNumber);
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[letters]+|tail
template <uint16_t letters, int digits>
size_t match_words(std::string_view s, size_t at) {
  if (const size_t end = contraction(s, at, true); end != at) return end;
  const Char c = char_at(s, at);
  if (may_lead_word(c) && char_at(s, at + c.length).is(letters)) return run_of_flags(s, at + c.length, letters);
  if (c.is(letters)) return run_of_flags(s, at, letters);
  return match_tail(s, at, letters, digits, false);
}

// One word of a rule that tells upper from lower case, U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], L =
// [\p{Ll}\p{Lm}\p{Lo}\p{M}]:
//   U*L+   the run of U, then L; where no lower case follows, back to the last character that is in both
size_t upper_then_lower(std::string_view s, size_t at) {
  constexpr uint16_t kBoth = kOtherLetter | kMark;
  size_t end = at, both_end = at;
  Char c = char_at(s, end);
  for (; c.is(kUpper | kBoth); c = char_at(s, end)) {
    end += c.length;
    if (c.is(kBoth)) both_end = end;
  }
  return c.is(kLower) ? run_of_flags(s, end, kLower | kBoth) : both_end;
}

//   U+L*
size_t upper_maybe_lower(std::string_view s, size_t at) {
  constexpr uint16_t kBoth = kOtherLetter | kMark;
  const size_t end = run_of_flags(s, at, kUpper | kBoth);
  return end == at ? at : run_of_flags(s, end, kLower | kBoth);
}

// [^\r\n\p{L}\p{N}]?U*L+|[^\r\n\p{L}\p{N}]?U+L*
size_t cased_word(std::string_view s, size_t at) {
  const Char c = char_at(s, at);
  const size_t led = may_lead_word(c) ? at + c.length : at;
  for (const auto rule : {upper_then_lower, upper_maybe_lower}) {
    if (led != at) {
      if (const size_t end = rule(s, led); end != led) return end;
    }
    if (const size_t end = rule(s, at); end != at) return end;
  }
  return at;
}

// cased_word|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
size_t match_tekken(std::string_view s, size_t at) {
  const size_t end = cased_word(s, at);
  return end != at ? end : match_tail(s, at, kLetter, 1, true);
}

// cased_word(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
size_t match_gpt4o(std::string_view s, size_t at) {
  const size_t end = cased_word(s, at);
  return end != at ? contraction(s, end, true) : match_tail(s, at, kLetter, 3, true);
}

//  ?[^(\s|[.,!?...])]+ with CJK, Arabic and Indic full stops and commas; "(", "|" and ")" stand in the class as
//  themselves.
size_t match_bloom(std::string_view s, size_t at) {
  const auto word = [](const Char& c) {
    switch (c.value) {
      case '(':
      case '|':
      case ')':
      case '.':
      case ',':
      case '!':
      case '?':
      case 0x2026:
      case 0x3002:
      case 0xFF0C:
      case 0x3001:
      case 0x0964:
      case 0x06D4:
      case 0x060C:
        return false;
      default:
        return !c.is(kSpace);
    }
  };
  const size_t first = s[at] == ' ' ? at + 1 : at;
  const size_t end = run_of(s, first, word);
  return end != first ? end : at;
}

size_t match_each_digit(std::string_view s, size_t at) {
  const Char c = char_at(s, at);
  return c.is(kDigitSplit) ? at + c.length : at;
}

size_t match_punctuation(std::string_view s, size_t at) { return run_of_flags(s, at, kPunctSplit); }

size_t match_three_digits(std::string_view s, size_t at) {
  const auto digit = [&](size_t i) { return i < s.size() && s[i] >= '0' && s[i] <= '9'; };
  return digit(at) && digit(at + 1) && digit(at + 2) ? at + 3 : at;
}

size_t match_up_to_3_digits(std::string_view s, size_t at) { return up_to_digits(s, at, 3); }

}  // namespace

void split_gpt2(std::string_view s, PieceSink& out) { split_by<match_gpt2>(s, out); }
void split_llama3(std::string_view s, PieceSink& out) { split_by<match_words<kLetter, 3>>(s, out); }
void split_qwen2(std::string_view s, PieceSink& out) { split_by<match_words<kLetter, 1>>(s, out); }
void split_qwen35(std::string_view s, PieceSink& out) { split_by<match_words<kLetter | kMark, 1>>(s, out); }
void split_tekken(std::string_view s, PieceSink& out) { split_by<match_tekken>(s, out); }
void split_gpt4o(std::string_view s, PieceSink& out) { split_by<match_gpt4o>(s, out); }
void split_bloom(std::string_view s, PieceSink& out) { split_by<match_bloom>(s, out); }
void split_each_digit(std::string_view s, PieceSink& out) { split_by<match_each_digit>(s, out); }
void split_punctuation(std::string_view s, PieceSink& out) { split_by<match_punctuation>(s, out); }
void split_three_digits(std::string_view s, PieceSink& out) { split_by<match_three_digits>(s, out); }
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

namespace {

class StageSink final : public PieceSink {
 public:
  StageSink(std::span<const Stage> rest, PieceSink& out) : rest_(rest), out_(&out) {}
  void piece(std::string_view text) override { run_stages(rest_, text, *out_); }

 private:
  std::span<const Stage> rest_;
  PieceSink* out_;
};

}  // namespace

void run_stages(std::span<const Stage> stages, std::string_view text, PieceSink& out) {
  if (stages.empty()) return out.piece(text);
  if (stages.size() == 1) return stages[0](text, out);
  StageSink next(stages.subspan(1), out);
  stages[0](text, next);
}

}  // namespace infer::text
