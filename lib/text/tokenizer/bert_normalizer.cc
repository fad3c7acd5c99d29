#include "text/tokenizer/bert_normalizer.h"

#include <algorithm>
#include <iterator>

#include "base/utf8.h"
#include "text/tokenizer/nfc.h"
#include "text/tokenizer/unicode.h"

namespace infer::text {
namespace {

// CJK ideographs as BertNormalizer has them (one block's beginning is mistyped there; models were trained that way).
constexpr CodeSpan kIdeographs[] = {{0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
                                    {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0x2F800, 0x2FA1F}};

bool is_ideograph(char32_t c) {
  return c >= kIdeographs[0].first &&
         std::ranges::any_of(kIdeographs, [c](const CodeSpan& r) { return c >= r.first && c <= r.last; });
}

void append_lower(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    return;
  }
  if (c == 0x130) {  // the only one that becomes two
    out += "i\xCC\x87";
    return;
  }
  const LowerRun* end = kLowerRuns + kLowerRunCount;
  const LowerRun* run =
      std::lower_bound(kLowerRuns, end, c, [](const LowerRun& r, char32_t value) { return r.last < value; });
  const bool in = run != end && c >= run->first && (c - run->first) % run->step == 0;
  append_utf8(out, in ? static_cast<char32_t>(static_cast<int32_t>(c) + run->difference) : c);
}

std::string cleaned(std::string_view text, const BertRules& rules) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Char c = char_at(text, at);
    const std::string_view bytes = text.substr(at, c.length);
    at += c.length;
    if (rules.clean && c.is(kIgnored)) continue;
    if (rules.clean && c.is(kSpace)) {
      out += ' ';
    } else if (rules.split_cjk && is_ideograph(c.value)) {
      out.append(1, ' ').append(bytes).append(1, ' ');
    } else {
      out += bytes;
    }
  }
  return out;
}

}  // namespace

std::string bert_normalized(std::string_view text, const BertRules& rules) {
  std::string clean = cleaned(text, rules);
  if (!rules.strip_accents && !rules.lowercase) return clean;
  const auto last_step = [&rules](std::string& out, char32_t c) {
    if (rules.strip_accents && (char_flags(c) & kAccent)) return;
    rules.lowercase ? append_lower(out, c) : append_utf8(out, c);
  };
  std::string out;
  out.reserve(clean.size());
  if (rules.strip_accents && std::ranges::any_of(clean, [](char c) { return static_cast<uint8_t>(c) >= 0x80; })) {
    for (const char32_t c : nfd(clean)) last_step(out, c);
  } else {
    for (size_t at = 0; at < clean.size();) {
      const Char c = char_at(clean, at);
      last_step(out, c.value);
      at += c.length;
    }
  }
  return out;
}

void split_bert(std::string_view text, PieceSink& out) {
  size_t word = 0;
  for (size_t at = 0; at < text.size();) {
    const Char c = char_at(text, at);
    const size_t next = at + c.length;
    if (c.is(kSpace | kPunctSplit)) {
      if (word < at) out.piece(text.substr(word, at - word));
      if (!c.is(kSpace)) out.piece(text.substr(at, c.length));
      word = next;
    }
    at = next;
  }
  if (word < text.size()) out.piece(text.substr(word));
}

}  // namespace infer::text
