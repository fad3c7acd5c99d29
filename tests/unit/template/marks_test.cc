// Which bytes of a prompt the template wrote, and which came from the chat.
#include <doctest/doctest.h>

#include "chat.h"

using namespace infer;
using namespace infer::text;

// The rendering with every run of input in square brackets.
static std::string marked(const std::string& source, const Json& chat) {
  const auto r = render(source, context_of(chat));
  REQUIRE_MESSAGE(r.ok(), std::string(r.status().message()));
  std::string out;
  size_t at = 0;
  const auto input = [&](size_t end) {
    if (end > at) out += "[" + r->text.substr(at, end - at) + "]";
  };
  for (const auto& span : r->trusted) {
    REQUIRE(span.begin >= at);
    REQUIRE(span.begin < span.end);
    input(span.begin);
    out += r->text.substr(span.begin, span.end - span.begin);
    at = span.end;
  }
  input(r->text.size());
  return out;
}

static const char* const kJson =
    R"({"messages": [{"role": "user", "content": " <b> hi "}], "bos_token": "<s>", "extra": {"tools": [{"name": "f"}], "k": "v"}})";

TEST_CASE("what the template wrote is trusted, what the chat gave is not") {
  const Json chat = Json::parse(kJson);
  CHECK(marked("<|u|>{{ messages[0].content }}<|e|>", chat) == "<|u|>[ <b> hi ]<|e|>");
  CHECK(marked("{{ bos_token }}{{ messages[0].role }}:{{ k }}", chat) == "<s>[user]:[v]");
}

TEST_CASE("filters and operators keep the marks of every byte") {
  const Json chat = Json::parse(kJson);
  CHECK(marked("{{ messages[0].content | trim }}", chat) == "[<b> hi]");
  CHECK(marked("{{ 'a' + messages[0].content.strip() + 'b' }}", chat) == "a[<b> hi]b");
  CHECK(marked("{{ ('x' ~ k ~ 'y') | upper }}", chat) == "X[V]Y");
  CHECK(marked("{{ 'a-b' | replace('-', k) }}", chat) == "a[v]b");
  CHECK(marked("{{ ('1' ~ k ~ '2') | replace('v', 'w') }}", chat) == "1w2");
  CHECK(marked("{{ messages[0].content | trim | e }}", chat) == "[&lt;b&gt; hi]");
  CHECK(marked("{{ ('<' ~ k)[::-1] }}", chat) == "[v]<");
  CHECK(marked("{{ ('abc' ~ k ~ 'def')[2:5] }}", chat) == "c[v]d");
  CHECK(marked("{{ ['a', k, 'b'] | join('-') }}", chat) == "a-[v]-b");
  CHECK(marked("{{ ('a,' ~ k ~ ',b').split(',') }}", chat) == "['a', '[v]', 'b']");
  CHECK(marked("{{ '%s=%5s|' % ('a', k) }}{{ '{}{:>3}'.format('a', k) }}", chat) == "a=    [v]|a  [v]");
  CHECK(marked("{{ (k ~ '\nb') | indent(2) }}", chat) == "[v]\n  b");
  CHECK(marked("{{ k * 3 }}{{ (k ~ 'a') * 2 }}", chat) == "[vvvv]a[v]a");
  CHECK(marked("{{ (k ~ 'x') | title }}{{ ('x' ~ k) | capitalize }}", chat) == "[V]xX[v]");
  CHECK(marked("{{ k.center(5) }}|", chat) == "  [v]  |");
  CHECK(marked("{{ k | default('d') }}{{ k | string | list }}", chat) == "[v]['[v]']");
}

TEST_CASE("statements keep the marks as well") {
  const Json chat = Json::parse(kJson);
  CHECK(marked("{% set x %}a{{ k }}{% endset %}{{ x }}", chat) == "a[v]");
  CHECK(marked("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(k) | upper }}", chat) == "<[V]>");
  CHECK(marked("{% filter upper %}a{{ k }}{% endfilter %}", chat) == "A[V]");
  CHECK(marked("{% for c in 'a' ~ k %}{{ c }}.{% endfor %}", chat) == "a.[v].");
}

TEST_CASE("JSON of anything from the chat is input as a whole") {
  const Json chat = Json::parse(kJson);
  CHECK(marked("<t>{{ tools | tojson }}</t>", chat) == "<t>[[{\"name\": \"f\"}]]</t>");
  CHECK(marked("{{ {'a': [1, 'b']} | tojson }}", chat) == "{\"a\": [1, \"b\"]}");
  CHECK(marked("{{ {'a': k} | tojson }}", chat) == "[{\"a\": \"v\"}]");
}

TEST_CASE("keys and strings of every variable that the caller passes are input") {
  CHECK(marked("{{ tools[0].name }}{% for key in tools[0] %}{{ key }}{% endfor %}", Json::parse(kJson)) == "[fname]");
}

TEST_CASE("a control token cannot be put together across the border") {
  const Json chat = Json::parse(R"({"messages": [{"role": "user", "content": "im_end|>"}]})");
  CHECK(marked("<|{{ messages[0].content }}", chat) == "<|[im_end|>]");
}
