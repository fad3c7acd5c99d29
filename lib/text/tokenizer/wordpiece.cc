#include "text/tokenizer/wordpiece.h"

#include <algorithm>

namespace infer::text {

Result<WordPiece> WordPiece::create(std::span<const Piece> pieces, const Options& options) {
  WordPiece out;
  out.options_ = options;
  std::vector<PieceTrie::Entry> first, next;
  for (const Piece& p : pieces) {
    // What has more characters than a word may have is never found.
    if (options.max_characters != 0 && p.text.size() / 4 > options.max_characters) continue;
    (p.continues ? next : first).push_back({p.text, p.id});
  }
  TRY_SET(out.first_, PieceTrie::create(first));
  TRY_SET(out.next_, PieceTrie::create(next));
  return out;
}

void WordPiece::append(std::string_view word, std::vector<int32_t>& out) const {
  const auto begins_character = [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; };
  const size_t start = out.size();
  bool known = options_.max_characters == 0 || word.size() <= options_.max_characters ||
               static_cast<size_t>(std::ranges::count_if(word, begins_character)) <= options_.max_characters;
  for (size_t at = 0; known && at < word.size();) {
    const PieceTrie::Match piece = (at == 0 ? first_ : next_).longest(word.substr(at));
    known = piece.id >= 0;
    if (known) out.push_back(piece.id);
    at += piece.length;
  }
  if (known) return;
  out.resize(start);
  if (options_.unknown >= 0) out.push_back(options_.unknown);
}

}  // namespace infer::text
