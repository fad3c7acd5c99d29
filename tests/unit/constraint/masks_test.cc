// Masks where tokens are looked at together: a vocabulary of thousands of words in several scripts, broken characters
// among them, and one of words of letters and of digits only, against what the automaton says of each token by itself.
#include "text/constraint/masks.h"

#include <doctest/doctest.h>

#include <random>

#include "base/utf8.h"
#include "text/constraint/constraint.h"

namespace infer::text {
namespace {

struct Vocabulary {
  std::vector<std::string> tokens;
  std::shared_ptr<const TokenTrie> trie = std::make_shared<const TokenTrie>(tokens, std::vector<int32_t>{});
};

std::vector<std::string> words_of_several_scripts() {
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

// All words of up to three characters of one alphabet: below each there are many of its own class, and no others.
std::vector<std::string> words_of_one_class() {
  std::vector<std::string> all;
  for (const std::string_view alphabet : {"abex", "AZQR", "0159"}) {
    std::vector<std::string> last{""};
    for (size_t n = 1; n <= 3; ++n) {
      std::vector<std::string> next;
      for (const std::string& t : last)
        for (const char c : alphabet) next.push_back(t + c);
      all.insert(all.end(), next.begin(), next.end());
      last = std::move(next);
    }
  }
  return all;
}

std::shared_ptr<Constraint> compile(const Vocabulary& v, Constraint::Kind kind, const std::string& source) {
  auto made = Constraint::compile(kind, {&source, 1}, v.trie);
  REQUIRE_MESSAGE(made.ok(), std::string(made.status().message()));
  return made.take();
}

// Looks at every token; how many were taken.
size_t check_place(const Vocabulary& v, Constraint& c, Constraint::Place& place) {
  CAPTURE(place.text());
  std::vector<uint32_t> mask(v.trie->words());
  c.mask(place, mask);
  std::string wrong;
  size_t taken = 0;
  for (size_t t = 0; t < v.tokens.size(); ++t) {
    if (v.tokens[t].empty()) continue;
    Constraint::Place tried = place;
    const bool accepted = c.accept(tried, v.tokens[t]);
    if (accepted != ((mask[t / 32] >> t % 32 & 1) != 0)) wrong += str(wrong.empty() ? "" : ", ", v.tokens[t]);
    taken += accepted;
  }
  CHECK(wrong == "");
  return taken;
}

// The words of the walk are written one after another.
size_t check_with(const Vocabulary& v, Constraint::Kind kind, const std::string& source,
                  const std::vector<std::string>& walk) {
  const auto c = compile(v, kind, source);
  Constraint::Place place;
  size_t taken = check_place(v, *c, place);
  for (const std::string& word : walk) {
    REQUIRE(c->accept(place, word));
    taken += check_place(v, *c, place);
  }
  return taken;
}

void check(Constraint::Kind kind, const std::string& source, const std::vector<std::string>& walk) {
  CAPTURE(source);
  static const Vocabulary several{words_of_several_scripts()}, one_class{words_of_one_class()};
  CHECK(check_with(several, kind, source, walk) + check_with(one_class, kind, source, walk) > 0);
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
  for (const char* drops : {"[a-z]{3}[abe][a-z]*", "[a-z]{2}[a-z0-9][a-z]*", "[a-z]{2}([a-y][a-z])*z?"})
    check(Kind::kRegex, drops, {"b", "a", "e", "a"});
  for (const char* drops : {"[0-9]{3}[019][0-9]*", "[1-9]\\d{2}[1-9]\\d{6}", "\\d{3}([0-8]|9\\d)\\d{4}"})
    check(Kind::kRegex, drops, {"1", "0", "9", "1"});
  check(Kind::kRegex, "[A-Z0-9]{4}\\d{7}", {"A", "Z", "1", "0", "1"});
  // Most characters lead to one state, some to others.
  check(Kind::kRegex, R"((ab|xe[0-9]|A{2,9}z)![^"]*|[^ax"A\\<\x00-\x1f][^"\\\x00-\x1f]{0,40}"|[^a-z"\\\x80-\xff]{2}x)",
        {"b", "ab", "9", "ab"});
  check(Kind::kRegex, R"("[^"\\\x00-\x1f]{5}[a-z]*")", {"\"", "ab", "e"});
  check(Kind::kRegex, R"x("([\u{80}-\u{10ffff}]b|[^"\\\x00-\x1f\u{80}-\u{10ffff}][^"\\\x00-\x1f]*)")x", {"\"", "ab"});
  for (const char* word : {"{1,3}", "{1,30}", "+"})  // a rule that may end anywhere
    check(Kind::kGrammar,
          str(R"(root ::= (word "x"* "!")+
word ::= [^"\\\x00-\x1f])",
              word),
          {"a", "b", "x", "!", "e"});
  check(Kind::kGrammar, R"(root ::= (word ("\n" | "<" "x")* "!")+
word ::= "ab" | [^a"\\\x00-\x1f][^"\\\x00-\x1f]*)",
        {"b", "a", "x", "!", "ab"});
  for (const char* string : {R"("([^"\\\x00-\x1f]|\\n){0,12}")", R"("([^"\\\x00-\x1f]|\\n){3,30}"e)", R"("[^"\\]*")"})
    check(Kind::kRegex, string, {"\"", "ab", "e", "x", "A", "xe"});
  check(Kind::kSchema, R"({"type": "object", "properties": {"ab": {"type": "string", "maxLength": 9}, "xe": {}}})",
        {"{", "\"", "a", "b", "\":", " ", "\"", "ab", "a"});
  check(Kind::kGrammar, "root ::= (word \" \"?)*\nword ::= [^ ] | [a-z0-9]{2,300}", {"ab", "ab"});
  check(Kind::kTags, R"({"triggers": ["<"], "tags": [{"begin": "<a", "text": true, "end": "e!"}]})",
        {"xe", "<a", "te"});
}

TEST_CASE("tokens that are longer than a run is counted are masked as all others are") {
  Vocabulary v{{std::string(300, 'a'), std::string(254, 'a') + "b", std::string(255, 'a'), std::string(254, 'a')}};
  const auto c = compile(v, Constraint::Kind::kRegex, "[a-z]{700}!");
  size_t taken = 0;
  for (size_t left = 20; left < 400; left += 20) {  // what was found out of the end is used farther and farther from it
    Constraint::Place place;
    REQUIRE(c->accept(place, std::string(700 - left, 'x')));
    taken += check_place(v, *c, place);
  }
  CHECK(taken > 20);
}

}  // namespace
}  // namespace infer::text
