#include "cache/prefix_tree.h"

#include <algorithm>
#include <bit>

namespace infer::cache {
namespace {

// A domain's root is a parent below zero; and back.
constexpr int32_t root_of(int32_t domain) { return -1 - domain; }
constexpr int32_t domain_of(int32_t root) { return -1 - root; }
constexpr int32_t parent_of(int32_t domain, int32_t before) { return before < 0 ? root_of(domain) : before; }

int32_t common(std::span<const int32_t> a, std::span<const int32_t> b) {
  const size_t n = std::min(a.size(), b.size());
  return static_cast<int32_t>(std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(n), b.begin()).first -
                              a.begin());
}

}  // namespace

PrefixTree::PrefixTree(PagePool& pool, int32_t page, int32_t sequences, uint64_t seed)
    : pool_(pool),
      page_(page),
      seed_(seed),
      list_(static_cast<size_t>(pool.n_pages())),
      tokens_(static_cast<size_t>(pool.n_pages()) * static_cast<size_t>(page)),
      domains_(pool.n_pages() + sequences) {
  const size_t buckets = std::bit_ceil(static_cast<size_t>(std::max(1, pool.n_pages())) * 2);
  for (auto& heads : heads_) heads.assign(buckets, kNone);
  heap_.reserve(list_.size());
}

std::span<const int32_t> PrefixTree::tokens(int32_t page) const {
  return {tokens_.data() + static_cast<size_t>(page) * static_cast<size_t>(page_),
          static_cast<size_t>(node(page).count)};
}

// The finaliser of splitmix64 over each number in turn. (base's hash64 has no secret.)
uint64_t PrefixTree::hash(int32_t parent, std::span<const int32_t> tokens) const {
  const auto mix = [](uint64_t h) {
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    return h ^ (h >> 31);
  };
  uint64_t h = mix(seed_ ^ static_cast<uint32_t>(parent));
  for (const int32_t t : tokens) h = mix(h + 0x9E3779B97F4A7C15u + static_cast<uint32_t>(t));
  return h;
}

size_t PrefixTree::bucket(Chain chain, int32_t parent, std::span<const int32_t> tokens) const {
  return hash(parent, chain == kFirst ? tokens.first(1) : tokens) & (heads_[chain].size() - 1);
}

int32_t PrefixTree::exact(int32_t parent, std::span<const int32_t> wanted) const {
  for (int32_t at = heads_[kExact][bucket(kExact, parent, wanted)]; at != kNone; at = node(at).next[kExact])
    if (node(at).parent == parent && std::ranges::equal(tokens(at), wanted)) return at;
  return kNone;
}

// Of the pages behind `parent` one with the most first tokens of `wanted`: n of them.
int32_t PrefixTree::most_alike(int32_t parent, std::span<const int32_t> wanted, int32_t& n) const {
  n = 0;
  int32_t best = kNone;
  if (wanted.empty()) return best;
  int32_t at = heads_[kFirst][bucket(kFirst, parent, wanted)];
  for (int looks = 0; at != kNone && looks < kLooks; at = node(at).next[kFirst], looks++) {
    if (node(at).parent != parent) continue;
    const int32_t same = common(tokens(at), wanted);
    if (same > n) n = same, best = at;
  }
  return best;
}

int32_t PrefixTree::next(int32_t domain, int32_t before, std::span<const int32_t> tokens) const {
  return exact(parent_of(domain, before), tokens);
}

PrefixTree::Match PrefixTree::find(int32_t domain, std::span<const int32_t> tokens, std::vector<int32_t>& pages) {
  Match m;
  int32_t parent = root_of(domain);
  for (const auto whole = static_cast<size_t>(page_); tokens.size() >= whole; tokens = tokens.subspan(whole)) {
    const int32_t page = exact(parent, tokens.first(whole));
    if (page == kNone) break;
    hold(page);
    used(page);
    pages.push_back(page);
    m.whole++;
    parent = page;
  }
  m.like = most_alike(parent, tokens.first(std::min(tokens.size(), static_cast<size_t>(page_))), m.n_like);
  if (m.like != kNone) used(m.like);
  return m;
}

int32_t PrefixTree::insert(int32_t domain, int32_t before, std::span<const int32_t> tokens, int32_t page) {
  const int32_t parent = parent_of(domain, before);
  int32_t same = 0;
  int32_t known = exact(parent, tokens);
  if (known == kNone && static_cast<int32_t>(tokens.size()) < page_) {
    known = most_alike(parent, tokens, same);  // a page that begins with all of them serves as well
    if (same < static_cast<int32_t>(tokens.size())) known = kNone;
  }
  if (known != kNone) {
    if (static_cast<int32_t>(tokens.size()) < page_) return kNone;
    hold(known);
    release(page);
    return known;
  }
  // What ended earlier with the same tokens is now of no use by itself.
  const int32_t shorter = most_alike(parent, tokens, same);
  if (shorter != kNone && same == node(shorter).count && is_idle(shorter)) remove(shorter);

  Node& n = node(page);
  n = {};
  n.parent = parent;
  n.count = static_cast<int32_t>(tokens.size());
  n.first = before == kNone ? 0 : node(before).first + node(before).count;
  std::ranges::copy(tokens, tokens_.begin() + static_cast<ptrdiff_t>(page) * page_);
  link(page);
  if (before == kNone) {
    domains_.hold(domain);
  } else {
    node(before).children++;
    place(before);
  }
  nodes_++;
  pool_.share(page);
  used(page);
  return page;
}

