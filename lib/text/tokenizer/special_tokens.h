// Finds the text of special tokens in a text: the longest at each position, left to right.
//
// Control tokens are seen only inside trusted ranges, user-defined ones anywhere. A trie over bytes; the length of a
// special token's text is bounded, so a search is linear in the text whatever the file holds.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/tokenizer/tokenizer.h"
#include "text/tokenizer/vocabulary.h"

namespace infer::text {

// A stretch of a text: a special token (id >= 0) or plain text (id -1).
struct Stretch {
  size_t begin, end;
  int32_t id;
};

class SpecialTokens {
 public:
  struct Entry {
    std::string_view text;
    int32_t id;
    bool control;
  };
  static constexpr size_t kLongest = 256;  // bytes
  // E_UNSUPPORTED: a text longer than kLongest. Empty texts are ignored.
  static Result<SpecialTokens> create(std::span<const Entry> entries);
  // Cuts `text` up. `trusted` is sorted, disjoint and inside the text.
  std::vector<Stretch> cut(std::string_view text, std::span<const Range> trusted) const;

 private:
  struct Node {
    int32_t id = -1;  // of the token that ends here, -1: none does
    bool control = false;
  };
  Stretch longest_at(std::string_view text, size_t at, size_t trusted_end) const;

  std::vector<Node> nodes_;  // [0] is the root
  PairIndex edges_;          // (node, byte) -> node
  bool starts_[256] = {};    // bytes that begin a special token
};

}  // namespace infer::text
