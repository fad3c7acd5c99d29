// Grammars in EBNF, of the W3C and of ISO 14977: what they match, and what is refused.
#include "text/constraint/ebnf.h"

#include <doctest/doctest.h>

#include "base/utf8.h"
#include "tests/support/naive_grammar.h"
#include "tests/unit/constraint/refusal.h"

using namespace infer;
using namespace infer::text;
using testing::naive_matches;

namespace {

void check(const std::string& source, const std::vector<std::string>& yes, const std::vector<std::string>& no) {
  CAPTURE(source);
  Grammar g;
  const Status s = g.finish_with(compile_ebnf(g, source));
  REQUIRE_MESSAGE(s.ok(), std::string(s.message()));
  for (const std::string& text : yes) CHECK_MESSAGE(naive_matches(g, text), text);
  for (const std::string& text : no) CHECK_MESSAGE(!naive_matches(g, text), text);
}

void refused(const std::string& source, const std::string& because, infer_status code = INFER_E_INVALID) {
  const auto compile = [](const std::string& s) {
    Grammar g;
    return g.finish_with(compile_ebnf(g, s));
  };
  check_refused(compile, source, code, because);
}

}  // namespace

TEST_CASE("W3C: operators, classes, characters by number, exceptions") {
  check("a ::= 'x' \"y\"? (z | #x31)* [^a-c#x0-#x1F]+\nz ::= [zZ]", {"xq", "xyq", "xzZ1!", "xy11d"},
        {"x", "xya", "yq"});
  check("a ::= [a-z] - [aeiou]", {"b", "z"}, {"a", "u", "-"});
  check("l ::= [a-z]\nroot ::= (l - ('x' | [#x79-#x7a]))+ ", {"a", "waw"}, {"x", "ay", ""});
  check("a ::= 'it''s' | \"\\n\"", {"its", "\\n"}, {"\n"});
  check("a ::= #x20AC #x1F600", {"\xe2\x82\xac\xf0\x9f\x98\x80"}, {"\xe2\x82\xac"});
  check("a ::= b |\nb ::= 'b'", {"", "b"}, {"bb"});
  check("a ::= [#-+] [-a] [a-]", {"#--", "+a-"}, {"-a-", "#b-"});
}

