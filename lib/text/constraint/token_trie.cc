#include "text/constraint/token_trie.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>

#include "text/constraint/byte_classes.h"
#include "text/constraint/control_code.h"

namespace infer::text {

TokenTrie::TokenTrie(std::span<const std::string> tokens, std::vector<int32_t> ends, std::span<const Control> controls)
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
      nodes_.push_back({0, static_cast<uint32_t>(tokens_.size()), 0, static_cast<uint16_t>(at + 1),
                        static_cast<uint8_t>(t[at]), 0, 0});
    }
    // Tokens of one text follow each other, so do the places of what ends at a node.
    nodes_[path.back()].n_tokens++;
    tokens_.push_back(id);
    before = t;
    longest_ = std::max(longest_, static_cast<uint32_t>(t.size()));
  }
  leave(0);
  beginning_.fill(kNoNode);
  for (uint32_t i = 0; i < nodes_.size(); i = nodes_[i].beyond) beginning_[nodes_[i].byte] = i;
  for (size_t i = nodes_.size(); i-- > 0;) look_below(nodes_[i], static_cast<uint32_t>(i), 0, 0, 0);
  find_plain();
  for (const Control& c : controls) {
    if (c.text.empty() || c.text.size() > kLongest) continue;
    controls_.insert_or_assign(c.text, c.token);
    control_sizes_.push_back(c.text.size());
    begins_control_[static_cast<uint8_t>(c.text[0])] = true;
  }
  std::sort(control_sizes_.begin(), control_sizes_.end(), std::greater<>());
  control_sizes_.erase(std::unique(control_sizes_.begin(), control_sizes_.end()), control_sizes_.end());
}

// Adds what stands below node `at` to the facts of `n`. more: bytes of a character that has begun, the next of the
// classes first .. last. All nodes behind n know theirs.
void TokenTrie::look_below(Node& n, uint32_t at, uint8_t more, uint8_t first, uint8_t last) const {
  for (uint32_t i = at + 1; i < nodes_[at].beyond; i = nodes_[i].beyond) {
    const Node& below = nodes_[i];
    const uint8_t c = ByteClasses::kOf[below.byte];
    const ByteClasses::Follow follow = ByteClasses::follow(c);
    if (more == 0 ? c >= ByteClasses::kAscii && follow.n == 0 : c < first || c > last) {
      n.classes |= ByteClasses::kBroken;
      n.characters = kMany;
      continue;
    }
    const bool whole = more == 0 ? follow.n == 0 : more == 1;
    const auto set = c < ByteClasses::kAscii ? static_cast<uint16_t>(1 << c) : ByteClasses::kText;
    n.classes = static_cast<uint16_t>(n.classes | set | (whole ? below.classes : 0));
    const int characters = whole ? below.characters + 1 : 1;
    n.characters = static_cast<uint8_t>(std::clamp<int>(characters, n.characters, kMany));
    if (whole) continue;
    if (more == 0) {
      look_below(n, i, follow.n, follow.first, follow.last);
    } else {
      look_below(n, i, static_cast<uint8_t>(more - 1), ByteClasses::kLow, ByteClasses::kHigh);
    }
  }
}

void TokenTrie::find_plain() {
  struct Place {          // behind a node
    uint8_t characters;   // that have begun
    uint8_t first, last;  // classes of the byte that is missing; 0: none is
    uint8_t more;         // bytes that are missing
    bool plain;
  };
  std::vector<Place> path(longest_ + size_t{1});
  path[0] = {0, 0, 0, 0, true};
  plain_.resize((kMostPlain + size_t{1}) * words());
  std::vector<bool> leads_to_others(nodes_.size());
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const Node& n = nodes_[i];
    Place p = path[n.depth - 1u];
    const uint8_t c = ByteClasses::kOf[n.byte];
    if (p.more > 0) {
      p.plain = p.plain && c >= p.first && c <= p.last;
      p.more--, p.first = ByteClasses::kLow, p.last = ByteClasses::kHigh;
    } else {
      const auto [more, first, last] = ByteClasses::follow(c);
      p.plain = p.plain && p.characters < kMostPlain && ByteClasses::plain(n.byte);
      p = {static_cast<uint8_t>(p.characters + (p.plain ? 1 : 0)), first, last, more, p.plain};
    }
    path[n.depth] = p;
    leads_to_others[i] = n.n_tokens > 0 && (!p.plain || p.more > 0);
    if (leads_to_others[i]) continue;
    for (const int32_t t : this->tokens(n))
      plain_[p.characters * words() + static_cast<size_t>(t) / 32] |= uint32_t{1} << t % 32;
  }
  for (size_t at = words(); at < plain_.size(); ++at) plain_[at] |= plain_[at - words()];
  // A node leads to what those below it lead to.
  for (size_t i = nodes_.size(); i-- > 0;)
    for (uint32_t below = static_cast<uint32_t>(i) + 1; below < nodes_[i].beyond && !leads_to_others[i];
         below = nodes_[below].beyond)
      leads_to_others[i] = leads_to_others[below];
  std::vector<uint32_t> before(nodes_.size() + 1);  // how many others there are
  for (size_t i = 0; i < nodes_.size(); ++i) before[i + 1] = before[i] + (leads_to_others[i] ? 1 : 0);
  for (size_t i = 0; i < nodes_.size(); ++i)
    if (leads_to_others[i]) others_.push_back({nodes_[i], static_cast<uint32_t>(i), before[nodes_[i].beyond]});
}

std::string TokenTrie::coded(std::string_view text) const {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    auto found = controls_.end();
    if (begins_control_[static_cast<uint8_t>(text[at])])
      for (auto n = control_sizes_.begin(); n != control_sizes_.end() && found == controls_.end(); ++n)
        if (*n <= text.size() - at) found = controls_.find(text.substr(at, *n));
    if (found == controls_.end()) {
      out += text[at++];
      continue;
    }
    const auto& [spelled, token] = *found;
    ControlCode::append(out, token, std::find(ends_.begin(), ends_.end(), token) != ends_.end());
    at += spelled.size();
  }
  return out;
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
