// Messages and variables as templates see them, and what errors say.
#include <doctest/doctest.h>

#include "chat.h"

using namespace infer;
using namespace infer::text;

static std::string text_of(const std::string& source, const Template::Context& context = {}) {
  const auto r = render(source, context);
  REQUIRE_MESSAGE(r.ok(), std::string(r.status().message()));
  return r->text;
}

static Status failure_of(const std::string& source, const Template::Context& context = {}) {
  const auto r = render(source, context);
  REQUIRE_FALSE(r.ok());
  return r.status();
}

TEST_CASE("the text parts of a message are one string") {
  Template::Context c;
  c.messages = {{"user", {{"text", "a"}, {"text", "b"}}, ""}};
  CHECK(text_of("{{ messages[0].role }}:{{ messages[0].content }}", c) == "user:ab");
}

TEST_CASE("a part that is not text is unsupported and named") {
  Template::Context c;
  c.messages = {{"user", {{"text", "a"}, {"image", "..."}}, ""}};
  const Status s = failure_of("{{ messages[0].content }}", c);
  CHECK(s.code() == INFER_E_UNSUPPORTED);
  CHECK(s.message().find("'image'") != std::string::npos);
}

TEST_CASE("further fields of a message come from JSON") {
  Template::Context c;
  c.messages = {{"assistant", {{"text", "x"}}, R"({"tool_calls": [{"id": "1"}], "n": 2.5})"}};
  CHECK(text_of("{{ messages[0].tool_calls[0].id }}{{ messages[0].n }}", c) == "12.5");
  c.messages[0].fields_json = "[1]";
  CHECK(failure_of("", c).code() == INFER_E_INVALID);
  c.messages[0].fields_json = "{\"a\": ";
  CHECK(failure_of("", c).message().find("not JSON") != std::string::npos);
}

TEST_CASE("variables that are JSON keep types and order, and are refused when they nest too deep") {
  Template::Context c;
  c.extra_json["v"] = R"({"z": 1, "a": [true, null, -3, 1e2, "\u00e9"]})";
  CHECK(text_of("{{ v }}", c) == "{'z': 1, 'a': [True, None, -3, 100.0, '\xc3\xa9']}");
  c.extra_json["v"] = std::string(100'000, '[');
  CHECK(failure_of("{{ v }}", c).message().find("deeper") != std::string::npos);
  c.extra_json["v"] = std::string(60, '[') + std::string(60, ']');
  CHECK(text_of("{{ v | length }}", c) == "1");
}

TEST_CASE("the defaults of a chat without tools are those of Hugging Face transformers") {
  CHECK(text_of("{{ tools is none }}{{ documents is none }}{{ messages | length }}{{ add_generation_prompt }}{{ "
                "bos_token == '' }}") == "TrueTrue0TrueTrue");
}

TEST_CASE("raise_exception passes its words on unchanged") {
  const Status s = failure_of("\n\n{{ raise_exception('Roles must alternate: ' ~ 1) }}");
  CHECK(s.code() == INFER_E_INVALID);
  CHECK(s.message() == "Roles must alternate: 1");
}

TEST_CASE("an error in the source says where it is and what was expected") {
  const auto message = [](const std::string& source) {
    const auto r = Template::compile(source);
    REQUIRE_FALSE(r.ok());
    return std::string(r.status().message());
  };
  CHECK(message("a\n  {{ x + }}") == "chat template, line 2, column 10: expected an expression, found '}}'");
  CHECK(message("{% if x %}") == "chat template, line 1, column 11: the template ends where 'elif' was expected");
  CHECK(message("{{ x | nosuch }}") == "chat template, line 1, column 8: there is no filter 'nosuch'");
  CHECK(message("{% include 'a' %}") == "chat template, line 1, column 4: the statement 'include' is not supported");
  CHECK(message("{{ 'abc }}") == "chat template, line 1, column 4: this string has no end: expected '");
  CHECK(message("\xc3\xa9 {{ ? }}") ==
        "chat template, line 1, column 6: a character that has no place in an expression");
}

TEST_CASE("an error while rendering says where it happened") {
  CHECK(failure_of("x\n{% if true %}{{ 1 + none }}{% endif %}").message() ==
        "chat template, line 2, column 19: '+' does not work between 'int' and 'NoneType'");
  CHECK(failure_of("{{ a.b }}").message() == "chat template, line 1, column 6: 'a' is undefined");
}

TEST_CASE("bytes that are not UTF-8 pass through") {
  Template::Context c;
  c.messages = {{"user", {{"text", std::string("a\xff\xc3(\x80") + '\0' + "z "}}, ""}};
  CHECK(text_of("{{ messages[0].content | trim }}", c) == std::string("a\xff\xc3(\x80") + '\0' + "z");
  CHECK(text_of("{{ messages[0].content | upper }}|{{ messages[0].content | length }}", c) ==
        std::string("A\xff\xc3(\x80") + '\0' + "Z |8");
}

TEST_CASE("a compiled template renders many times with the same result") {
  const auto t = Template::compile(
      "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}");
  REQUIRE(t.ok());
  Template::Context c;
  c.messages.resize(3);
  for (int i = 0; i < 3; i++) {
    const auto r = (*t)->render(c);
    REQUIRE(r.ok());
    CHECK(r->text == "3");
  }
}
