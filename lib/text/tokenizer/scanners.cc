#include "text/tokenizer/scanners.h"

#include "text/tokenizer/word_parts.h"

namespace infer::text {
namespace {

constexpr uint16_t kWordless = kSpace | kLetter | kNumber;

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

// A rule like Llama 3's: (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[letters]+|tail
struct Words {
  uint16_t letters = kLetter;
  int digits = 3;
  After after = After::newlines;
  bool contractions = true;
};
constexpr Words kLlama3, kQwen2{.digits = 1}, kQwen35{.letters = kLetter | kMark, .digits = 1},
    kSeedCoder{.digits = 1, .after = After::nothing}, kUfakzeka{.digits = 1, .contractions = false};

template <const Words& rule>
size_t match_words(std::string_view s, size_t at) {
  if (rule.contractions) {
    if (const size_t end = contraction(s, at, true); end != at) return end;
  }
  const Char c = char_at(s, at);
  if (may_lead_word(c) && char_at(s, at + c.length).is(rule.letters)) {
    return run_of_flags(s, at + c.length, rule.letters);
  }
  if (c.is(rule.letters)) return run_of_flags(s, at, rule.letters);
  return match_tail(s, at, rule.letters, rule.digits, rule.after);
}

// (?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+ : letters with their marks, and single spaces between letters. at: a letter.
size_t spaced_letters(std::string_view s, size_t at) {
  for (Char c = char_at(s, at); c.is(kLetter); c = char_at(s, at)) {
    at = run_of_flags(s, at + c.length, kMark);
    if (at < s.size() && s[at] == ' ' && char_at(s, at + 1).is(kLetter)) ++at;
  }
  return at;
}

// (?i:'s|...)|[^\r\n\p{L}\p{N}]?spaced_letters|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+
size_t match_exaone_moe(std::string_view s, size_t at) {
  if (const size_t end = contraction(s, at, true); end != at) return end;
  const Char c = char_at(s, at);
  if (may_lead_word(c) && char_at(s, at + c.length).is(kLetter)) return spaced_letters(s, at + c.length);
  if (c.is(kLetter)) return spaced_letters(s, at);
  return match_tail(s, at, kLetter, 1, After::newline_or_slash);
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

}  // namespace

void split_gpt2(std::string_view s, PieceSink& out) { split_by<match_gpt2>(s, out); }
void split_llama3(std::string_view s, PieceSink& out) { split_by<match_words<kLlama3>>(s, out); }
void split_qwen2(std::string_view s, PieceSink& out) { split_by<match_words<kQwen2>>(s, out); }
void split_qwen35(std::string_view s, PieceSink& out) { split_by<match_words<kQwen35>>(s, out); }
void split_seed_coder(std::string_view s, PieceSink& out) { split_by<match_words<kSeedCoder>>(s, out); }
void split_ufakzeka(std::string_view s, PieceSink& out) { split_by<match_words<kUfakzeka>>(s, out); }
void split_exaone_moe(std::string_view s, PieceSink& out) { split_by<match_exaone_moe>(s, out); }
void split_bloom(std::string_view s, PieceSink& out) { split_by<match_bloom>(s, out); }

}  // namespace infer::text
