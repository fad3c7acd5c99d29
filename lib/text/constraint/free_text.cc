#include "text/constraint/free_text.h"

#include <algorithm>

#include "text/constraint/control_code.h"

namespace infer::text {

FreeTextRules::FreeTextRules(Grammar& g, FreeText text) : g_(g), text_(std::move(text)) {
  size_t bytes = 0;
  for (const std::string& word : text_.words) bytes += word.size();
  if (static_cast<int64_t>(bytes) > g.limits().rules) {
    g.fail(Status::invalid(str("words that end free text: ", bytes, " bytes, more than ", g.limits().rules),
                           "use shorter triggers and ends"));
    return;
  }
  nodes_.emplace_back();
  for (size_t w = 0; w < text_.words.size(); ++w) insert(w);
  connect();
  for (Node& n : nodes_)
    if (n.reached) n.rule = g_.declare("free text");
  begin_ = g_.refer(nodes_[0].rule);
}

size_t FreeTextRules::bound_behind(const Node& n, uint8_t byte) const {
  if (n.bound > 0) return n.bound + 1;
  return byte == ControlCode::kEnd || (byte == ControlCode::kControl && !text_.controls) ? 1 : 0;
}

void FreeTextRules::insert(size_t word) {
  uint32_t at = 0;
  for (const char c : text_.words[word]) {
    const auto byte = static_cast<uint8_t>(c);
    if (nodes_[at].next[byte] == 0) {
      Node n;
      n.depth = nodes_[at].depth + 1;
      n.bound = bound_behind(nodes_[at], byte);
      nodes_[at].next[byte] = static_cast<uint32_t>(nodes_.size());
      nodes_.push_back(std::move(n));
    }
    at = nodes_[at].next[byte];
  }
  nodes_[at].words.push_back(word);
}

// Shorter beginnings first: a byte that continues no longer one leads to where it leads from the next shorter one.
void FreeTextRules::connect() {
  std::vector<uint32_t> order{0};
  nodes_[0].reached = true;
  for (size_t i = 0; i < order.size(); ++i) {
    Node& n = nodes_[order[i]];
    const Node& shorter = nodes_[n.shorter];
    if (order[i] != 0) {
      for (const size_t w : shorter.words)
        if (text_.words[w].size() >= n.bound) n.words.push_back(w);
      std::sort(n.words.begin(), n.words.end());
    }
    for (size_t b = 0; b < n.next.size(); ++b) {
      const uint32_t other = order[i] == 0 ? 0 : shorter.next[b];
      if (n.next[b] == 0) {
        n.next[b] = other;
        continue;
      }
      Node& to = nodes_[n.next[b]];
      to.shorter = other;
      to.reached = n.reached && n.words.empty();
      order.push_back(n.next[b]);
    }
  }
}

FreeTextRules::Hit FreeTextRules::first_in(std::string_view text) const {
  if (nodes_.empty()) return {};
  const Node* at = nodes_.data();
  for (size_t i = 0; i < text.size(); ++i) {
    at = &nodes_[at->next[static_cast<uint8_t>(text[i])]];
    if (!at->words.empty()) return {i + 1, at->words};
  }
  return {};
}

void FreeTextRules::define_free() {
  for (const Node& n : nodes_) {
    if (!n.reached || !n.words.empty()) continue;
    std::vector<std::pair<uint32_t, ByteSet>> ways;
    for (size_t b = 0; b < n.next.size(); ++b) {
      const auto byte = static_cast<uint8_t>(b);
      if (nodes_[n.next[b]].depth < bound_behind(n, byte)) continue;
      auto way = std::find_if(ways.begin(), ways.end(), [&](const auto& w) { return w.first == n.next[b]; });
      if (way == ways.end()) way = ways.insert(way, {n.next[b], {}});
      way->second.add(byte);
    }
    std::vector<Grammar::Expr> options;
    if (text_.may_end) options.push_back(Grammar::kEmpty);
    for (const auto& [to, bytes] : ways) options.push_back(g_.sequence({g_.bytes(bytes), g_.refer(nodes_[to].rule)}));
    g_.define(n.rule, g_.choice(options));
  }
}

}  // namespace infer::text
