// Regular expressions: what they match (by hand, and as Python has it: tests/golden/regex), and what is refused.
#include "text/constraint/regex.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/golden.h"
#include "tests/support/naive_grammar.h"
#include "tests/unit/constraint/refusal.h"

using namespace infer;
using namespace infer::text;
using testing::naive_matches;
using testing::naive_prefix;

namespace {

Status compile(Grammar& g, std::string_view pattern, const RegexOptions& options = {}) {
  const auto root = g.declare("root");
  TRY_SET(const auto e, compile_regex(g, pattern, options));
  g.define(root, e);
  return g.finish(root);
}

void check(const std::string& pattern, bool search, const std::vector<std::string>& yes,
           const std::vector<std::string>& no) {
  CAPTURE(pattern);
  Grammar g;
  const Status s = compile(g, pattern, {.search = search, .code_points = {}});
  REQUIRE_MESSAGE(s.ok(), std::string(s.message()));
  for (const std::string& text : yes) CHECK_MESSAGE(naive_matches(g, text), text);
  for (const std::string& text : no) CHECK_MESSAGE(!naive_matches(g, text), text);
}

void refused(const std::string& pattern, infer_status code, const std::string& because) {
  const auto compile_one = [](const std::string& p) {
    Grammar g;
    return compile(g, p);
  };
  check_refused(compile_one, pattern, code, because);
}

}  // namespace

TEST_CASE("a whole text matches what the expression says") {
  check("abc", false, {"abc"}, {"", "ab", "abcd", "xabc"});
  check("[a-c]+x?", false, {"a", "cabx"}, {"", "x", "axx", "d"});
  check("(ab|a)(bc)?", false, {"ab", "a", "abbc", "abc"}, {"abcbc"});
  check("\\d{3}-\\d{4}", false, {"555-1234"}, {"5555-123", "555-123"});
  check("a{2,3}|b{,2}|c{2,}", false, {"aa", "aaa", "", "b", "bb", "cc", "ccccc"}, {"a", "aaaa", "bbb", "c"});
  check("(?<year>\\d{4})-(?P<month>\\d\\d)", false, {"2024-01"}, {"2024-1"});
  check("a*?b+?c??", false, {"b", "aab", "abbc"}, {"a", "c"});
  check("", false, {""}, {"a"});
  check("(a{0}|b{0,0}){5}c", false, {"c"}, {"ac", "bc"});
}

TEST_CASE("a text is code points in UTF-8") {
  check(".", false, {"a", "\r", "é", "€", "😀", std::string(1, '\0')}, {"", "\n", "ab", "\xff", "\xc3", "\xed\xa0\x80"});
  check("[^a]", false, {"\n", "é", "😀"}, {"a", "\x80"});
  check("é+", false, {"éé"}, {"\xc3"});
  check("[α-ω]{2}", false, {"αω"}, {"α", "Αω"});
  check("[😀-😂]", false, {"😁"}, {"😃", "\xf0\x9f\x98"});
}

TEST_CASE("escapes are those of ECMAScript, and Python's that do not contradict it") {
  check("\\t\\n\\r\\f\\v", false, {"\t\n\r\f\v"}, {"tnrfv"});
  check("\\x41\\u00e9\\u{1F600}\\uD83D\\uDE00\\U0001F600", false, {"Aé😀😀😀"}, {});
  check("\\cA\\cj", false, {"\x01\n"}, {});
  check("\\0", false, {std::string(1, '\0')}, {"0", ""});
  check("\\.\\*\\/\\-\\ \\_\\é\\{", false, {".*/- _é{"}, {});
  check("[\\b\\x61\\]\\^-]+", false, {"\b", "a]^-"}, {"b", "\\"});
  check("[\\d\\S]", false, {"1", "a"}, {" "});
  check("[^\\W_]", false, {"a", "Z", "0"}, {"_", "-", "é"});
  check("\\s", false, {" ", "\t", "\v", "\u00a0", "\u2003", "\u2028", "\ufeff"}, {"a", "\u200b", "\u180e"});
  check("\\S", false, {"a", "\u200b"}, {" ", "\u3000"});
  check("\\w\\D", false, {"_é"}, {"é_", "a1"});
  check("{}a{,b}]", false, {"{}a{,b}]"}, {});
}

