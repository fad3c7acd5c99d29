#include "cache/prefix_tree.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>

using infer::Name;
using infer::cache::PagePool;
using infer::cache::PrefixTree;

namespace {

constexpr int32_t kPage = 4;

using Tokens = std::vector<int32_t>;
Tokens counted(int32_t n, int32_t from = 0) {
  Tokens t(static_cast<size_t>(n));
  std::iota(t.begin(), t.end(), from);
  return t;
}

// A sequence as the scheduler handles it.
struct Sequence {
  int32_t domain = 0;
  Tokens tokens;
  std::vector<int32_t> pages;
};

struct Bed {
  explicit Bed(int32_t n_pages) : pool(n_pages), tree(pool, kPage, 64, 1) {}
  // Finds what is there and computes the rest: false when there is no room.
  bool begin(Sequence& s, Tokens tokens, Name domain = nullptr) {
    s.tokens = std::move(tokens);
    s.domain = tree.enter(std::move(domain));
    found = tree.find(s.domain, s.tokens, s.pages);
    const auto need = (static_cast<int32_t>(s.tokens.size()) + kPage - 1) / kPage - found.whole;
    if (!tree.take(need, s.pages)) {
      end(s, false);
      return false;
    }
    int32_t before = found.whole ? s.pages[static_cast<size_t>(found.whole) - 1] : PrefixTree::kNone;
    for (auto i = static_cast<size_t>(found.whole); (i + 1) * kPage <= s.tokens.size(); i++)
      before = s.pages[i] = tree.insert(s.domain, before, std::span(s.tokens).subspan(i * kPage, kPage), s.pages[i]);
    return true;
  }
  void end(Sequence& s, bool keep = true) {
    const size_t whole = s.tokens.size() / kPage;
    if (keep && whole < s.pages.size())
      tree.insert(s.domain, whole ? s.pages[whole - 1] : PrefixTree::kNone, std::span(s.tokens).subspan(whole * kPage),
                  s.pages[whole]);
    for (const int32_t page : s.pages) tree.release(page);
    s.pages.clear();
    tree.leave(s.domain);
  }
  // What find() says, without keeping it.
  PrefixTree::Match look(const Tokens& tokens, Name domain = nullptr) {
    std::vector<int32_t> pages;
    const int32_t d = tree.enter(std::move(domain));
    const auto m = tree.find(d, tokens, pages);
    for (const int32_t page : pages) tree.release(page);
    tree.leave(d);
    return m;
  }
  PagePool pool;
  PrefixTree tree;
  PrefixTree::Match found;
};

}  // namespace

TEST_CASE("whole pages of the same tokens are shared, and a page that agrees in its first tokens is named") {
  Bed b(16);
  Sequence first, second;
  REQUIRE(b.begin(first, counted(10)));
  CHECK(b.found.whole == 0);
  Tokens other = counted(10);
  other[7] = 99;  // agrees in one whole page and three tokens of the next
  REQUIRE(b.begin(second, other));
  CHECK(b.found.whole == 1);
  CHECK(b.found.like == first.pages[1]);
  CHECK(b.found.n_like == 3);
  CHECK(second.pages[0] == first.pages[0]);
  CHECK(second.pages[1] != first.pages[1]);
  CHECK(b.pool.references(first.pages[0]) == 3);  // two sequences and the tree
}

TEST_CASE("a page belongs to what comes before it: the same tokens elsewhere are another page") {
  Bed b(16);
  Sequence s;
  REQUIRE(b.begin(s, {1, 1, 1, 1, 2, 2, 2, 2}));
  CHECK(b.look({2, 2, 2, 2}).whole == 0);
  CHECK(b.look({1, 1, 1, 1, 2, 2, 2, 2}).whole == 2);
  CHECK(b.look({3, 3, 3, 3, 2, 2, 2, 2}).whole == 0);
}

TEST_CASE("one domain does not find what another has") {
  Bed b(16);
  const auto mine = std::make_shared<const std::string>("mine"), yours = std::make_shared<const std::string>("yours");
  Sequence s;
  REQUIRE(b.begin(s, counted(9), mine));
  b.end(s);
  for (const auto& other : {yours, Name()}) {
    CHECK(b.look(counted(9), other).whole == 0);
    CHECK(b.look(counted(9), other).n_like == 0);
  }
  const auto m = b.look(counted(9), std::make_shared<const std::string>("mine"));
  CHECK(m.whole == 2);
  CHECK(m.n_like == 1);
}

TEST_CASE("the page of a second sequence with the same tokens is exchanged for the one that is known") {
  Bed b(4);
  std::vector<int32_t> pages;
  REQUIRE(b.tree.take(2, pages));
  const int32_t d = b.tree.enter(nullptr);
  CHECK(b.tree.insert(d, PrefixTree::kNone, counted(4), pages[0]) == pages[0]);
  CHECK(b.tree.insert(d, PrefixTree::kNone, counted(4), pages[1]) == pages[0]);
  CHECK(b.pool.references(pages[0]) == 3);
  CHECK(b.pool.free_pages() == 3);
}

