#include "text/tokenizer/borders.h"

#include <string>

#include "base/utf8.h"
#include "text/tokenizer/alphabet.h"

namespace infer::text {
namespace {

// The bytes that a token's text stands for; what stands for none is left out.
void bytes_of(std::string_view token, std::string& out) {
  out.clear();
  for (size_t at = 0; at < token.size();) {
    if (const int byte = kAlphabet.next_byte(token, at); byte >= 0)
      out += static_cast<char>(static_cast<uint8_t>(byte));
  }
}

bool ascii(char c) { return static_cast<uint8_t>(c) < 0x80; }

}  // namespace

void Borders::learn(std::span<const std::string_view> merges) {
  std::string left, right;
  for (const std::string_view merge : merges) {
    const size_t space = merge.find(' ');
    if (space == std::string_view::npos || space == 0 || space + 1 == merge.size()) continue;
    // Of two halves that meet in ASCII and are otherwise complete nothing is to be learned; most are so.
    if (ascii(merge[space - 1]) && ascii(merge[space + 1])) continue;
    bytes_of(merge.substr(0, space), left);
    bytes_of(merge.substr(space + 1), right);
    if (left.empty() || right.empty()) continue;
    const uint8_t last = static_cast<uint8_t>(left.back()), first = static_cast<uint8_t>(right.front());
    const bool inside_character = first >= 0x80 && first < 0xC0;
    if (inside_character || (valid_utf8(left) && valid_utf8(right))) continue;
    if (first < 0x80) {
      mark(last, first, 0);
    } else if (right.size() > 1) {
      mark(last, first, static_cast<uint8_t>(right[1]));
    } else {
      for (int second = 0x80; second < 0xC0; ++second) mark(last, first, static_cast<uint8_t>(second));
    }
  }
}

}  // namespace infer::text