TEST_CASE("a search is anywhere in the text, but for what an anchor says") {
  check("b", true, {"b", "abc", "\nb\n", "é b"}, {"", "a"});
  check("^b", true, {"b", "bc\n"}, {"ab", "\nb"});
  check("b$", true, {"b", "ab", "\nb"}, {"bc", "b\n"});
  check("^b$", true, {"b"}, {"ab", "bc", "b\n"});
  check("^(a|b$)|c", true, {"a", "ax", "b", "xc", "cx"}, {"bx", "xa", "xb", ""});
  check("(^|,)x(,|$)", true, {"x", "a,x", "x,a", "a,x,b"}, {"ax", "xa", "a,xb"});
  check("^a|b|c$", true, {"ax", "xbx", "xc"}, {"xa", "cx"});
  check("((^a|b)|c)d", true, {"ad", "xbd", "xcdx"}, {"xad"});
  check("(^a)?b", true, {"b", "xb", "ab", "xab"}, {"a"});
  check("\\Aab\\Z", true, {"ab"}, {"xab", "abx"});
  check("(?:(?:^))a(?:(?:$))", true, {"a"}, {"ab", "ba"});
  check("^", true, {"", "a"}, {});
  check("$^", true, {""}, {"a"});
  check("", true, {"", "a", "\n"}, {"\xff"});
}

TEST_CASE("anchors mean nothing where the whole text matches anyway") {
  check("^ab$", false, {"ab"}, {"", "a", "abb"});
  check("^a|b$|^c$", false, {"a", "b", "c"}, {"ab", ""});
  check("(?:^(a|^b)(c|d$))$", false, {"ac", "bd"}, {"a"});
  check("^^a$$", false, {"a"}, {"aa"});
}

TEST_CASE("every pattern matches what Python's re matches") {
  std::ifstream in(testing::golden_path("regex/cases.json"));
  REQUIRE(in.good());
  const auto golden = nlohmann::json::parse(in);
  REQUIRE(golden["cases"].size() == 400);
  for (const auto& c : golden["cases"]) {
    const std::string pattern = c["pattern"], full = c["full"], search = c["search"];
    CAPTURE(pattern);
    for (const bool anywhere : {false, true}) {
      Grammar g;
      const Status s = compile(g, pattern, {.search = anywhere, .code_points = {}});
      REQUIRE_MESSAGE(s.ok(), std::string(s.message()));
      for (size_t i = 0; i < full.size(); ++i) {
        const std::string text = c["texts"][i];
        CAPTURE(text);
        CHECK(naive_matches(g, text) == ((anywhere ? search : full)[i] == '1'));
      }
    }
  }
}

TEST_CASE("a text may begin a match or not") {
  Grammar g;
  REQUIRE(compile(g, "a(b|c){2,3}d|é").ok());
  for (const std::string text : {"", "a", "ab", "abc", "abcb", "abcbd", "abcd", "\xc3"}) CHECK(naive_prefix(g, text));
  for (const std::string text : {"b", "ad", "abd", "abcbc", "abcdd", "\xc4"}) CHECK_FALSE(naive_prefix(g, text));
}

