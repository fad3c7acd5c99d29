#include "text/tokenizer/unigram.h"

#include <algorithm>
#include <limits>

#include "base/utf8.h"

namespace infer::text {

Result<Unigram> Unigram::create(std::span<const Piece> pieces, const Unknown& unknown) {
  constexpr double kPenalty = 10;
  Unigram out;
  out.unknown_ = unknown;
  std::vector<PieceTrie::Entry> entries;
  entries.reserve(pieces.size());
  double worst = pieces.empty() ? 0 : std::numeric_limits<double>::infinity();
  for (const Piece& p : pieces) {
    entries.push_back({p.text, static_cast<int32_t>(out.ids_.size())});
    out.scores_.push_back(p.score);
    out.ids_.push_back(p.id);
    worst = std::min(worst, p.score);
  }
  out.unknown_score_ = worst - kPenalty;
  TRY_SET(out.trie_, PieceTrie::create(entries));
  return out;
}

void Unigram::append(std::string_view text, std::vector<int32_t>& out) const {
  // best[i]: place begin + i. A place that no piece runs across is one that every way passes: what lies before it is
  // settled there, so the table is as long as the longest stretch without such a place. The sum goes on, as theirs
  // does: where two ways are worth the same, its rounding decides.
  std::vector<Best> best(1);
  std::vector<std::pair<size_t, Best>> way;  // (end, last piece), backwards
  size_t begin = 0;
  bool unknown_before = false;
  const auto reach = [&](size_t end, const Best& by) {
    if (best.size() <= end - begin) best.resize(end - begin + 1);
    Best& b = best[end - begin];
    if (b.length == 0 || by.score > b.score) b = by;
  };
  for (size_t at = 0; at < text.size();) {
    const uint32_t character = decode_utf8(text, at).length;
    const double so_far = best[at - begin].score;
    bool single = false;
    trie_.each_prefix(text.substr(at), [&](size_t length, int32_t place) {
      single = single || length == character;
      reach(at + length, {so_far + scores_[static_cast<size_t>(place)], static_cast<uint32_t>(length), place});
    });
    if (!single) reach(at + character, {so_far + unknown_score_, character, -1});
    at += character;
    if (begin + best.size() - 1 > at) continue;

    way.clear();
    for (size_t end = at; end > begin; end -= way.back().second.length) {
      way.push_back({end, best[end - begin]});
    }
    for (auto step = way.rbegin(); step != way.rend(); ++step) {
      const auto& [end, piece] = *step;
      if (piece.place >= 0) {
        out.push_back(ids_[static_cast<size_t>(piece.place)]);
        unknown_before = false;
      } else {
        unknown_before = append_unknown(text.substr(end - piece.length, piece.length), unknown_before, out);
      }
    }
    const double settled = best[at - begin].score;
    begin = at;
    best.assign(1, {settled, 0, -1});
  }
}

bool Unigram::append_unknown(std::string_view character, bool follows_unknown, std::vector<int32_t>& out) const {
  const auto token_of = [this](char c) { return unknown_.bytes[static_cast<uint8_t>(c)]; };
  if (std::ranges::all_of(character, [&](char c) { return token_of(c) >= 0; })) {
    for (const char c : character) out.push_back(token_of(c));
    return false;
  }
  if (unknown_.id >= 0 && !(unknown_.fuse && follows_unknown)) out.push_back(unknown_.id);
  return true;
}

}  // namespace infer::text
