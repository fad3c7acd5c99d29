// Masks where tokens are looked at together: a vocabulary of thousands of words in several scripts, broken characters
// among them, against what the automaton says of each token by itself.
#include "text/constraint/masks.h"

#include <doctest/doctest.h>

#include <random>

#include "base/utf8.h"
#include "text/constraint/constraint.h"

namespace infer::text {
namespace {

std::vector<std::string> vocabulary() {
  std::mt19937 random(11);
  const auto below = [&](size_t n) { return random() % n; };
  const std::vector<std::vector<uint32_t>> alphabets{
      {'a', 'b', 'e', 't', 'x'}, {'A', 'Z', 'b'}, {'0', '1', '9'},     {' '},
      {'-', '.', '!'},           {'"'},           {'\\', 'n', 'u'},    {'\n', '\t'},
      {'/', '<', '>'},           {'{', ':', ','}, {0xe9, 0xdf, 0x3b1}, {0x4f60, 0x597d, 0xac00, 0xd7a3, 0xfb01},
      {0x1f600, 0x10437}};
  std::vector<std::string> all;
  for (int i = 0; i < 6000; ++i) {
    std::string word;
    for (size_t parts = 1 + below(3); parts > 0; --parts) {
      const auto& alphabet = alphabets[below(below(2) ? alphabets.size() : 3)];
      for (size_t n = 1 + below(i % 50 == 0 ? 40 : 4); n > 0; --n) append_utf8(word, alphabet[below(alphabet.size())]);
    }
    if (below(8) == 0) word.pop_back();  // maybe in the middle of a character
    if (below(20) == 0) word.erase(0, 1);
    if (below(100) == 0) word += '\xff';
    all.push_back(word);
  }
  return all;
}

// The words of the walk are written one after another; at each place every token is looked at.
void check(Constraint::Kind kind, const std::string& source, const std::vector<std::string>& walk) {
  CAPTURE(source);
  static const std::vector<std::string> tokens = vocabulary();
  static const auto trie = std::make_shared<const TokenTrie>(tokens, std::vector<int32_t>{});
  auto made = Constraint::compile(kind, {&source, 1}, trie);
  REQUIRE_MESSAGE(made.ok(), std::string(made.status().message()));
  Constraint& c = **made;
  Constraint::Place place;
  std::vector<uint32_t> mask(trie->words());
  size_t all_taken = 0;
  for (size_t at = 0; at <= walk.size(); ++at) {
    CAPTURE(place.text());
    c.mask(place, mask);
    std::string wrong;
    for (size_t t = 0; t < tokens.size(); ++t) {
      if (tokens[t].empty()) continue;
      Constraint::Place tried = place;
      const bool accepted = c.accept(tried, tokens[t]);
      if (accepted != ((mask[t / 32] >> t % 32 & 1) != 0)) wrong += str(wrong.empty() ? "" : ", ", tokens[t]);
      all_taken += accepted;
    }
    CHECK(wrong == "");
    if (at < walk.size()) REQUIRE(c.accept(place, walk[at]));
  }
  CHECK(all_taken > 0);
}

TEST_CASE("masks are what each token says by itself, where many are looked at together") {
  using Kind = Constraint::Kind;
  check(Kind::kJson, "", {"{\"", "a\xc3", "\xa9", "\": [\"", "x"});
  check(Kind::kSchema, R"({"type": "string"})", {"\"", "abc", "\\", "n"});
  for (const int most : {1, 3, 9, 40})
    check(Kind::kSchema, str("{\"type\": \"string\", \"minLength\": 1, \"maxLength\": ", most, "}"), {"\""});
  check(Kind::kSchema, R"({"type": "string", "maxLength": 600})", {"\"", "abc", "\xe4\xbd\xa0"});
  check(Kind::kSchema, R"({"type": "array", "items": {"type": "string", "pattern": "^[a-z0-9]+$"}})",
        {"[\"", "ab", "\", \""});
  check(Kind::kRegex, ".*", {"a"});
  check(Kind::kRegex, "([^<]{2,7}<)*", {"ab", "xe"});
  check(Kind::kRegex, "[a-z]*( [A-Z0-9]{0,5}[^a-z]*)?", {"ab", " A"});
  check(Kind::kRegex, "([\\x00-\\x7f]|[\\u{4e00}-\\u{9fff}])*", {"a\xe4", "\xbd\xa0"});
  check(Kind::kGrammar, "root ::= (word \" \"?)*\nword ::= [^ ] | [a-z0-9]{2,300}", {"ab", "ab"});
  check(Kind::kTags, R"({"triggers": ["<"], "tags": [{"begin": "<a", "text": true, "end": "e!"}]})",
        {"xe", "<a", "te"});
}

}  // namespace
}  // namespace infer::text