TEST_CASE("every character goes through the function for code points") {
  // As in a JSON string: quotes and backslashes escaped, or the text is the class's itself.
  RegexOptions options{.search = true, .code_points = {}};
  int calls = 0;
  options.code_points = [&](Grammar& g, const std::vector<CodeRange>& ranges, bool negated) {
    calls++;
    const bool quote = std::any_of(ranges.begin(), ranges.end(),
                                   [](CodeRange r) { return r.first <= '"' && r.last >= '"'; }) != negated;
    std::vector<CodeRange> outside = ranges;
    if (negated) outside.push_back({'"', '"'});
    const auto plain = quote && !negated ? Grammar::kNothing : g.code_points(outside, negated);
    return g.choice({plain, quote ? g.literal("\\\"") : Grammar::kNothing});
  };
  Grammar g;
  REQUIRE(compile(g, "\"a+a\"$", options).ok());
  CHECK(calls == 3);
  CHECK(naive_matches(g, "\\\"aa\\\""));
  CHECK(naive_matches(g, "x\\\"x\\\"aaa\\\""));
  CHECK_FALSE(naive_matches(g, "\"aa\""));
  CHECK_FALSE(naive_matches(g, "\\\"aa\\\"x"));
  CHECK_FALSE(naive_matches(g, "\"\\\"aa\\\""));
}

TEST_CASE("what no language of texts has is refused by name and place") {
  const auto no = [](const std::string& pattern, const std::string& because) {
    refused(pattern, INFER_E_UNSUPPORTED, because);
  };
  no("a(?=b)", "character 2: lookahead '(?='");
  no("é(?!b)", "character 2: negative lookahead");
  no("(?<=a)b", "lookbehind '(?<='");
  no("(?<!a)b", "negative lookbehind");
  no("(?>a)", "atomic group");
  no("(a)\\1", "character 4: the backreference '\\1'");
  no("(?<x>a)\\k<x>", "backreference '\\k'");
  no("(?P<x>a)(?P=x)", "backreference '(?P='");
  no("\\bfoo", "character 1: the word boundary '\\b'");
  no("fo\\Bo", "word boundary '\\B'");
  no("(?i)a", "flags '(?i'");
  no("(?-m:a)", "flags '(?-'");
  no("(a)(?(1)b|c)", "condition");
  no("(?#x)a", "comment");
  no("\\p{L}+", "Unicode property '\\p'");
  no("[\\P{Lu}]", "character 2: the Unicode property '\\P'");
  no("a++", "character 2: the possessive quantifier '++'");
  no("a{2}+", "possessive");
  no("\\012", "octal");
  no("[[:alpha:]]", "'[:alpha:]'");
  no("[]a]", "']' first in a class");
  no("[^]", "']' first in a class");
}

TEST_CASE("an anchor that would only sometimes hold is refused where it is") {
  const auto no = [](const std::string& pattern, const std::string& because) {
    refused(pattern, INFER_E_UNSUPPORTED, because);
  };
  no("a^b", "character 2: '^' is not at the beginning");
  no("a$b", "character 2: '$' is not at the end");
  no("a?^b", "'^' is not at the beginning");
  no("(a|b$)c", "character 5: '$' is not at the end");
  no("a(b|^c)", "'^' is not at the beginning");
  no("(^a)*", "character 5: an anchor ('^', '$') is repeated");
  no("(a$)+", "is repeated");
  no("$a", "'$' is not at the end");
  no("a^", "'^' is not at the beginning");
  no("x(^a)?", "'^' is not at the beginning");
}

