#include "text/constraint/token_trie.h"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace infer::text {

TokenTrie::TokenTrie(std::span<const std::string> tokens, std::vector<int32_t> ends)
    : n_vocab_(tokens.size()), ends_(std::move(ends)) {
  constexpr size_t kLongest = 1024;  // no real vocabulary has one; what is longer is never chosen
  std::vector<int32_t> order;
  for (size_t i = 0; i < tokens.size(); ++i)
    if (!tokens[i].empty() && tokens[i].size() <= kLongest) order.push_back(static_cast<int32_t>(i));
  const auto text = [&](int32_t id) -> const std::string& { return tokens[static_cast<size_t>(id)]; };
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const int less = text(a).compare(text(b));  // bytes as unsigned
    return less != 0 ? less < 0 : a < b;
  });
  std::vector<uint32_t> path;  // nodes of the text before
  std::string_view before;
  const auto leave = [&](size_t depth) {
    while (path.size() > depth) nodes_[path.back()].beyond = static_cast<uint32_t>(nodes_.size()), path.pop_back();
  };
  for (const int32_t id : order) {
    const std::string& t = text(id);
    size_t same = 0;
    while (same < t.size() && same < before.size() && t[same] == before[same]) same++;
    leave(same);
    for (size_t at = same; at < t.size(); ++at) {
      path.push_back(static_cast<uint32_t>(nodes_.size()));
      nodes_.push_back(
          {0, static_cast<uint32_t>(tokens_.size()), 0, static_cast<uint16_t>(at + 1), static_cast<uint8_t>(t[at])});
    }
    // Tokens of one text follow each other, so do the places of what ends at a node.
    nodes_[path.back()].n_tokens++;
    tokens_.push_back(id);
    before = t;
    longest_ = std::max(longest_, static_cast<uint32_t>(t.size()));
  }
  leave(0);
}

bool TokenTrie::continues(std::string_view text) const {
  uint32_t begin = 0, end = static_cast<uint32_t>(nodes_.size());  // of what stands below
  for (const char c : text) {
    uint32_t at = begin;
    while (at < end && nodes_[at].byte != static_cast<uint8_t>(c)) at = nodes_[at].beyond;
    if (at >= end) return false;
    begin = at + 1, end = nodes_[at].beyond;
  }
  return begin < end;
}

}  // namespace infer::text
