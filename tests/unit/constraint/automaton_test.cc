// The automaton and its masks against an independent matcher that tries everything: thousands of random grammars, every
// token at every state of random texts.
#include "text/constraint/automaton.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "base/utf8.h"
#include "tests/support/naive_grammar.h"
#include "text/constraint/masks.h"

namespace infer::text {
namespace {

using testing::naive_matches;
using testing::naive_prefix;

std::vector<std::string> all_texts(size_t longest) {
  std::vector<std::string> all{""}, last{""};
  for (size_t n = 1; n <= longest; ++n) {
    std::vector<std::string> next;
    for (const std::string& t : last)
      for (const char c : {'a', 'b', 'c'}) next.push_back(t + c);
    all.insert(all.end(), next.begin(), next.end());
    last = std::move(next);
  }
  return all;
}

struct Random {
  std::mt19937 engine;
  int below(int n) { return static_cast<int>(engine() % static_cast<unsigned>(n)); }

  Grammar::Expr expr(Grammar& g, std::span<const Grammar::Rule> rules, int depth) {
    switch (depth == 0 ? below(3) : below(9)) {
      case 0:
      case 1:
        return g.literal(std::string(static_cast<size_t>(1 + below(2)), static_cast<char>('a' + below(3))));
      case 2: {
        ByteSet s;
        for (const char c : {'a', 'b', 'c'})
          if (below(2)) s.add(static_cast<uint8_t>(c));
        return s == ByteSet{} ? Grammar::kEmpty : g.bytes(s);
      }
      case 3:
      case 4:
      case 5: {
        std::vector<Grammar::Expr> parts;
        for (int n = 2 + below(2); n > 0; --n) parts.push_back(expr(g, rules, depth - 1));
        return below(2) ? g.sequence(parts) : g.choice(parts);
      }
      case 6: {
        const int least = below(3);
        return g.repeat(expr(g, rules, depth - 1), least, below(2) ? Grammar::kNoMost : least + below(3));
      }
      case 7: {  // counted, and too large to be laid out
        const int least = 130 * below(2);
        return g.repeat(expr(g, rules, depth - 1), least, 260 + below(50));
      }
      default:
        return g.refer(rules[static_cast<size_t>(below(static_cast<int>(rules.size())))]);
    }
  }
};

// Bits of a mask as the naive matcher has them.
void check_state(const Grammar& g, Automaton& a, Masks& masks, const std::vector<std::string>& tokens,
                 const std::string& text, StateId s) {
  CAPTURE(text);
  const TokenSet& mask = masks.of(s);
  for (size_t t = 0; t + 1 < tokens.size(); ++t) {
    if (tokens[t].empty()) continue;
    CAPTURE(tokens[t]);
    CHECK(mask.has(static_cast<int32_t>(t)) == naive_prefix(g, text + tokens[t]));
  }
  CHECK(mask.has(static_cast<int32_t>(tokens.size()) - 1) == naive_matches(g, text));
  CHECK(a.facts(s).ends == naive_matches(g, text));
}

TEST_CASE("a mask has the tokens that some text of the grammar goes on with, for random grammars") {
  std::vector<std::string> tokens = all_texts(3);
  tokens.push_back("");  // the end
  const TokenTrie trie(tokens, {static_cast<int32_t>(tokens.size()) - 1});
  int made = 0, states = 0;
  for (unsigned seed = 0; seed < 600; ++seed) {
    CAPTURE(seed);
    Random random{std::mt19937(seed)};
    Grammar g;
    std::vector<Grammar::Rule> rules;
    for (int n = 1 + random.below(4); n > 0; --n) rules.push_back(g.declare(str("r", n)));
    for (const Grammar::Rule r : rules) g.define(r, random.expr(g, rules, 3));
    if (!g.finish(rules[0]).ok()) continue;  // begins with itself
    Grammar kept = g;
    auto nfa = Nfa::create(g);
    REQUIRE_MESSAGE(nfa.ok(), nfa.status().message());
    Automaton a(nfa.take());
    Masks masks(a, trie);
    ++made;
    for (int walk = 0; walk < 3; ++walk) {
      std::string text;
      StateId s = a.start();
      for (int step = 0; step < 6 && s != Automaton::kNone; ++step) {
        masks.of(s);
        if (a.ambiguous()) break;  // bounded, and so not all that the grammar takes
        check_state(kept, a, masks, tokens, text, s);
        ++states;
        std::vector<char> next;
        for (const char c : {'a', 'b', 'c'})
          if (a.following(s).has(static_cast<uint8_t>(c))) next.push_back(c);
        if (next.empty()) break;
        text += next[static_cast<size_t>(random.below(static_cast<int>(next.size())))];
        s = a.next(s, static_cast<uint8_t>(text.back()));
        if (random.below(20) == 0) {  // memory is short
          masks.forget(), a.forget();
          s = a.run(a.start(), text);
        }
      }
    }
  }
  CHECK(made > 300);
  CHECK(states > 2400);
}

TEST_CASE("counts are exact, also where they are larger than a token is long") {
  Grammar g;
  const auto root = g.declare("root");
  const auto pair = g.sequence({g.literal("a"), g.choice({g.literal("b"), g.literal("cc")})});
  g.define(root, g.sequence({g.repeat(pair, 150, 1000), g.literal("c")}));
  REQUIRE(g.finish(root).ok());
  auto nfa = Nfa::create(g);
  REQUIRE(nfa.ok());
  Automaton a(nfa.take());
  const std::vector<std::string> tokens{"a", "ab", "abab", "c", "acc", "bc", ""};
  const TokenTrie trie(tokens, {6});
  Masks masks(a, trie);
  StateId s = a.start();
  for (int n = 0; n <= 1000; ++n) {
    CAPTURE(n);
    const TokenSet& mask = masks.of(s);
    CHECK(mask.has(0) == (n < 1000));
    CHECK(mask.has(2) == (n < 999));
    CHECK(mask.has(3) == (n >= 150));
    s = a.run(s, n % 2 ? "ab" : "acc");
  }
  CHECK(s == Automaton::kNone);
}

TEST_CASE("brackets within brackets are matched, and are bounded") {
  Grammar g;
  const auto root = g.declare("root");
  g.define(root, g.sequence({g.literal("("), g.repeat(g.refer(root), 0), g.literal(")")}));
  REQUIRE(g.finish(root).ok());
  auto nfa = Nfa::create(g);
  REQUIRE(nfa.ok());
  Automaton a(nfa.take());
  const std::string many(5000, '(');
  StateId s = a.run(a.start(), many);
  REQUIRE(s != Automaton::kNone);
  CHECK(!a.facts(s).ends);
  s = a.run(s, std::string(5000, ')'));
  REQUIRE(s != Automaton::kNone);
  CHECK(a.facts(s).ends);
  CHECK(a.run(a.start(), std::string(20'000, '(')) == Automaton::kNone);
}

TEST_CASE("code points are those of UTF-8 and no others") {
  const std::vector<std::vector<CodeRange>> classes{
      {{0, 0x10ffff}},       {{0x7f, 0x80}},     {{0x7ff, 0x800}, {0xffff, 0x10000}},
      {{0x100, 0x2fff}},     {{0x1040, 0x2fc0}}, {{0xd000, 0xe000}},
      {{0x12345, 0x102345}}, {{'a', 'z'}},       {}};
  const auto encode = [](uint32_t c) {
    std::string s;
    if (c >= 0xd800 && c <= 0xdfff)
      return str("\xed", static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63)));
    append_utf8(s, c);
    return s;
  };
  for (const auto& ranges : classes)
    for (const bool negated : {false, true}) {
      Grammar g;
      const auto root = g.declare("root");
      g.define(root, g.code_points(ranges, negated));
      if (!g.finish(root).ok()) {  // none
        CHECK(ranges.empty() != (negated && !ranges.empty()));
        continue;
      }
      auto nfa = Nfa::create(g);
      REQUIRE(nfa.ok());
      Automaton a(nfa.take());
      const auto takes = [&](const std::string& t) { return a.facts(a.run(a.start(), t)).ends; };
      int wrong = 0;
      for (uint32_t c = 0; c <= 0x10ffff; c += c < 0x900 ? 1 : 7) {
        const bool surrogate = c >= 0xd800 && c <= 0xdfff;
        const bool in =
            std::any_of(ranges.begin(), ranges.end(), [&](CodeRange r) { return r.first <= c && c <= r.last; });
        wrong += takes(encode(c)) != (!surrogate && in != negated);
      }
      CHECK(wrong == 0);
      for (const char* broken :
           {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xf8\x88\x80\x80\x80", "\xf4\x90\x80\x80", "\xc3"})
        CHECK(!takes(broken));
    }
}

}  // namespace
}  // namespace infer::text
