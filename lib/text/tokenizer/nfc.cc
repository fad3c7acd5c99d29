// Decompose, order marks by class, compose. Hangul is arithmetic (Unicode 3.12), everything else a table.
#include "text/tokenizer/nfc.h"

#include <algorithm>
#include <vector>

#include "base/utf8.h"
#include "text/tokenizer/unicode.h"

namespace infer::text {
namespace {

constexpr char32_t kSBase = 0xAC00, kLBase = 0x1100, kVBase = 0x1161, kTBase = 0x11A7;
constexpr char32_t kLCount = 19, kVCount = 21, kTCount = 28, kSCount = kLCount * kVCount * kTCount;

struct Mark {
  char32_t c;
  uint8_t combining;  // class; 0: a starter
};

uint8_t combining_class(char32_t c) {
  if (!(char_flags(c) & kComposable)) return 0;
  const auto* end = kCombiningClasses + kCombiningClassCount;
  const auto* it =
      std::lower_bound(kCombiningClasses, end, c, [](const CombiningClass& e, char32_t v) { return e.c < v; });
  return it != end && it->c == c ? it->value : 0;
}

void decompose(char32_t c, std::vector<Mark>& out) {
  if (c >= kSBase && c < kSBase + kSCount) {
    const char32_t s = c - kSBase;
    out.push_back({kLBase + s / (kVCount * kTCount), 0});
    out.push_back({kVBase + s % (kVCount * kTCount) / kTCount, 0});
    if (s % kTCount) out.push_back({kTBase + s % kTCount, 0});
    return;
  }
  const auto* end = kDecompositions + kDecompositionCount;
  const auto* it =
      std::lower_bound(kDecompositions, end, c, [](const Decomposition& e, char32_t v) { return e.c < v; });
  if (c < 0x80 || it == end || it->c != c) {
    out.push_back({c, combining_class(c)});
    return;
  }
  for (size_t i = 0; i < it->length; ++i) {
    const char32_t part = kDecomposedTo[it->at + i];
    out.push_back({part, combining_class(part)});
  }
}

// 0: the two do not compose.
char32_t composed(char32_t a, char32_t b) {
  if (a >= kLBase && a < kLBase + kLCount && b >= kVBase && b < kVBase + kVCount) {
    return kSBase + ((a - kLBase) * kVCount + (b - kVBase)) * kTCount;
  }
  if (a >= kSBase && a < kSBase + kSCount && (a - kSBase) % kTCount == 0 && b > kTBase && b < kTBase + kTCount) {
    return a + (b - kTBase);
  }
  if (!(char_flags(b) & kComposable)) return 0;
  const auto* end = kCompositions + kCompositionCount;
  const auto* it = std::lower_bound(kCompositions, end, a, [b](const Composition& e, char32_t v) {
    return e.first != v ? e.first < v : e.second < b;
  });
  return it != end && it->first == a && it->second == b ? it->composed : 0;
}

// Joins, in place, each starter with the marks that follow it unblocked. Returns the new length.
size_t compose(std::vector<Mark>& text) {
  size_t starter = SIZE_MAX, n = 0;
  for (const Mark& m : text) {
    if (starter != SIZE_MAX) {
      // Blocked: something of the same or a higher class (or a starter) stands between.
      const bool adjacent = n == starter + 1;
      const bool open = adjacent || (text[n - 1].combining != 0 && text[n - 1].combining < m.combining);
      if (open) {
        if (const char32_t c = composed(text[starter].c, m.c)) {
          text[starter].c = c;
          continue;
        }
      }
    }
    if (m.combining == 0) starter = n;
    text[n++] = m;
  }
  return n;
}

std::vector<Mark> decomposed(std::string_view s) {
  std::vector<Mark> text;
  text.reserve(s.size());
  for (size_t at = 0; at < s.size();) {
    const Utf8 c = decode_utf8(s, at);
    decompose(c.value, text);
    at += c.length;
  }
  for (auto it = text.begin(); it != text.end();) {
    it = std::find_if(it, text.end(), [](const Mark& m) { return m.combining != 0; });
    const auto end = std::find_if(it, text.end(), [](const Mark& m) { return m.combining == 0; });
    std::stable_sort(it, end, [](const Mark& a, const Mark& b) { return a.combining < b.combining; });
    it = end;
  }
  return text;
}

}  // namespace

bool may_change_under_nfc(std::string_view s) {
  for (size_t at = 0; at < s.size();) {
    if (static_cast<uint8_t>(s[at]) < 0x80) {
      ++at;
      continue;
    }
    const Utf8 c = decode_utf8(s, at);
    if (char_flags(c.value) & kComposable) return true;
    at += c.length;
  }
  return false;
}

std::string nfc(std::string_view s) {
  std::vector<Mark> text = decomposed(s);
  text.resize(compose(text));
  std::string out;
  out.reserve(s.size());
  for (const Mark& m : text) append_utf8(out, m.c);
  return out;
}

std::u32string nfd(std::string_view s) {
  std::u32string out;
  for (const Mark& m : decomposed(s)) out += m.c;
  return out;
}

}  // namespace infer::text
