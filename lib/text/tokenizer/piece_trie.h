// The texts of a vocabulary by their beginnings: which pieces begin at a place of a text, shortest first.
//
// Nodes lie in breadth-first order, so the children of one stand side by side, sorted by byte, and end where the next
// node's children begin: nine bytes a node, no pointers. Pieces have a length limit, which makes a search at every
// place of a text linear in the text whatever the vocabulary holds.
#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace infer::text {

class PieceTrie {
 public:
  struct Entry {
    std::string_view text;
    int32_t id;  // >= 0
  };
  struct Match {
    size_t length;  // bytes
    int32_t id;     // -1: no piece begins here
  };
  static constexpr size_t kLongest = 512;  // bytes of a piece; the longest published has about 130

  // Empty texts are ignored. E_CORRUPT: two of one text. E_UNSUPPORTED: a text longer than kLongest.
  static Result<PieceTrie> create(std::span<const Entry> entries);

  // found(length, id) for each piece that `text` begins with, shortest first.
  template <class Found>
  void each_prefix(std::string_view text, Found found) const {
    uint32_t node = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      node = child(node, static_cast<uint8_t>(text[i]));
      if (node == 0) return;
      if (id_[node] >= 0) found(i + 1, id_[node]);
    }
  }
  Match longest(std::string_view text) const {
    Match best{0, -1};
    each_prefix(text, [&](size_t length, int32_t id) { best = {length, id}; });
    return best;
  }

 private:
  // 0, the root, is nobody's child: there is none.
  uint32_t child(uint32_t node, uint8_t byte) const {
    if (node == 0) return of_root_[byte];
    const uint32_t first = first_child_[node], n = first_child_[node + 1] - first;
    if (n == 0) return 0;
    const void* at = std::memchr(&byte_[first], byte, n);
    return at ? static_cast<uint32_t>(static_cast<const uint8_t*>(at) - byte_.data()) : 0;
  }

  std::vector<uint32_t> first_child_;  // [nodes + 1]
  std::vector<uint8_t> byte_;          // [nodes] by which its parent leads to it
  std::vector<int32_t> id_;            // [nodes] of the piece that ends here, -1: none does
  uint32_t of_root_[256] = {};
};

}  // namespace infer::text
