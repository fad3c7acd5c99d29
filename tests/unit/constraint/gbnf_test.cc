// Grammars in GBNF: what they match, and what is refused. Those of llama.cpp's documentation are among them.
#include "text/constraint/gbnf.h"

#include <doctest/doctest.h>

#include "tests/support/naive_grammar.h"
#include "tests/unit/constraint/refusal.h"

using namespace infer;
using namespace infer::text;
using testing::naive_matches;
using testing::naive_prefix;

namespace {

void check(const std::string& source, const std::vector<std::string>& yes, const std::vector<std::string>& no) {
  CAPTURE(source);
  Grammar g;
  const Status s = g.finish_with(compile_gbnf(g, source));
  REQUIRE_MESSAGE(s.ok(), std::string(s.message()));
  for (const std::string& text : yes) CHECK_MESSAGE(naive_matches(g, text), text);
  for (const std::string& text : no) CHECK_MESSAGE(!naive_matches(g, text), text);
}

void refused(const std::string& source, const std::string& because, infer_status code = INFER_E_INVALID) {
  const auto compile = [](const std::string& s) {
    Grammar g;
    return g.finish_with(compile_gbnf(g, s));
  };
  check_refused(compile, source, code, because);
}

const char* const kChess = R"(# `root` specifies the pattern for the overall output
root ::= (
    # it must start with the characters "1. " followed by a sequence
    "1. " move " " move "\n"

    # it's followed by one or more subsequent moves, numbered with one or two digits
    ([1-9] [0-9]? ". " move " " move "\n")+
)
move ::= (pawn | nonpawn | castle) [+#]?
nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
castle ::= "O-O" "-O"?
)";

const char* const kJson = R"(root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws

object ::=
  "{" ws (
            string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws

array  ::=
  "[" ws (
            value
    ("," ws value)*
  )? "]" ws

string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws

number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws

# Optional space: by convention, applied in this grammar after literal chars when allowed
ws ::= | " " | "\n" [ \t]{0,20}
)";

}  // namespace

TEST_CASE("rules are sequences of alternatives of literals, classes and rules") {
  check("root ::= \"a\" b | [x-z]+\nb ::= \"b\"", {"ab", "x", "zyx"}, {"", "a", "abx", "w"});
  check("root ::= \"a\"? (\"b\" | c)* .\nc ::= \"c\"", {"ab", "\n", "bcbcé"}, {"", "aa b"});
  check("root ::= [^a-c\\n] [-a] [a-] [+--] [\\]\\[]", {"d-a-]", "éa--["}, {"a-a-]", "\n-a-]"});
  check("root ::= ", {""}, {"a"});
  check("root ::= \"\" () ( | \"a\")", {"", "a"}, {"aa"});
}

TEST_CASE("repetitions are counted") {
  check("root ::= \"a\"{2}", {"aa"}, {"a", "aaa"});
  check("root ::= \"ab\" {1,}", {"ab", "ababab"}, {"", "aba"});
  check("root ::= [ab]{ 1 , 2 }", {"a", "ba"}, {"", "aba"});
  check("root ::= \"a\"{,2}", {"", "a", "aa"}, {"aaa"});
  check("root ::= \"a\"{0}\"b\"", {"b"}, {"ab"});
  check("root ::= \"a\"+?", {"", "a", "aa"}, {"b"});
  check("root ::= (\"a\"{2}){2} \"b\"?*", {"aaaa", "aaaabb"}, {"aaa"});
}

TEST_CASE("escapes are code points") {
  check("root ::= \"\\x41\\u00e9\\U0001F600\\\"\\\\\\n\\r\\t\"", {"Aé😀\"\\\n\r\t"}, {});
  check("root ::= [\\x41-\\x43] [\\u03b1-\\u03c9] [\\U0001F600-\\U0001F602]", {"Bβ😁"}, {"Dβ😁"});
  check("root ::= \"\\uD83D\\uDE00\" '\\'\"' \"'\"", {"😀'\"'"}, {});
  check("root ::= \"\\f\\b\\0\\/\"", {std::string("\f\b\0/", 4)}, {});
  check("root ::= \"é\" [ぁ-ゟ]+", {"éひらがな"}, {"éカ"});
}

TEST_CASE("lines end where llama.cpp has them end, and where the next rule says so") {
  check("# comment\nroot ::= \"a\" | # more\n  b # end\n\n\nb ::= \"b\" # no line end", {"a", "b"}, {"ab"});
  check("root ::=\n  \"a\"\nb ::= \"b\"\r\n", {"a"}, {"b"});
  check("root ::= \"a\"\n  | \"b\"\n  \"c\"\n  ;", {"a", "bc"}, {"b"});
  check("root = 'a' b ; b : \"b\" ; c := 'c'", {"ab"}, {"a"});
  check("root ::= (\n\n \"a\" # in parentheses\n b\n)+\nb ::= \"b\"", {"ab", "abab"}, {"a"});
  check("empty ::=\nroot ::= \"a\" empty rule_2-x 3d\nrule_2-x ::= \"2\"\n3d ::= \"3\"", {"a23"}, {"a"});
}

TEST_CASE("rules refer to themselves") {
  check("root ::= \"(\" root \")\" | \"\"", {"", "()", "((()))"}, {"(", "(()", ")("});
  check("root ::= item (\",\" item)*\nitem ::= [0-9]+ | \"[\" root \"]\"", {"1", "1,[2,[33]],4"}, {"", "1,", "[1"});
}

