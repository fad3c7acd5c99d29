// The rules of GPT-4o, Tekken and Kimi, whose words are cut where lower case turns to upper.
#include "text/tokenizer/scanners.h"
#include "text/tokenizer/word_parts.h"

namespace infer::text {
namespace {

// One word of a rule that tells upper from lower case, U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], L =
// [\p{Ll}\p{Lm}\p{Lo}\p{M}]:
//   U*L+   the run of U, then L; where no lower case follows, back to the last character that is in both
// apart: characters that are in neither.
constexpr uint16_t kBoth = kOtherLetter | kMark;

template <uint16_t apart>
bool in(const Char& c, uint16_t any) {
  return c.is(any) && !c.is(apart);
}

template <uint16_t apart>
size_t upper_then_lower(std::string_view s, size_t at) {
  size_t end = at, both_end = at;
  Char c = char_at(s, end);
  for (; in<apart>(c, kUpper | kBoth); c = char_at(s, end)) {
    end += c.length;
    if (c.is(kBoth)) both_end = end;
  }
  if (!c.is(kLower)) return both_end;
  return run_of(s, end, [](const Char& x) { return in<apart>(x, kLower | kBoth); });
}

//   U+L*
template <uint16_t apart>
size_t upper_maybe_lower(std::string_view s, size_t at) {
  const size_t end = run_of(s, at, [](const Char& c) { return in<apart>(c, kUpper | kBoth); });
  return end == at ? at : run_of(s, end, [](const Char& c) { return in<apart>(c, kLower | kBoth); });
}

// [^\r\n\p{L}\p{N}]?U*L+|[^\r\n\p{L}\p{N}]?U+L*
template <uint16_t apart>
size_t cased_word(std::string_view s, size_t at) {
  const Char c = char_at(s, at);
  const size_t led = may_lead_word(c) ? at + c.length : at;
  for (const auto rule : {upper_then_lower<apart>, upper_maybe_lower<apart>}) {
    if (led != at) {
      if (const size_t end = rule(s, led); end != led) return end;
    }
    if (const size_t end = rule(s, at); end != at) return end;
  }
  return at;
}

// cased_word|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
size_t match_tekken(std::string_view s, size_t at) {
  const size_t end = cased_word<0>(s, at);
  return end != at ? end : match_tail(s, at, kLetter, 1, After::newlines_slashes);
}

// cased_word(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <int digits>
size_t match_gpt4o(std::string_view s, size_t at) {
  const size_t end = cased_word<0>(s, at);
  return end != at ? contraction(s, end, true) : match_tail(s, at, kLetter, digits, After::newlines_slashes);
}

// \p{Han}+|cased_word without Han(?i:'s|...)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
size_t match_kimi_k2(std::string_view s, size_t at) {
  if (const size_t end = run_of_flags(s, at, kHan); end != at) return end;
  const size_t end = cased_word<kHan>(s, at);
  return end != at ? contraction(s, end, true) : match_tail(s, at, kLetter, 3, After::newlines);
}

}  // namespace

void split_tekken(std::string_view s, PieceSink& out) { split_by<match_tekken>(s, out); }
void split_gpt4o(std::string_view s, PieceSink& out) { split_by<match_gpt4o<3>>(s, out); }
void split_youtu(std::string_view s, PieceSink& out) { split_by<match_gpt4o<1>>(s, out); }
void split_kimi_k2(std::string_view s, PieceSink& out) { split_by<match_kimi_k2>(s, out); }

}  // namespace infer::text
