#include "text/tokenizer/piece_trie.h"

#include <algorithm>

namespace infer::text {
namespace {

// An entry that sorts by its first eight bytes at once; most texts differ there.
struct Key {
  uint64_t head;  // big-endian, zeros behind a shorter text
  const PieceTrie::Entry* entry;
};

Key key_of(const PieceTrie::Entry& e) {
  uint64_t head = 0;
  for (size_t i = 0; i < 8; ++i) head = head << 8 | (i < e.text.size() ? static_cast<uint8_t>(e.text[i]) : 0);
  return {head, &e};
}

bool before(const Key& a, const Key& b) { return a.head != b.head ? a.head < b.head : a.entry->text < b.entry->text; }

}  // namespace

Result<PieceTrie> PieceTrie::create(std::span<const Entry> entries) {
  std::vector<Key> keys;
  keys.reserve(entries.size());
  for (const Entry& e : entries) {
    if (e.text.size() > kLongest) {
      return Status::unsupported(
          str("token ", e.id, " has ", e.text.size(), " bytes; at most ", kLongest, " are supported"));
    }
    if (!e.text.empty()) keys.push_back(key_of(e));
  }
  std::sort(keys.begin(), keys.end(), before);

  PieceTrie out;
  struct Span {
    uint32_t first, last, depth;  // keys [first, last) begin alike for `depth` bytes
  };
  std::vector<Span> spans{{0, static_cast<uint32_t>(keys.size()), 0}};  // [nodes]
  out.byte_.push_back(0);
  for (size_t node = 0; node < spans.size(); ++node) {
    auto [at, last, depth] = spans[node];
    int32_t id = -1;
    for (; at < last && keys[at].entry->text.size() == depth; ++at) {
      if (id >= 0) return Status::corrupt(str("tokens ", id, " and ", keys[at].entry->id, " have the same text"));
      id = keys[at].entry->id;
    }
    out.id_.push_back(id);
    out.first_child_.push_back(static_cast<uint32_t>(spans.size()));
    while (at < last) {
      const uint8_t byte = static_cast<uint8_t>(keys[at].entry->text[depth]);
      uint32_t end = at + 1;
      while (end < last && static_cast<uint8_t>(keys[end].entry->text[depth]) == byte) ++end;
      if (node == 0) out.of_root_[byte] = static_cast<uint32_t>(spans.size());
      spans.push_back({at, end, depth + 1});
      out.byte_.push_back(byte);
      at = end;
    }
  }
  out.first_child_.push_back(static_cast<uint32_t>(spans.size()));
  return out;
}

}  // namespace infer::text
