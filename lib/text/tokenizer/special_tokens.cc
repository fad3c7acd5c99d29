#include "text/tokenizer/special_tokens.h"

namespace infer::text {

Result<SpecialTokens> SpecialTokens::create(std::span<const Entry> entries) {
  size_t bytes = 0;
  for (const Entry& e : entries) {
    if (e.text.size() > kLongest) {
      return Status::unsupported(
          str("special token ", e.id, " has ", e.text.size(), " bytes; at most ", kLongest, " are supported"));
    }
    bytes += e.text.size();
  }
  SpecialTokens out;
  out.nodes_.resize(1);
  out.edges_ = PairIndex(bytes);
  for (const Entry& e : entries) {
    if (e.text.empty()) continue;
    out.starts_[static_cast<uint8_t>(e.text[0])] = true;
    int32_t node = 0;
    for (const char byte : e.text) {
      int32_t next = out.edges_.find(node, static_cast<uint8_t>(byte)).id;
      if (next < 0) {
        next = static_cast<int32_t>(out.nodes_.size());
        out.nodes_.emplace_back();
        if (!out.edges_.insert(node, static_cast<uint8_t>(byte), {0, next})) {
          return Status::corrupt("the texts of the special tokens collide; they look made for that");
        }
      }
      node = next;
    }
    out.nodes_[static_cast<size_t>(node)] = {e.id, e.control};
  }
  return out;
}

Stretch SpecialTokens::longest_at(std::string_view text, size_t at, size_t trusted_end) const {
  Stretch best{at, at, -1};
  int32_t node = 0;
  for (size_t i = at; i < text.size(); ++i) {
    node = edges_.find(node, static_cast<uint8_t>(text[i])).id;
    if (node < 0) break;
    const Node& n = nodes_[static_cast<size_t>(node)];
    if (n.id >= 0 && (!n.control || i < trusted_end)) best = {at, i + 1, n.id};
  }
  return best;
}

std::vector<Stretch> SpecialTokens::cut(std::string_view text, std::span<const Range> trusted) const {
  std::vector<Stretch> out;
  size_t plain = 0, range = 0;
  for (size_t at = 0; at < text.size();) {
    if (!starts_[static_cast<uint8_t>(text[at])]) {
      ++at;
      continue;
    }
    while (range < trusted.size() && trusted[range].end <= at) ++range;
    const bool inside = range < trusted.size() && trusted[range].begin <= at;
    const Stretch found = longest_at(text, at, inside ? trusted[range].end : 0);
    if (found.id < 0) {
      ++at;
      continue;
    }
    if (plain < at) out.push_back({plain, at, -1});
    out.push_back(found);
    plain = at = found.end;
  }
  if (plain < text.size()) out.push_back({plain, text.size(), -1});
  return out;
}

}  // namespace infer::text