void PrefixTree::link(int32_t page) {
  for (const Chain chain : {kExact, kFirst}) {
    int32_t& at = heads_[chain][bucket(chain, node(page).parent, tokens(page))];
    node(page).next[chain] = at;
    at = page;
  }
}

void PrefixTree::unlink(int32_t page) {
  for (const Chain chain : {kExact, kFirst}) {
    int32_t* at = &heads_[chain][bucket(chain, node(page).parent, tokens(page))];
    while (*at != page) at = &node(*at).next[chain];
    *at = node(page).next[chain];
  }
}

void PrefixTree::used(int32_t page) {
  Node& n = node(page);
  n.uses = std::min(n.uses + 1, kMostUses);
  n.value = clock_ + (1 + n.first / kAttentionReach) * static_cast<double>(1 + n.uses);
  if (n.heap_at != kNone) {
    heap_up(static_cast<size_t>(n.heap_at));
    heap_down(static_cast<size_t>(n.heap_at));
  }
}

// ---- references

bool PrefixTree::take(int32_t n, std::vector<int32_t>& out) {
  if (n < 0 || n > available()) return false;
  while (pool_.free_pages() < n) evict(heap_.front());
  return pool_.take(n, out);
}

void PrefixTree::forget_idle() {
  while (!heap_.empty()) evict(heap_.front());
}

void PrefixTree::hold(int32_t page) {
  const bool was = is_idle(page);
  pool_.share(page);
  references_changed(page, was);
}

void PrefixTree::release(int32_t page) {
  const bool was = is_idle(page);
  pool_.release(page);
  references_changed(page, was);
}

void PrefixTree::references_changed(int32_t page, bool was_idle) {
  idle_ += static_cast<int32_t>(is_idle(page)) - static_cast<int32_t>(was_idle);
  place(page);
}

void PrefixTree::evict(int32_t page) {
  clock_ = std::max(clock_, node(page).value);
  evicted_++;
  remove(page);
}

// An idle leaf leaves the tree; its page is free.
void PrefixTree::remove(int32_t page) {
  const int32_t parent = node(page).parent;
  unlink(page);
  node(page).count = 0;
  place(page);
  idle_--;
  nodes_--;
  pool_.release(page);
  if (parent < 0) return domains_.leave(domain_of(parent));
  node(parent).children--;
  place(parent);
}

// ---- the heap

bool PrefixTree::less(int32_t a, int32_t b) const {
  const Node &x = node(a), &y = node(b);
  return x.value != y.value ? x.value < y.value : a < b;
}

// Into the heap or out of it, as the node's state says.
void PrefixTree::place(int32_t page) {
  Node& n = node(page);
  const bool wanted = n.children == 0 && is_idle(page);
  if (wanted == (n.heap_at != kNone)) return;
  if (wanted) {
    heap_.push_back(page);
    n.heap_at = static_cast<int32_t>(heap_.size() - 1);
    heap_up(heap_.size() - 1);
    return;
  }
  const auto at = static_cast<size_t>(n.heap_at);
  const int32_t last = heap_.back();
  heap_.pop_back();
  n.heap_at = kNone;
  if (last == page) return;
  heap_set(at, last);
  heap_up(at);
  heap_down(static_cast<size_t>(node(last).heap_at));
}

void PrefixTree::heap_set(size_t at, int32_t page) {
  heap_[at] = page;
  node(page).heap_at = static_cast<int32_t>(at);
}

void PrefixTree::heap_up(size_t at) {
  const int32_t page = heap_[at];
  for (; at > 0 && less(page, heap_[(at - 1) / 2]); at = (at - 1) / 2) heap_set(at, heap_[(at - 1) / 2]);
  heap_set(at, page);
}

void PrefixTree::heap_down(size_t at) {
  const int32_t page = heap_[at];
  for (size_t child; (child = 2 * at + 1) < heap_.size(); at = child) {
    if (child + 1 < heap_.size() && less(heap_[child + 1], heap_[child])) child++;
    if (!less(heap_[child], page)) break;
    heap_set(at, heap_[child]);
  }
  heap_set(at, page);
}

}  // namespace infer::cache
