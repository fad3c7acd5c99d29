#include "text/template/letters.h"

#include <algorithm>
#include <span>

#include "text/template/letters_tables.h"

namespace infer::text::jinja {

char32_t decode(std::string_view s, size_t i, size_t& size) {
  const auto byte = [&](size_t k) { return static_cast<unsigned char>(s[k]); };
  const unsigned char lead = byte(i);
  size = 1;
  if (lead < 0x80) return lead;
  const size_t n = lead >= 0xf0 && lead < 0xf5   ? 4
                   : lead >= 0xe0 && lead < 0xf0 ? 3
                   : lead >= 0xc2 && lead < 0xe0 ? 2
                                                 : 0;
  if (n == 0 || s.size() - i < n) return kStray + lead;
  char32_t c = lead & (0xff >> (n + 1));
  for (size_t k = 1; k < n; k++) {
    if ((byte(i + k) & 0xc0) != 0x80) return kStray + lead;
    c = (c << 6) | (byte(i + k) & 0x3f);
  }
  const bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
  if (overlong || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return kStray + lead;
  size = n;
  return c;
}

void encode(char32_t c, std::string& out) {
  const auto put = [&](char32_t b) { out += static_cast<char>(static_cast<unsigned char>(b)); };
  if (c < 0x80) {
    put(c);
  } else if (c >= kStray && c < kStray + 256) {
    put(c - kStray);
  } else if (c < 0x800) {
    put(0xc0 | (c >> 6)), put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | (c >> 12)), put(0x80 | ((c >> 6) & 0x3f)), put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | (c >> 18)), put(0x80 | ((c >> 12) & 0x3f)), put(0x80 | ((c >> 6) & 0x3f)), put(0x80 | (c & 0x3f));
  }
}

size_t count_characters(std::string_view s) {
  size_t n = 0, size;
  for (size_t i = 0; i < s.size(); i += size, n++) decode(s, i, size);
  return n;
}

size_t offset_of(std::string_view s, size_t n) {
  size_t i = 0, size;
  for (; n > 0 && i < s.size(); n--, i += size) decode(s, i, size);
  return i;
}

size_t previous(std::string_view s, size_t end) {
  for (size_t n = 2; n <= 4 && n <= end; n++) {
    size_t size;
    decode(s, end - n, size);
    if (size == n) return end - n;
  }
  return end - 1;
}

namespace {

bool within(const Span* table, size_t n, char32_t c) {
  const Span* row = std::partition_point(table, table + n, [c](const Span& s) { return s.last < c; });
  return row != table + n && c >= row->first && (c - row->first) % row->stride == 0;
}

void map(const Shift* table, size_t n, const Special* special, size_t n_special, char32_t c, std::string& out) {
  const Special* s = std::partition_point(special, special + n_special, [c](const Special& r) { return r.code < c; });
  if (s != special + n_special && s->code == c) {
    for (char32_t m : s->mapped) {
      if (m) encode(m, out);
    }
    return;
  }
  const Shift* row = std::partition_point(table, table + n, [c](const Shift& r) { return r.last < c; });
  const bool found = row != table + n && c >= row->first && (c - row->first) % row->stride == 0;
  encode(found ? static_cast<char32_t>(static_cast<int64_t>(c) + row->delta) : c, out);
}

}  // namespace

bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}
bool is_printable(char32_t c) {
  if (c < 0x7f) return c >= 32;
  return !(c >= 0xd800 && c < 0xe000) && !within(kHidden, kHiddenSize, c);
}
bool is_upper(char32_t c) { return c < 128 ? c >= 'A' && c <= 'Z' : within(kUpper, kUpperSize, c); }
bool is_lower(char32_t c) { return c < 128 ? c >= 'a' && c <= 'z' : within(kLower, kLowerSize, c); }
bool is_alpha(char32_t c) { return c < 128 ? is_upper(c) || is_lower(c) : within(kAlpha, kAlphaSize, c); }
bool is_cased(char32_t c) { return is_upper(c) || is_lower(c) || (c >= 128 && within(kTitle, kTitleSize, c)); }
bool is_decimal(char32_t c) { return c < 128 ? c >= '0' && c <= '9' : within(kDecimal, kDecimalSize, c); }
bool is_digit(char32_t c) { return is_decimal(c) || within(kDigit, kDigitSize, c); }
bool is_numeric(char32_t c) { return is_digit(c) || within(kNumeric, kNumericSize, c); }
bool is_word(char32_t c) { return c == '_' || is_alpha(c) || is_numeric(c); }
bool is_passed_over(char32_t c) {
  return c == '\'' || c == '.' || c == ':' || c == '^' || c == '`' || c == 0xa8 || c == 0xad || c == 0xaf ||
         c == 0xb4 || c == 0xb7 || c == 0xb8 || (c >= 0x300 && c <= 0x36f) || c == 0x2018 || c == 0x2019 ||
         c == 0x2024 || c == 0x2027 || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x2064);
}

void to_upper(char32_t c, std::string& out) {
  if (c < 128) {
    out += static_cast<char>(is_lower(c) ? c - 32 : c);
  } else {
    map(kToUpper, kToUpperSize, kToUpperSpecial, kToUpperSpecialSize, c, out);
  }
}
void to_lower(char32_t c, std::string& out) {
  if (c < 128) {
    out += static_cast<char>(is_upper(c) ? c + 32 : c);
  } else {
    map(kToLower, kToLowerSize, kToLowerSpecial, kToLowerSpecialSize, c, out);
  }
}
void to_title(char32_t c, std::string& out) {
  const Special* end = kToTitleSpecial + kToTitleSpecialSize;
  const Special* s = std::partition_point(kToTitleSpecial, end, [c](const Special& r) { return r.code < c; });
  if (s == end || s->code != c) return to_upper(c, out);
  for (char32_t m : s->mapped) {
    if (m) encode(m, out);
  }
}

template <class Strippable>
static Extent strip_while(std::string_view s, bool left, bool right, Strippable strippable) {
  size_t begin = 0, end = s.size(), size;
  while (left && begin < end && strippable(decode(s, begin, size))) begin += size;
  while (right && end > begin) {
    const size_t p = previous(s, end);
    if (p < begin || !strippable(decode(s, p, size))) break;
    end = p;
  }
  return {begin, end};
}

Extent strip(std::string_view s, bool left, bool right) { return strip_while(s, left, right, is_space); }

Extent strip(std::string_view s, std::string_view set, bool left, bool right) {
  return strip_while(s, left, right, [&](char32_t c) {
    size_t size;
    for (size_t i = 0; i < set.size(); i += size) {
      if (decode(set, i, size) == c) return true;
    }
    return false;
  });
}

}  // namespace infer::text::jinja