TEST_CASE("the grammars of llama.cpp's documentation are read") {
  check(kChess, {"1. e4 e5\n2. Nf3 Nc6\n", "1. O-O O-O-O+\n12. exd8=Q Ke2#\n"}, {"1. e4 e5\n", "1. e9 e5\n2. a1 a2\n"});
  check(kJson, {"{}", "{\"a\": [1, -2.5e1,\"\\u00e9\\n\", null],\"b\": {\"c\": true} }"},
        {"[]", "{\"a\"}", "{\"\n\": 1}"});
  Grammar g;
  REQUIRE(g.finish_with(compile_gbnf(g, kJson)).ok());
  for (const std::string text : {"", "{", "{\"a", "{\"a\": [1, -", "{\"\\u00"}) CHECK(naive_prefix(g, text));
  for (const std::string text : {"[", "{a", "{\"a\" 1", "{} x"}) CHECK_FALSE(naive_prefix(g, text));
}

TEST_CASE("what can never be completed begins nothing") {
  Grammar g;
  REQUIRE(g.finish_with(compile_gbnf(g, "root ::= \"a\" | \"b\" loop\nloop ::= \"c\" loop")).ok());
  CHECK(naive_prefix(g, "a"));
  CHECK_FALSE(naive_prefix(g, "b"));
}

TEST_CASE("mistakes are named with line and column") {
  refused("root ::= a\nb ::= \"b\"", "line 1, column 10: rule 'a' is not defined");
  refused("root ::= \"é\" a", "line 1, column 14: rule 'a' is not defined");
  refused("root ::= \"a\"\nb ::= \"b\"\n root ::= \"c\"",
          "line 3, column 2: rule 'root' is defined a second time, first in line 1, column 1");
  refused("main ::= \"a\"", "no rule is called 'root'");
  refused("", "no rule is called 'root'");
  refused("# nothing\n", "no rule is called 'root'");
  refused("root \"a\"", "line 1, column 6: '\"' where '::=' after 'root' is expected");
  refused("::= \"a\"", "':' where a rule's name is expected");
  refused("root ::= \"a", "line 1, column 10: \" is not closed");
  refused("root ::= 'a", "' is not closed");
  refused("root ::= [a", "'[' is not closed");
  refused("root ::= [a-", "'[' is not closed");
  refused("root ::= []", "an empty class");
  refused("root ::= [z-a]", "the range 'z-a' ends before it begins");
  refused("root ::=\n (\"a\"\n", "line 2, column 2: '(' is not closed");
  refused("root ::= (\"a\"\nb ::= \"b\"", "line 1, column 10: '(' is not closed");
  refused("root ::= \"a\")", "column 13: ')' where more of rule 'root', or the next is expected");
  refused("root ::= \"a\" - \"b\"", "column 14: '-' where");
  refused("root ::= *", "'*' has nothing to repeat");
  refused("root ::= \"a\" | {2}", "'{' has nothing to repeat");
  refused("root ::= \"a\"{}", "not a number of repetitions");
  refused("root ::= \"a\"{,}", "not a number of repetitions");
  refused("root ::= \"a\"{2", "not a number of repetitions");
  refused("root ::= \"a\"{3,2}", "'{3,2}' ends before it begins");
  refused("root ::= \"a\"{2}{3}", "'{3}' repeats a repetition");
  refused("root ::= \"\\q\"", "line 1, column 11: '\\' before 'q' is not a known escape");
  refused("root ::= \"\\x4\"", "'\\x' is not followed");
  refused("root ::= \"\\uD800\"", "'\\u' is not followed");
  refused("root ::= \"\\U00110000\"", "'\\U' is not followed");
  refused("root ::= \"\\", "'\\' at the end");
  refused("root ::= \"\xff\"", "not UTF-8");
  refused("root ::= root \"a\" | \"a\"", "begins with itself", INFER_E_UNSUPPORTED);
  refused("root ::= <think> .*", "line 1, column 10: tokens", INFER_E_UNSUPPORTED);
  refused("root ::= !<[1000]>", "tokens", INFER_E_UNSUPPORTED);
}

TEST_CASE("hostile grammars are answered by a sentence, soon") {
  refused("root ::= " + std::string(60'000, '('), "more than 48 levels of parentheses");
  refused("root ::= " + repeated("(", 60'000) + "\"a\"" + repeated(")*", 60'000), "more than 48 levels");
  refused("root ::= \"a\"{1000000}", "'{1000000}' repeats more than 10000 times");
  refused("root ::= " + repeated("\"a\"{99999999999999999999} ", 1000), "repeats more than 10000 times");
  refused(std::string(300'000, 'a'), "300000 bytes, more than 262144");
  std::string chain = "root ::= r0\n";
  for (int i = 0; i < 3000; ++i) chain += str("r", i, " ::= \"a\" r", i + 1, "\n");
  refused(chain, "more than 2000 rules");
  refused("root ::= " + std::string(250'000, 'x'), "rule 'xxx");
  refused("root ::= " + repeated("x ", 100'000), "rule 'x' is not defined");
}

TEST_CASE("large grammars that are in order are read soon") {
  std::string chain = "root ::= r0\n";
  for (int i = 0; i < 1998; ++i) chain += str("r", i, " ::= \"a\" r", i + 1, "\n");
  chain += "r1998 ::= \"b\"\n";
  for (const std::string& source :
       {chain, "root ::= [a]" + std::string(200'000, '?'), "root ::= " + repeated("[a] ", 60'000),
        "root ::= " + repeated("| ", 100'000), "root ::= " + repeated("\n", 200'000) + "\"a\""}) {
    const std::string begin = source.substr(0, 40);
    CAPTURE(begin);
    Grammar g;
    const double started = seconds();
    const Status s = g.finish_with(compile_gbnf(g, source));
    CHECK(seconds() - started < kSoon);
    CHECK_MESSAGE(s.ok(), std::string(s.message()));
  }
}
