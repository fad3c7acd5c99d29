// The chains of DeepSeek's tokenizers and of those that follow them: several rules one after another, each leaving gaps
// to the next.
#include <algorithm>
#include <iterator>

#include "text/tokenizer/scanners.h"
#include "text/tokenizer/word_parts.h"

namespace infer::text {
namespace {

// The alphabets with upper and lower case, as deepseek-llm's rule lists them.
constexpr CodeSpan kAlphabets[] = {
    {'A', 'Z'},         {'a', 'z'},         {0xB5, 0xB5},       {0xC0, 0xD6},       {0xD8, 0xF6},
    {0xF8, 0x1BA},      {0x1BC, 0x1BF},     {0x1C4, 0x293},     {0x295, 0x2AF},     {0x370, 0x373},
    {0x376, 0x376},     {0x377, 0x377},     {0x37B, 0x37D},     {0x37F, 0x37F},     {0x386, 0x386},
    {0x388, 0x38A},     {0x38C, 0x38C},     {0x38E, 0x3A1},     {0x3A3, 0x3F5},     {0x3F7, 0x481},
    {0x48A, 0x52F},     {0x531, 0x556},     {0x10A0, 0x10C5},   {0x13A0, 0x13F5},   {0x13F8, 0x13FD},
    {0x1C90, 0x1CBA},   {0x1CBD, 0x1CBF},   {0x1D00, 0x1D2B},   {0x1D6B, 0x1D77},   {0x1D79, 0x1D9A},
    {0x1E00, 0x1F15},   {0x1F18, 0x1F1D},   {0x1F20, 0x1F45},   {0x1F48, 0x1F4D},   {0x1F50, 0x1F57},
    {0x1F59, 0x1F59},   {0x1F5B, 0x1F5B},   {0x1F5D, 0x1F5D},   {0x1F5F, 0x1F7D},   {0x1F80, 0x1FB4},
    {0x1FB6, 0x1FBC},   {0x1FBE, 0x1FBE},   {0x1FC2, 0x1FC4},   {0x1FC6, 0x1FCC},   {0x1FD0, 0x1FD3},
    {0x1FD6, 0x1FDB},   {0x1FE0, 0x1FEC},   {0x1FF2, 0x1FF4},   {0x1FF6, 0x1FFC},   {0x2102, 0x2102},
    {0x2107, 0x2107},   {0x210A, 0x2113},   {0x2115, 0x2115},   {0x2119, 0x211D},   {0x2124, 0x2124},
    {0x2126, 0x2126},   {0x2128, 0x2128},   {0x212A, 0x212D},   {0x212F, 0x2134},   {0x2139, 0x2139},
    {0x213C, 0x213F},   {0x2145, 0x2149},   {0x214E, 0x214E},   {0x2183, 0x2183},   {0x2184, 0x2184},
    {0x2C00, 0x2C7B},   {0x2C7E, 0x2CE4},   {0x2CEB, 0x2CEE},   {0x2CF2, 0x2CF2},   {0x2CF3, 0x2CF3},
    {0xA640, 0xA66D},   {0xA680, 0xA69B},   {0xA722, 0xA76F},   {0xA771, 0xA787},   {0xA78B, 0xA78E},
    {0xAB70, 0xABBF},   {0xFB00, 0xFB06},   {0xFB13, 0xFB17},   {0xFF21, 0xFF3A},   {0xFF41, 0xFF5A},
    {0x10400, 0x1044F}, {0x104B0, 0x104D3}, {0x104D8, 0x104FB}, {0x10C80, 0x10CB2}, {0x10CC0, 0x10CF2},
    {0x118A0, 0x118DF}, {0x1E900, 0x1E943},
};

bool in_alphabets(const Char& c) {
  const auto* it = std::lower_bound(std::begin(kAlphabets), std::end(kAlphabets), c.value,
                                    [](const CodeSpan& r, char32_t v) { return r.last < v; });
  return it != std::end(kAlphabets) && it->first <= c.value;
}

bool between(const Char& c, char32_t first, char32_t last) { return c.value >= first && c.value <= last; }

// \s?[in]+
template <class In>
size_t after_space(std::string_view s, size_t at, In in) {
  const Char c = char_at(s, at);
  const size_t first = c.is(kSpace) ? at + c.length : at;
  const size_t end = run_of(s, first, in);
  return end != first ? end : at;
}

size_t match_newline(std::string_view s, size_t at) { return char_at(s, at).newline() ? at + 1 : at; }

size_t match_space_letters(std::string_view s, size_t at) {
  return after_space(s, at, [](const Char& c) { return c.is(kLetter); });
}

size_t match_space_punct(std::string_view s, size_t at) {
  return after_space(s, at, [](const Char& c) { return c.is(kPunct); });
}

size_t match_space_alphabets(std::string_view s, size_t at) { return after_space(s, at, in_alphabets); }

// \s?[!-/:-~ and their full-width forms, U+2018-201F, U+3000-3002]+
size_t match_space_marks(std::string_view s, size_t at) {
  const auto in = [](const Char& c) {
    return between(c, '!', '/') || between(c, ':', '~') || between(c, 0xFF01, 0xFF0F) || between(c, 0xFF1A, 0xFF5E) ||
           between(c, 0x2018, 0x201F) || between(c, 0x3000, 0x3002);
  };
  const Char c = char_at(s, at);
  // U+3000 is a space and in the class: alone, it is not taken for the space before the run.
  if (const size_t end = after_space(s, at, in); end != at || !in(c)) return end;
  return at + c.length;
}

size_t match_cjk(std::string_view s, size_t at) {
  return run_of(s, at, [](const Char& c) { return between(c, 0x0800, 0x9FA5) || between(c, 0xAC00, 0xD7FF); });
}

size_t match_han_kana(std::string_view s, size_t at) {
  return run_of(s, at, [](const Char& c) { return between(c, 0x4E00, 0x9FA5) || between(c, 0x3040, 0x30FF); });
}

// [U+AC00-D7A3 U+3131-318E]+|[! ... " " ' ' -- : ; , U+3001-303F U+FE30-FE4F]+|[U+3105-312F]+|[Han, kana as above]+
size_t match_youtu_scripts(std::string_view s, size_t at) {
  const auto korean = [](const Char& c) { return between(c, 0xAC00, 0xD7A3) || between(c, 0x3131, 0x318E); };
  const auto marks = [](const Char& c) {
    return c.value == 0xFF01 || c.value == 0x2026 || c.value == 0x2014 || c.value == 0xFF0C ||
           between(c, 0x201C, 0x201D) || between(c, 0x2018, 0x2019) || between(c, 0xFF1A, 0xFF1B) ||
           between(c, 0x3001, 0x303F) || between(c, 0xFE30, 0xFE4F);
  };
  const auto bopomofo = [](const Char& c) { return between(c, 0x3105, 0x312F); };
  if (const size_t end = run_of(s, at, korean); end != at) return end;
  if (const size_t end = run_of(s, at, marks); end != at) return end;
  if (const size_t end = run_of(s, at, bopomofo); end != at) return end;
  return match_han_kana(s, at);
}

bool ascii_letter(const Char& c) { return between(c, 'A', 'Z') || between(c, 'a', 'z'); }

// [ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
// each_line: ... | ?[\p{P}\p{S}]+|[\r\n]|\s+(?!\S)|\s+
template <bool each_line>
size_t match_deepseek3(std::string_view s, size_t at) {
  constexpr uint16_t kWord = kLetter | kMark, kSigns = kPunct | kSymbol;
  const Char c = char_at(s, at);
  if (c.value < 0x80 && c.is(kSigns) && ascii_letter(char_at(s, at + 1))) return run_of(s, at + 1, ascii_letter);
  const bool leads = !c.newline() && !c.is(kLetter | kSigns);
  if (leads && char_at(s, at + c.length).is(kWord)) return run_of_flags(s, at + c.length, kWord);
  if (c.is(kWord)) return run_of_flags(s, at, kWord);
  const size_t first = c.value == ' ' ? at + 1 : at;
  if (const size_t end = run_of_flags(s, first, kSigns); end != first) {
    return each_line ? end : run_of(s, end, [](const Char& x) { return x.newline(); });
  }
  if (!c.is(kSpace)) return at;
  if (each_line && c.newline()) return at + 1;
  const size_t newline = each_line ? at : spaces_to_newline(s, at);
  return newline != at ? newline : spaces(s, at);
}

}  // namespace

void split_newlines(std::string_view s, PieceSink& out) { split_by<match_newline>(s, out); }
void split_space_letters(std::string_view s, PieceSink& out) { split_by<match_space_letters>(s, out); }
void split_space_punct(std::string_view s, PieceSink& out) { split_by<match_space_punct>(s, out); }
void split_space_alphabets(std::string_view s, PieceSink& out) { split_by<match_space_alphabets>(s, out); }
void split_space_marks(std::string_view s, PieceSink& out) { split_by<match_space_marks>(s, out); }
void split_cjk(std::string_view s, PieceSink& out) { split_by<match_cjk>(s, out); }
void split_han_kana(std::string_view s, PieceSink& out) { split_by<match_han_kana>(s, out); }
void split_deepseek3(std::string_view s, PieceSink& out) { split_by<match_deepseek3<false>>(s, out); }
void split_spark(std::string_view s, PieceSink& out) { split_by<match_deepseek3<true>>(s, out); }
void split_youtu_scripts(std::string_view s, PieceSink& out) { split_by<match_youtu_scripts>(s, out); }

// Here "$" is the end of the piece: newlines were cut out before. Trying the rule at each space would be quadratic.
void split_last_space(std::string_view s, PieceSink& out) {
  size_t tail = 0;
  for (size_t at = 0; at < s.size();) {
    const Char c = char_at(s, at);
    at += c.length;
    if (!c.is(kSpace)) tail = at;
  }
  if (tail > 0) out.piece(s.substr(0, tail));
  if (tail < s.size()) out.piece(s.substr(tail));
}

}  // namespace infer::text
