// What the pre-tokenizers' scanners are made of: one character at a place, a run of characters of a kind, and stages.
//
// A stage cuts a text into pieces that together are the text. It works as tokenizers' Split(regex, "isolated") does:
// every match is a piece, and so is what lies between two matches. Stages follow one another; a later one sees each
// piece as if it were a whole text (so "end of text" in its rule is the end of the piece).
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "base/utf8.h"
#include "text/tokenizer/unicode.h"

namespace infer::text {

struct Char {
  char32_t value;
  uint32_t length;  // bytes; 0: there is none, the text ends here
  uint16_t flags;   // CharFlag; 0 at the end

  bool is(uint16_t any) const { return (flags & any) != 0; }
  bool newline() const { return value == '\n' || value == '\r'; }  // false at the end
};

// The character at `at`, which is not ASCII.
Char wide_char_at(std::string_view s, size_t at);

// s is valid UTF-8, or pieces that begin or end inside a character: broken bytes there count as U+FFFD, a symbol.
inline Char char_at(std::string_view s, size_t at) {
  if (at >= s.size()) return {0, 0, 0};
  const uint8_t lead = static_cast<uint8_t>(s[at]);
  if (lead < 0x80) return {lead, 1, kAsciiFlags[lead]};
  return wide_char_at(s, at);
}

// The end of the longest run from `at` of characters that `in` accepts.
template <class In>
size_t run_of(std::string_view s, size_t at, In in) {
  for (Char c = char_at(s, at); c.length != 0 && in(c); c = char_at(s, at)) at += c.length;
  return at;
}

// ... of characters that have one of the flags.
size_t run_of_flags(std::string_view s, size_t at, uint16_t any);

class PieceSink {
 public:
  virtual void piece(std::string_view text) = 0;

 protected:
  ~PieceSink() = default;
};

using Stage = void (*)(std::string_view text, PieceSink& out);

// match(s, at): the end of the match that begins at `at`, or `at` when none does. Together they must be linear in the
// text.
template <size_t (*match)(std::string_view, size_t)>
void split_by(std::string_view s, PieceSink& out) {
  size_t gap = 0;
  for (size_t at = 0; at < s.size();) {
    const size_t end = match(s, at);
    if (end == at) {
      at += char_at(s, at).length;
      continue;
    }
    if (gap < at) out.piece(s.substr(gap, at - gap));
    out.piece(s.substr(at, end - at));
    gap = at = end;
  }
  if (gap < s.size()) out.piece(s.substr(gap));
}

// Sends `text` through the stages one after another.
void run_stages(std::span<const Stage> stages, std::string_view text, PieceSink& out);

}  // namespace infer::text