TEST_CASE("what is malformed is refused by place") {
  const auto no = [](const std::string& pattern, const std::string& because) {
    refused(pattern, INFER_E_INVALID, because);
  };
  no("*", "character 1: '*' has nothing to repeat");
  no("a|+b", "character 3: '+' has nothing to repeat");
  no("(?:?)", "nothing to repeat");
  no("({2})", "'{2}' has nothing to repeat");
  no("^*", "'*' has nothing to repeat");
  no("a**", "character 3: '*' repeats a quantifier");
  no("a{2}{3}", "'{3}' repeats a quantifier");
  no("a???", "repeats a quantifier");
  no("[ab", "character 1: '[' is not closed");
  no("[", "'[' is not closed");
  no("[a-", "'[' is not closed");
  no("[a\\]", "'[' is not closed");
  no("(a", "character 1: '(' is not closed");
  no("(a|(b)", "character 1: '(' is not closed");
  no("a)", "character 2: ')' closes nothing");
  no("[b-a]", "the range 'b-a' ends before it begins");
  no("[\\d-a]", "range of classes");
  no("[a-\\w]", "range of classes");
  no("a{3,2}", "'{3,2}' ends before it begins");
  no("\\", "'\\' at the end");
  no("\\q", "'\\q' is not a known escape");
  no("[\\B]", "'\\B' is not a known escape");
  no("[\\A]", "'\\A' is not a known escape");
  no("[\\1]", "'\\1' is not a known escape");
  no("\\x4", "'\\x' is not followed");
  no("\\ud800", "'\\u' is not followed");
  no("\\ud800\\u0041", "'\\u' is not followed");
  no("\\u{110000}", "'\\u' is not followed");
  no("\\u{}", "'\\u' is not followed");
  no("\\c1", "'\\c' is not followed");
  no("(?<1>a)", "not the name of a group");
  no("(?<>a)", "not the name of a group");
  no("(?*)", "begins no known group");
  no("(?", "begins no known group");
  no("a\xff", "not UTF-8");
  no("\xed\xa0\x80", "not UTF-8");
}

TEST_CASE("hostile expressions are answered by a sentence, soon") {
  refused(std::string(60'000, '('), INFER_E_INVALID, "character 49: more than 48 levels");
  refused(repeated("(", 60'000) + "a" + repeated(")", 60'000), INFER_E_INVALID, "more than 48 levels");
  refused(repeated("(?:a|", 60'000), INFER_E_INVALID, "");
  refused(repeated("(a", 50'000) + repeated(")*", 50'000), INFER_E_INVALID, "more than 48 levels");
  refused("a{1000000}", INFER_E_INVALID, "character 2: '{1000000}' repeats more than 10000 times");
  refused("a{0,99999999999999999999999999}", INFER_E_INVALID, "repeats more than 10000 times");
  refused(std::string(60'000, '*'), INFER_E_INVALID, "nothing to repeat");
  refused(std::string(60'000, '['), INFER_E_INVALID, "'[' is not closed");
  refused(std::string(60'001, '\\') + "q", INFER_E_INVALID, "not a known escape");
  refused(std::string(300'000, 'a'), INFER_E_INVALID, "300000 bytes, more than 262144");
  refused(repeated("a{", 100'000) + "(", INFER_E_INVALID, "'(' is not closed");
  refused(repeated("[^é]?[^ü]?", 20'000) + repeated("^", 20'000), INFER_E_UNSUPPORTED, "'^' is not at the beginning");
  refused("(?<" + std::string(200'000, 'a'), INFER_E_INVALID, "not the name of a group");
  refused("a{2}{" + std::string(200'000, '0') + "}", INFER_E_INVALID, "000..' repeats a quantifier");
  std::string classes;  // each another, and of several parts
  for (int i = 0; i < 19'000; ++i) classes += str("[^\\u", 1000 + i % 9000, "\\x", 10 + i / 9000, "]");
  refused(classes, INFER_E_INVALID, "more than 200000 parts");
}

TEST_CASE("large expressions that are in order are compiled soon") {
  for (const std::string& pattern :
       {std::string("(a|aa)*.{0,2000}b.{2000}"), std::string("((a{1000}){1000}){1000}"), std::string(250'000, 'a'),
        repeated("a|", 120'000), repeated("(", 48) + std::string(200'000, 'a') + repeated(")", 48),
        repeated("a?", 100'000), "[" + repeated("é-ü", 40'000) + "]"}) {
    const std::string begin = pattern.substr(0, 40);
    CAPTURE(begin);
    Grammar g;
    const double started = seconds();
    const Status s = compile(g, pattern, {.search = true, .code_points = {}});
    CHECK(seconds() - started < kSoon);
    CHECK_MESSAGE(s.ok(), std::string(s.message()));
  }
}
