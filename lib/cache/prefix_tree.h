// Which tokens' keys and values lie in which pages: a radix tree over tokens, one page per node.
//
// The keys and values of a position depend on its token and all before it, and on nothing else. So a node is a page,
// the tokens in it, and the node whose page comes before; a path from a root spells the tokens from position 0 on. A
// whole page of the same tokens after the same path is used by any number of sequences at once, also while the sequence
// that computes it goes on; of a page that agrees in its first tokens only, those are worth a copy. Tokens are always
// compared, never only their hash. Each domain has a root of its own: what one domain computed is not found by another.
//
// The tree holds one reference of each of its pages, and sequences one each. Pages that the tree alone holds are idle:
// take() evicts them when free ones run out, leaves first, and of these the one with the least
//   value = clock at its last use + cost * (1 + uses),     cost = 1 + first position / kAttentionReach,
// the clock being the value of the last that was evicted (GreedyDual with frequency: Cao and Irani, "Cost-aware WWW
// proxy caching algorithms", 1997; Cherkasova 1998). A late page costs more to compute anew, as attention reads all
// before it. Uses count up to kMostUses, so that what was popular once goes in the end.
//
// All memory is taken at construction. Not thread-safe: belongs to the engine's thread.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/names.h"
#include "cache/pages.h"

namespace infer::cache {

class PrefixTree {
  struct Node {          // of the page of the same number
    int32_t parent = 0;  // page before; below zero: the root of a domain
    int32_t count = 0;   // tokens; 0: the page is not in the tree
    int32_t first = 0;   // position of the first token
    int32_t children = 0;
    int32_t heap_at = kNone;
    int32_t next[2] = {kNone, kNone};  // in the chains below
    int64_t uses = 0;
    double value = 0;
  };

 public:
  static constexpr int32_t kNone = -1;
  static constexpr double kAttentionReach = 4096;  // positions whose attention costs about what the matrices do
  static constexpr int kLooks = 64;                // pages that one search for common first tokens compares
  static constexpr int64_t kMostUses = 8;
  // What the tree and the pool remember of a page beside its keys and values, about.
  static constexpr int64_t bytes_per_page(int64_t page) {
    constexpr int64_t kNumber = sizeof(int32_t);
    return int64_t{sizeof(Node)} + page * kNumber + (3 + 1 + 2) * kNumber;  // tokens; chains, heap, pool
  }

  // pool: outlives the tree, and is used through it alone. page: tokens of a page. sequences: most that are in a domain
  // at a time. seed: of the hashes; unknown to whoever writes prompts, so that nobody can make them collide.
  PrefixTree(PagePool& pool, int32_t page, int32_t sequences, uint64_t seed);

  // Every sequence is in a domain, from before its first call below to after its last.
  int32_t enter(Name name) { return domains_.enter(std::move(name)); }
  void leave(int32_t domain) { domains_.leave(domain); }

  struct Match {
    int32_t whole = 0;     // pages appended to `pages`, each with a reference for the caller
    int32_t like = kNone;  // a page that agrees with what follows them in its first `n_like` tokens; not referenced
    int32_t n_like = 0;
  };
  // The longest known beginning of `tokens`. pages: has room for as many whole pages as there are.
  Match find(int32_t domain, std::span<const int32_t> tokens, std::vector<int32_t>& pages);

  // The caller's page holds the keys and values of `tokens` (a whole page, or fewer at a sequence's end), behind the
  // page `before` (kNone: at position 0), which is in the tree. Returns the page that holds them from now on: the same
  // one, or, where the tree has one already, that: then the reference was exchanged. kNone, of fewer tokens than a
  // page: what the tree has begins with them, and the caller keeps its page.
  int32_t insert(int32_t domain, int32_t before, std::span<const int32_t> tokens, int32_t page);

  // Appends n pages with one reference each; evicts idle ones where needed. False, and nothing is taken: fewer can be
  // had.
  bool take(int32_t n, std::vector<int32_t>& out);
  void forget_idle();          // evicts all that may be evicted
  void hold(int32_t page);     // one more reference
  void release(int32_t page);  // one fewer; a page of the tree is then idle when no other is left

  int32_t available() const { return pool_.free_pages() + idle_; }  // what take() could give
  int32_t idle() const { return idle_; }                            // pages that may be evicted
  int32_t nodes() const { return nodes_; }
  int64_t evicted() const { return evicted_; }  // pages, so far
  bool has(int32_t page) const { return node(page).count > 0; }
  // The page of exactly these tokens behind `before`, or kNone. Takes no reference.
  int32_t next(int32_t domain, int32_t before, std::span<const int32_t> tokens) const;

 private:
  // Chains of nodes with equal hashes: of parent and all tokens; of parent and first token, latest first.
  enum Chain : size_t { kExact, kFirst };

  Node& node(int32_t page) { return list_[static_cast<size_t>(page)]; }
  const Node& node(int32_t page) const { return list_[static_cast<size_t>(page)]; }
  std::span<const int32_t> tokens(int32_t page) const;
  uint64_t hash(int32_t parent, std::span<const int32_t> tokens) const;
  size_t bucket(Chain chain, int32_t parent, std::span<const int32_t> tokens) const;
  int32_t exact(int32_t parent, std::span<const int32_t> tokens) const;
  int32_t most_alike(int32_t parent, std::span<const int32_t> tokens, int32_t& n) const;
  void link(int32_t page);
  void unlink(int32_t page);
  void used(int32_t page);
  bool is_idle(int32_t page) const { return has(page) && pool_.references(page) == 1; }
  void references_changed(int32_t page, bool was_idle);
  void evict(int32_t page);
  void remove(int32_t page);
  // Indexed binary heap of idle leaves, least value first.
  void place(int32_t page);
  void heap_set(size_t at, int32_t page);
  void heap_up(size_t at);
  void heap_down(size_t at);
  bool less(int32_t a, int32_t b) const;

  PagePool& pool_;
  const int32_t page_;
  const uint64_t seed_;
  std::vector<Node> list_;         // [n_pages]
  std::vector<int32_t> tokens_;    // [n_pages, page]
  std::vector<int32_t> heads_[2];  // of the chains; a power of two
  std::vector<int32_t> heap_;      // pages
  Names domains_;
  int32_t idle_ = 0, nodes_ = 0;
  int64_t evicted_ = 0;
  double clock_ = 0;
};

}  // namespace infer::cache