TEST_CASE("W3C: as specifications print it, with numbers, notes and comments") {
  // Of XML 1.0, chapter 2.8 and 3.1, and what they need.
  check(R"(
[40] STag ::= '<' Name (S Attribute)* S? '>' [ WFC: not read as a note ]?
[5]  Name ::= NameStartChar (NameChar)* /* a comment */
[4]  NameStartChar ::= ":" | [A-Z] | "_" | [a-z] | [#xC0-#xD6]
[4a] NameChar ::= NameStartChar | "-" | "." | [0-9] | #xB7
[3]  S ::= (#x20 | #x9 | #xD | #xA)+
[41] Attribute ::= Name Eq AttValue  [ vc: Attribute Value Type ] [ wfc: No External Entity References ]
[25] Eq ::= S? '=' S?
[10] AttValue ::= '"' [^<&"]* '"' | "'" [^<&']* "'"
)",
        {"<a>", "<x:y a='1' b = \"'\" >", "<\xc3\x80 _=''>"}, {"<1>", "<a a>", "<a b='<'>", "<a", "< a>"});
}

TEST_CASE("ISO: lists, options, repetitions, names of several words, exceptions") {
  check("a = \"x\", [y], {\"z\" | 'w'}; (* a comment *) y = 'y';", {"x", "xy", "xyzwz"}, {"", "xyy", "y"});
  check("the first = 3 * other one, 2 * 'b' . other one = 'a' / 'c' ! 'd'.", {"aaabb", "acdbb"}, {"aabb", "aaab"});
  check("letter = 'a' | 'b' | 'c'; root = letter - 'b', (/ '!' /), (: '?' :);", {"a", "c!", "a!??"}, {"b", "a!!"});
  check("a = ('x' | ), 'y';", {"y", "xy"}, {"x"});
  // Of the standard, 8.1, in short.
  check(R"(syntax = syntax rule, {syntax rule};
           syntax rule = meta identifier, '=', definitions list, ';';
           definitions list = single definition, {'|', single definition};
           single definition = term, {',', term};
           term = meta identifier | "'", letter, {letter}, "'" | '[', definitions list, ']';
           meta identifier = letter, {letter | digit};
           letter = 'a' | 'b' | 'c'; digit = '1' | '2';)",
        {"a=b;", "a1='abc',[b|c],c;b=a;"}, {"a=;", "1=a;", "a=b"});
}

TEST_CASE("a grammar with a mistake is refused where it is") {
  refused("", "no rule");
  refused("a", "where '=' after 'a' is expected");
  refused("a ::= b", "rule 'b' is not defined");
  refused("a ::= 'b", "line 1, column 7: ' is not closed");
  refused("a ::= ('b'", "'(' is not closed");
  refused("a ::= [b", "'[' is not closed");
  refused("a ::= [b-a]", "ends before it begins");
  refused("a ::= []", "an empty class");
  refused("a ::= #41", "'#' is not followed by x");
  refused("a ::= #xD800", "'#' is not followed by x");
  refused("a ::= 'a'\na ::= 'b'", "a second time, first in line 1");
  refused("a ::= 'a' /* b", "a comment is not closed");
  refused("a ::= 'a' ) b", "')' where more of rule 'a', or the next is expected");
  refused("a = 'a'", "the end where more of rule 'a', or ';' is expected");
  refused("a = 'a',;", "';' where something after ',' is expected");
  refused("a = 2 'a';", "where '*' after a number is expected");
  refused("a = '';", "an empty text");
  refused("a = 20000 * 'a';", "repeats more than 10000 times");
  refused("a ::= 'a' -", "where what is excepted, after '-', is expected");
  refused("a ::= a 'b' | 'c'", "begins with itself", INFER_E_UNSUPPORTED);
  refused("a ::= [^<]* - ']]>'", "is not of single characters", INFER_E_UNSUPPORTED);
  refused("a ::= b - 'c' \n b ::= [a-c]", "is not of single characters", INFER_E_UNSUPPORTED);
  refused("a = ? any ?;", "special sequences", INFER_E_UNSUPPORTED);
  refused("a ::= [a-a] - 'a'", "no text matches");
  refused("a ::= \xff", "not UTF-8");
}

TEST_CASE("grammars that were made to do harm are refused soon") {
  refused("a ::= " + repeated("(", 100'000), "more than 48 levels of brackets");
  refused("a = " + repeated("[{", 50'000), "more than 48 levels of brackets");
  refused("a ::= " + repeated("x ", 150'000), "more than 262144");
  std::string many;
  for (int i = 0; i < 3000; ++i) many += str("a", i, "::='a'\n");
  refused(many, "more than 2000 rules");
  refused("a ::= " + repeated("/* ", 80'000), "a comment is not closed");
  refused("a ::= 'a' " + repeated("[", 200'000), "'[' is not closed");
  refused("a ::= ([1] " + repeated("[1]", 80'000), "is not closed");
}

TEST_CASE("rules that are one character take little time and memory, however they are made of each other") {
  std::string doubled = "r0 ::= 'x'\n";
  for (int i = 1; i <= 60; ++i) doubled += str("r", i, " ::= r", i - 1, "|r", i - 1, "\n");
  // Of many ranges, none of which touch, used many times.
  const auto used = [](uint32_t n_ranges, const std::string& between, size_t times) {
    std::string source = "x ::= [";
    for (uint32_t i = 0; i < n_ranges; ++i) append_utf8(source, 0x100 + 2 * i);
    return source + "]\nroot ::= x" + repeated(between + "x", times) + "\n";
  };
  for (const std::string& source :
       {doubled, used(30'000, "|", 60'000), used(30'000, " ", 4000), used(512, "|", 60'000), used(512, "-", 10)}) {
    CAPTURE(source.substr(0, 200));
    const double started = seconds();
    Grammar g;
    (void)g.finish_with(compile_ebnf(g, source));
    CHECK(seconds() - started < kSoon);
  }
  check(doubled + "root ::= (r60 | [a-c]) - [b]", {"x", "a", "c"}, {"b", "xx"});
}
