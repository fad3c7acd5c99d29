// Joins neighbouring symbols, best pair first and the leftmost of equals, until no pair joins: the heart of both kinds
// of BPE.
//
// Join(left, right) -> {rank, id}: lower ranks go first, UINT32_MAX means never. Short words are scanned, long ones
// kept in a heap: O(n log n) whatever the text.
#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "text/tokenizer/vocabulary.h"

namespace infer::text {

struct Symbol {
  int32_t id;      // -1: absorbed by its left neighbour, or (SPM) a character that is no token
  uint32_t begin;  // place in the word: what the symbol spells
  uint32_t end;
  uint32_t rank = 0;  // the highest of the merges that made it
};

class Merger {
 public:
  // Merges `symbols` in place; what is left stands in order.
  template <class Join>
  void run(std::vector<Symbol>& symbols, const Join& join) {
    if (symbols.size() <= kShort) {
      run_short(symbols, join);
    } else {
      run_long(symbols, join);
    }
  }

 private:
  static constexpr size_t kShort = 240;
  struct Candidate {
    uint32_t rank, left;
    int32_t id;
    uint32_t length;  // of both together when the candidate was made: tells whether it is still true
    friend bool operator<(const Candidate& a, const Candidate& b) {
      return a.rank != b.rank ? a.rank < b.rank : a.left < b.left;
    }
    friend bool operator>(const Candidate& a, const Candidate& b) { return b < a; }
  };

  // ranks[i] is of the pair that symbol i begins; of what is absorbed, and of the last, kNever. The best of each block
  // of sixteen is kept: a merge changes three places, so at most three blocks are looked through again.
  template <class Join>
  void run_short(std::vector<Symbol>& s, const Join& join) {
    constexpr uint32_t kNever = UINT32_MAX;
    constexpr size_t kBlock = 16, kNone = 255;
    static_assert(kShort % kBlock == 0 && kShort < kNone);
    const size_t n = s.size(), n_blocks = (n + kBlock - 1) / kBlock;
    if (n < 2) return;
    uint32_t ranks[kShort];
    int32_t ids[kShort];
    uint8_t next[kShort], previous[kShort], best_of[kShort / kBlock];
    const auto look = [&](size_t i) {
      const PairIndex::Found found = next[i] == kNone ? PairIndex::Found{kNever, -1} : join(s[i], s[next[i]]);
      ranks[i] = found.rank;
      ids[i] = found.id;
    };
    const auto look_through = [&](size_t block) {
      size_t best = block * kBlock;
      for (size_t i = best + 1; i < (block + 1) * kBlock; ++i) best = ranks[i] < ranks[best] ? i : best;
      best_of[block] = static_cast<uint8_t>(best);
    };
    for (size_t i = 0; i < n; ++i) {
      next[i] = static_cast<uint8_t>(i + 1 == n ? kNone : i + 1);
      previous[i] = static_cast<uint8_t>(i == 0 ? kNone : i - 1);
      look(i);
    }
    for (size_t i = n; i < n_blocks * kBlock; ++i) ranks[i] = kNever;
    for (size_t block = 0; block < n_blocks; ++block) look_through(block);
    size_t absorbed = 0;
    for (;; ++absorbed) {
      size_t best = best_of[0];
      for (size_t block = 1; block < n_blocks; ++block)
        best = ranks[best_of[block]] < ranks[best] ? best_of[block] : best;
      if (ranks[best] == kNever) break;
      const size_t right = next[best], left = previous[best];
      s[best].id = ids[best];
      s[best].rank = std::max({ranks[best], s[best].rank, s[right].rank});
      s[best].end = s[right].end;
      s[right].begin = s[right].end;
      ranks[right] = kNever;
      next[best] = next[right];
      if (next[best] != kNone) previous[next[best]] = static_cast<uint8_t>(best);
      look(best);
      if (left != kNone) {
        look(left);
        if (left / kBlock != best / kBlock) look_through(left / kBlock);
      }
      look_through(best / kBlock);
      if (right / kBlock != best / kBlock) look_through(right / kBlock);
    }
    if (absorbed > 0) std::erase_if(s, [](const Symbol& x) { return x.begin == x.end; });
  }

  // The pairs there are at first, sorted; the pairs that merges make, in a heap. The best of either goes next.
  template <class Join>
  void run_long(std::vector<Symbol>& s, const Join& join) {
    constexpr uint32_t kNone = UINT32_MAX;
    const uint32_t n = static_cast<uint32_t>(s.size());
    links_.resize(n);
    first_.clear();
    later_.clear();
    const auto propose = [&](uint32_t left, uint32_t right, std::vector<Candidate>& to) {
      if (left == kNone || right == kNone) return false;
      const PairIndex::Found found = join(s[left], s[right]);
      if (found.rank == UINT32_MAX) return false;
      to.push_back({found.rank, left, found.id, s[right].end - s[left].begin});
      return true;
    };
    const auto push = [&](uint32_t left, uint32_t right) {
      if (propose(left, right, later_)) std::push_heap(later_.begin(), later_.end(), std::greater<>());
    };
    for (uint32_t i = 0; i < n; ++i) {
      links_[i] = {i == 0 ? kNone : i - 1, i + 1 == n ? kNone : i + 1};
      if (i + 1 < n) propose(i, i + 1, first_);
    }
    if (!std::is_sorted(first_.begin(), first_.end())) std::sort(first_.begin(), first_.end());
    for (size_t next = 0; next < first_.size() || !later_.empty();) {
      Candidate c;
      if (later_.empty() || (next < first_.size() && first_[next] < later_.front())) {
        c = first_[next++];
      } else {
        std::pop_heap(later_.begin(), later_.end(), std::greater<>());
        c = later_.back();
        later_.pop_back();
      }
      const uint32_t left = c.left, right = links_[left].next;
      // Either side may have grown or gone since: an absorbed symbol is empty and so spans too little.
      if (right == kNone || s[left].begin == s[left].end || s[right].end - s[left].begin != c.length) continue;
      s[left].id = c.id;
      s[left].rank = std::max({c.rank, s[left].rank, s[right].rank});
      s[left].end = s[right].end;
      s[right].begin = s[right].end;
      links_[left].next = links_[right].next;
      if (links_[left].next != kNone) links_[links_[left].next].previous = left;
      push(links_[left].previous, left);
      push(left, links_[left].next);
    }
    std::erase_if(s, [](const Symbol& x) { return x.begin == x.end; });
  }

  struct Link {
    uint32_t previous, next;
  };
  std::vector<Link> links_;
  std::vector<Candidate> first_, later_;
};

}  // namespace infer::text