TEST_CASE("an end that another page begins with is not kept; one that goes on further replaces it") {
  Bed b(16);
  Sequence s;
  for (const int32_t n : {2, 1, 3}) {
    REQUIRE(b.begin(s, counted(n)));
    b.end(s);
    CHECK(b.tree.nodes() == 1);
  }
  CHECK(b.look(counted(4)).n_like == 3);
  REQUIRE(b.begin(s, counted(4)));
  CHECK(b.tree.nodes() == 1);  // the whole page alone
  b.end(s);
}

TEST_CASE("idle pages are evicted when free ones run out, leaves first, what was used lately or often last") {
  Bed b(6);
  Sequence s;
  for (const int32_t from : {0, 100, 200}) {
    REQUIRE(b.begin(s, counted(8, from)));
    b.end(s);
  }
  CHECK(b.tree.idle() == 6);
  CHECK(b.tree.available() == 6);
  b.look(counted(8, 0));
  std::vector<int32_t> pages;
  REQUIRE(b.tree.take(2, pages));
  CHECK(b.tree.evicted() == 2);
  CHECK(b.look(counted(8, 0)).whole == 2);
  CHECK(b.look(counted(8, 100)).whole + b.look(counted(8, 200)).whole == 2);
  CHECK_FALSE(b.tree.take(5, pages));
  CHECK(b.tree.idle() == 4);
  REQUIRE(b.tree.take(4, pages));
  CHECK(b.tree.nodes() == 0);
}

TEST_CASE("what is in use is not evicted") {
  Bed b(8);
  Sequence kept, gone;
  REQUIRE(b.begin(kept, counted(8)));
  REQUIRE(b.begin(gone, counted(8, 50)));
  b.end(gone);
  std::vector<int32_t> pages;
  CHECK_FALSE(b.tree.take(7, pages));
  REQUIRE(b.tree.take(6, pages));
  CHECK(b.tree.nodes() == 2);
  CHECK(b.look(counted(8)).whole == 2);
  b.end(kept);
  CHECK(b.tree.available() == 2);
}

// Against a plain list of all that is in the tree: tokens from position 0 on, by domain and page.
TEST_CASE("any history: find gives the longest prefix, counts add up, and everything comes back") {
  for (uint32_t seed = 1; seed <= 20; seed++) {
    CAPTURE(seed);
    Bed b(24);
    std::vector<Sequence> running;
    std::map<int32_t, std::pair<int, Tokens>> known;  // page -> domain's name, path
    uint32_t random = seed;
    const auto draw = [&](uint32_t n) {
      random = random * 1664525u + 1013904223u;
      return static_cast<int32_t>((random >> 12) % n);
    };
    const auto name = [](int d) { return d == 0 ? Name() : std::make_shared<const std::string>(std::to_string(d)); };
    std::vector<int> names;
    const auto forget = [&] { std::erase_if(known, [&](const auto& k) { return !b.tree.has(k.first); }); };
    for (int i = 0; i < 1500; i++) {
      if (running.size() < 5 && draw(2) == 0) {
        Tokens tokens(static_cast<size_t>(1 + draw(20)));
        for (int32_t& t : tokens) t = draw(2);  // few kinds of tokens: many prefixes in common
        const int domain = draw(3);
        const auto m = b.look(tokens, name(domain));
        size_t longest = 0, whole = 0;
        for (const auto& [page, k] : known) {
          if (k.first != domain) continue;
          const size_t before = (k.second.size() - 1) / kPage * kPage;
          const auto same = static_cast<size_t>(
              std::mismatch(k.second.begin(), k.second.end(), tokens.begin(), tokens.end()).first - k.second.begin());
          if (same > before) longest = std::max(longest, same);
          if (same == k.second.size() && same % kPage == 0) whole = std::max(whole, same);
        }
        REQUIRE(static_cast<size_t>(m.whole) * kPage == whole);
        REQUIRE(static_cast<size_t>(m.whole * kPage + m.n_like) == std::max(longest, whole));
        Sequence s;
        if (b.begin(s, tokens, name(domain))) {
          for (size_t p = 0; (p + 1) * kPage <= tokens.size(); p++)
            known[s.pages[p]] = {domain,
                                 Tokens(tokens.begin(), tokens.begin() + static_cast<ptrdiff_t>((p + 1) * kPage))};
          running.push_back(std::move(s));
          names.push_back(domain);
        }
      } else if (!running.empty()) {
        const auto which = static_cast<size_t>(draw(static_cast<uint32_t>(running.size())));
        Sequence& s = running[which];
        const int32_t last = s.pages.back();
        const bool part = s.tokens.size() % kPage != 0;
        b.end(s);
        if (part && b.tree.has(last)) known[last] = {names[which], s.tokens};
        std::swap(running[which], running.back());
        std::swap(names[which], names.back());
        running.pop_back();
        names.pop_back();
      }
      forget();
      REQUIRE(b.tree.nodes() == static_cast<int32_t>(known.size()));
      int32_t idle = 0;
      for (const auto& [page, k] : known) idle += b.pool.references(page) == 1;
      REQUIRE(b.tree.idle() == idle);
    }
    for (Sequence& s : running) b.end(s);
    std::vector<int32_t> all;
    REQUIRE(b.tree.take(24, all));
    CHECK(b.tree.nodes() == 0);
  }
}
