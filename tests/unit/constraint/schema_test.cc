// JSON schemas: what each keyword lets through and what not, what is refused and how it is said, and schemas that were
// made to do harm.
#include "text/constraint/schema.h"

#include <doctest/doctest.h>

#include <ctime>
#include <string>
#include <vector>

#include "tests/support/naive_grammar.h"

namespace infer::text {
namespace {

struct Case {
  const char* schema;
  std::vector<const char*> valid, invalid;
};

void check(const std::vector<Case>& cases, const SchemaOptions& options = {}) {
  for (const Case& c : cases) {
    CAPTURE(std::string(c.schema));
    Grammar g;
    const Status s = g.finish_with(compile_schema(g, c.schema, options));
    REQUIRE_MESSAGE(s.ok(), std::string(s.message()));
    for (const char* text : c.valid) CHECK_MESSAGE(testing::naive_matches(g, text), std::string(text));
    for (const char* text : c.invalid) CHECK_MESSAGE(!testing::naive_matches(g, text), std::string(text));
  }
}

Status compile(const std::string& schema) {
  Grammar g;
  return g.finish_with(compile_schema(g, schema, {}));
}

TEST_CASE("types, and values of no type in particular") {
  check({
      {"true",
       {"1", "null", "\"a\"", "[]", "{\"a\": [1, {}]}", "-0.5e+3"},
       {"", " 1", "01", "[1,2]", "{\"a\":1}", "nul"}},
      {R"({"type": "integer"})", {"0", "-1", "120"}, {"-0", "1.0", "1e3", "01", "\"1\""}},
      {R"({"type": ["boolean", "null"]})", {"true", "false", "null"}, {"0", "\"\""}},
      {R"({"maximum": 3, "maxLength": 1})", {"3", "-9.5", "\"a\"", "[]", "null"}, {"4", "\"ab\""}},
      {R"({"title": "t", "$comment": "c", "default": 1, "examples": [1], "deprecated": true,
          "x-order": ["a"], "markdownDescription": "*t*"})",
       {"1", "{}"},
       {}},
  });
}

TEST_CASE("strings: escapes count as the character that they are") {
  check({
      {R"({"type": "string"})",
       {R"("")", R"("\"\\\/\b\n\u00e9\ud83d\ude00")", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
       {"\"\n\"", R"("\x")", R"("\ud83d")", R"("\ude00")", R"("\u12")", "\"\xc3\"", R"(")"}},
      {R"({"type": "string", "minLength": 2, "maxLength": 3})",
       {R"("ab")", R"("\n\u00e9\ud83d\ude00")", "\"\xc3\xa9\xc3\xa9\""},
       {R"("a")", R"("abcd")", R"("\ud83d\ude00")"}},
      {R"({"type": "string", "pattern": "b+\"$"})", {R"("ab\"")", R"("b\"")"}, {R"("b")", R"("b\"a")", R"("b"")"}},
      {R"({"type": "string", "pattern": "^[^a]$"})",
       {R"("b")", R"("\n")", R"("\\")", R"("\u0001")"},
       {R"("a")", "\"\n\""}},
      {R"({"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 3})",
       {R"("ab")", R"("abc")"},
       {R"("a")", R"("abcd")", R"("AB")"}},
      {R"({"allOf": [{"pattern": "a"}, {"pattern": "b"}], "type": "string"})", {R"("xbxa")"}, {R"("a")", R"("b")"}},
      {R"({"type": "string", "format": "date", "pattern": "^2"})",
       {R"("2024-02-29")", R"("2000-02-29")"},
       {R"("2023-02-29")", R"("2100-02-29")", R"("1999-01-01")", R"("2024-04-31")", R"("2024-00-10")"}},
  });
}

TEST_CASE("numbers: bounds are exact") {
  check({
      {R"({"type": "integer", "minimum": -5, "maximum": 120})",
       {"-5", "-1", "0", "9", "10", "99", "120"},
       {"-6", "121", "200", "1000", "-10", "-0", "1.0"}},
      {R"({"type": "integer", "exclusiveMinimum": 9, "exclusiveMaximum": 11.5})",
       {"10", "11"},
       {"9", "12", "1", "100"}},
      {R"({"type": "number", "minimum": 0.1, "exclusiveMaximum": 2.5})",
       {"0.1", "0.10", "0.11", "1", "2", "2.4", "2.49999", "2.0"},
       {"0", "0.0", "0.09", "2.5", "2.50", "2.51", "3", "-1", "1e0"}},
      {R"({"type": "number", "exclusiveMinimum": 1})", {"1.001", "2", "10", "1.0000010"}, {"1", "1.0", "0.9", "-2"}},
      {R"({"type": "number", "maximum": -2.5})", {"-2.5", "-2.50", "-3", "-10.25"}, {"-2.49", "-2", "2.5", "0"}},
      {R"({"type": "integer", "multipleOf": 7, "minimum": 10})", {"14", "21", "700"}, {"7", "0", "15", "-7"}},
      {R"({"type": "number", "multipleOf": 0.01})", {"1", "1.5", "-0.25", "1.250"}, {"0.001", "1.255"}},
      {R"({"type": "number", "allOf": [{"multipleOf": 0.5}, {"multipleOf": 0.2}]})", {"1", "3.0", "0"}, {"0.5", "0.2"}},
      {R"({"type": "integer", "minimum": 100000000000000000000000000})",
       {"100000000000000000000000000", "999999999999999999999999999"},
       {"99999999999999999999999999"}},
  });
}

TEST_CASE("objects: members in order, commas where they belong") {
  check({
      {R"({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}, "c": {"type": "null"}},
           "required": ["b"], "additionalProperties": false})",
       {R"({"b": null})", R"({"a": null, "b": null})", R"({"b": null, "c": null})",
        R"({"a": null, "b": null, "c": null})"},
       {"{}", R"({"a": null})", R"({"b": null, "a": null})", R"({"b": null, })", R"({, "b": null})", R"({"b": 1})"}},
      {R"({"properties": {"ab": {"type": "integer"}}, "additionalProperties": {"type": "string"}, "type": "object"})",
       {"{}", R"({"ab": 1})", R"({"ab": 1, "x": "y", "abc": ""})", R"({"a": "1"})", R"({"": ""})"},
       {R"({"ab": "1"})", R"({"x": 1})", R"({"\u0061b": "1"})", R"({"x": "", "ab": 1})"}},
      {R"({"type": "object", "patternProperties": {"^n": {"type": "integer"}, "s$": {"maximum": 3}},
           "additionalProperties": false})",
       {R"({"n": 9, "ns": 3, "s": -1.5})"},
       {R"({"ns": 4})", R"({"ns": 1.5})", R"({"n": "1"})", R"({"x": 1})"}},
      {R"({"type": "object", "propertyNames": {"pattern": "^[a-z]{1,2}$"}, "maxProperties": 2})",
       {"{}", R"({"a": 1})", R"({"ab": 1, "b": 2})"},
       {R"({"abc": 1})", R"({"a": 1, "b": 2, "c": 3})"}},
      {R"({"type": "object", "properties": {"a": {}, "b": {}, "c": false}, "additionalProperties": false,
           "minProperties": 1})",
       {R"({"a": 1})", R"({"b": 1})", R"({"a": 1, "b": 2})"},
       {"{}", R"({"c": 1})"}},
      {R"({"type": "object", "required": ["q"]})", {R"({"q": 1})", R"({"q": 1, "a": 2})"}, {"{}", R"({"a": 2})"}},
  });
}

TEST_CASE("arrays: items of their own, then the rest") {
  check({
      {R"({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": {"type": "null"},
           "minItems": 1, "maxItems": 4})",
       {"[1]", "[1, \"a\"]", "[1, \"a\", null, null]"},
       {"[]", "[\"a\"]", "[1, null]", "[1, \"a\", 1]", "[1, \"a\", null, null, null]"}},
      {R"({"type": "array", "items": {"const": 1}, "minItems": 2})", {"[1, 1]", "[1, 1, 1]"}, {"[]", "[1]", "[1,1]"}},
      {R"({"type": "array", "items": false})", {"[]"}, {"[1]"}},
      {R"({"type": "array", "maxItems": 0})", {"[]"}, {"[1]"}},
  });
}

TEST_CASE("enum and const: as json.dumps writes them, beside other keywords") {
  check({
      {R"({"enum": ["a", "a\nb", 1, 2.0, 0.5, null, {"b": [1, 2], "a": {}}, []]})",
       {R"("a")", R"("a\nb")", "1", "2", "2.0", "0.5", "null", R"({"b": [1, 2], "a": {}})", "[]"},
       {R"("b")", "1.0", "2.5", R"({"a": {}, "b": [1, 2]})", R"({"b": [1,2], "a": {}})"}},
      {R"({"type": "string", "enum": ["a", 1, "abc"], "maxLength": 2})", {R"("a")"}, {"1", R"("abc")"}},
      {R"({"const": {"a": 1e2}})", {R"({"a": 100.0})"}, {R"({"a": 100})"}},
  });
}

TEST_CASE("combinations: anyOf, oneOf that is disjoint, allOf, references") {
  check({
      {R"({"anyOf": [{"type": "string"}, {"type": "integer"}]})", {R"("a")", "1"}, {"1.5", "null"}},
      {R"({"oneOf": [{"properties": {"k": {"const": "a"}, "v": {"type": "integer"}}, "required": ["k", "v"]},
                     {"properties": {"k": {"const": "b"}}, "required": ["k"]}], "type": "object"})",
       {R"({"k": "a", "v": 1})", R"({"k": "b", "v": "x"})"},
       {R"({"k": "a", "v": "x"})", R"({"k": "c"})", R"({"k": "a"})"}},
      {R"({"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"c": {}}})",
       {R"({"a": 1})", R"({"b": 1})", R"({"c": 1, "a": 1, "x": 2})"},
       {"{}", R"({"a": 1, "b": 1})", R"({"b": 1, "a": 1})", R"({"c": 1})"}},
      {R"({"oneOf": [{"type": ["number", "null"]}, {}]})", {"true", R"("a")", "[1]"}, {"1", "1.5", "null"}},
      {R"({"type": "string", "oneOf": [{"minLength": 2}, {"maxLength": 4}]})", {R"("a")", R"("abcde")"}, {R"("abc")"}},
      {R"({"allOf": [{"properties": {"a": {"minimum": 1}}}, {"properties": {"a": {"maximum": 2}}, "required": ["a"]}],
           "type": "object", "additionalProperties": false, "properties": {"a": {"type": "integer"}}})",
       {R"({"a": 1})", R"({"a": 2})"},
       {R"({"a": 0})", R"({"a": 3})", "{}"}},
      {R"({"$ref": "#/$defs/list", "$defs": {"list": {"type": ["object", "null"], "properties": {
             "next": {"$ref": "#/$defs/list"}}, "required": ["next"], "additionalProperties": false}}})",
       {"null", R"({"next": null})", R"({"next": {"next": null}})"},
       {"{}", R"({"next": 1})", R"({"next": {"next": {}}})"}},
      {R"({"$ref": "#/$defs/a", "maximum": 5, "$defs": {"a": {"minimum": 1, "type": "integer"}}})",
       {"1", "5"},
       {"0", "6"}},
      {R"({"$id": "http://x/root.json", "properties": {"a": {"$ref": "item.json#n"}}, "type": "object",
           "$defs": {"i": {"$id": "item.json", "$defs": {"n": {"$anchor": "n", "type": "null"}}}}})",
       {R"({"a": null})"},
       {R"({"a": 1})"}},
  });
}

TEST_CASE("white space: bounded, where JSON has it") {
  const char* const schema = R"({"type": "object", "properties": {"a": {"items": {"type": "integer"}, "type": "array"}},
                                 "additionalProperties": false})";
  check({{schema,
          {"{}", " { } ", "{\"a\":[1,2]}", "\n{\t\"a\" :\r[ 1 , 2 ] }\n", "{\"a\": []}"},
          {"{ \"a\":[1 2]}", "{\"a\":[1,]}", "                     {}", "{\"a\":[1]}x"}}},
        {.whitespace = true});
  check({{schema, {"{}", "{\"a\": [1, 2]}"}, {"{ }", "{\"a\":[1, 2]}", "{\"a\": [1,2]}", "{} "}}});
  for (const bool object_only : {true, false}) {
    Grammar g;
    REQUIRE(g.finish_with(compile_any_json(g, object_only, {})).ok());
    CHECK(testing::naive_matches(g, R"({"a": [1, {"b": null}], "c": "\u00e9"})"));
    CHECK(testing::naive_matches(g, "[true, -1.5e3]") == !object_only);
    CHECK(!testing::naive_matches(g, R"({"a":1})"));
  }
}

TEST_CASE("what is not kept is refused, with its name and place") {
  struct Refusal {
    const char *schema, *keyword, *place;
    infer_status code = INFER_E_UNSUPPORTED;
  };
  const Refusal cases[] = {
      {R"({"properties": {"a": {"not": {}}}})", "'not'", "#/properties/a/not"},
      {R"({"$defs": {"a": {"if": {}}}})", "'if'", "#/$defs/a/if"},
      {R"({"items": {"uniqueItems": true}})", "'uniqueItems'", "#/items/uniqueItems"},
      {R"({"anyOf": [{}, {"nullable": true}]})", "'nullable'", "#/anyOf/1/nullable"},
      {R"({"unevaluatedProperties": false})", "'unevaluatedProperties'", "#/unevaluatedProperties"},
      {R"({"$dynamicRef": "#a"})", "'$dynamicRef'", "#/$dynamicRef"},
      {R"({"contains": {}})", "'contains'", "#/contains"},
      {R"({"dependentRequired": {}})", "'dependentRequired'", "#/dependentRequired"},
      {R"({"items": {"$ref": "http://x/y"}})", "nothing is fetched", "#/items/$ref"},
      {R"({"items": {"$ref": "#/$defs/a"}})", "there is no", "#/items/$ref", INFER_E_INVALID},
      {R"({"items": {"type": "string", "format": "phone"}})", "format 'phone'", "#/items"},
      {R"({"properties": {"a": {"oneOf": [{"minimum": 1}, {"maximum": 2}]}}})",
       "oneOf: branches 0 and 1 may both match", "#/properties/a"},
      {R"x({"type": "string", "pattern": "(?=a)"})x", "look", "#"},
      {R"({"type": "text"})", "no type", "#/type", INFER_E_INVALID},
      {R"({"minLength": -1})", "whole number", "#/minLength", INFER_E_INVALID},
      {R"({"minimum": "1"})", "must be a number", "#/minimum", INFER_E_INVALID},
      {R"({"items": [{}]})", "must be a schema", "#/items", INFER_E_INVALID},
      {R"({"a": 1, "a": 2})", "\"a\" twice", "schema", INFER_E_INVALID},
      {R"({"type": )", "not JSON", "byte", INFER_E_INVALID},
      {R"({"$schema": "http://x/mine"})", "'http://x/mine'", "#/$schema"},
      {"false", "no text", "schema", INFER_E_INVALID},
      {R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]})", "no text", "schema",
       INFER_E_INVALID},
  };
  for (const Refusal& c : cases) {
    CAPTURE(std::string(c.schema));
    const Status s = compile(c.schema);
    const std::string message(s.message());
    CAPTURE(message);
    CHECK(s.code() == c.code);
    CHECK(message.find(c.keyword) != std::string::npos);
    CHECK(message.find(c.place) != std::string::npos);
  }
}

std::string repeated(const std::string& text, int n) {
  std::string all;
  for (int i = 0; i < n; ++i) all += text;
  return all;
}

// begin, then part with each number for %, end.
std::string numbered(std::string begin, const std::string& part, int n, const std::string& end) {
  for (int i = 0; i < n; ++i) {
    std::string one = (i ? "," : "") + part;
    for (size_t at = 0; (at = one.find('%', at)) != std::string::npos;) {
      const bool next = one.compare(at, 2, "%+") == 0;
      one.replace(at, next ? 2 : 1, std::to_string(next ? i + 1 : i));
    }
    begin += one;
  }
  return begin + end;
}

TEST_CASE("schemas that were made to do harm are answered in time") {
  struct Harm {
    const char* name;
    std::string schema;
    bool taken;
  };
  const Harm cases[] = {
      {"brackets", repeated("[", 60'000), false},
      {"nested objects", repeated(R"({"properties":{"a":)", 512) + "{}" + repeated("}}", 512), false},
      {"as deep as may be", repeated(R"({"properties":{"a":)", 23) + "{}" + repeated("}}", 23), true},
      {"20,000 values", numbered(R"({"enum":[)", "\"value %\"", 12'000, "]}"), false},
      {"2,000 values", numbered(R"({"enum":[)", "\"value %\"", 2000, "]}"), true},
      {"itself", R"({"$ref":"#"})", false},
      {"itself, by anyOf", R"({"anyOf":[{"$ref":"#"},{"type":"null"}]})", false},
      {"a long string", R"({"type":"string","maxLength":1000000000})", false},
      {"a long pattern", R"({"type":"string","maxLength":9999,"pattern":"^[ab]*$"})", false},
      {"a pattern of too many states", R"({"type":"string","maxLength":900,"pattern":"^[ab]*a[ab]{14}$"})", false},
      {"a long array", R"({"type":"array","minItems":1000000000})", false},
      {"long arrays in one another",
       R"({"type":"array","minItems":9999,"items":{"minItems":9999,"items":{"minItems":9999,"type":"array"}}})", true},
      {"many properties", numbered(R"({"properties":{)", R"("p%":{})", 5000, "}}"), true},
      {"many required", numbered(R"({"required":[)", "\"p%\"", 5000, "]}"), true},
      {"a chain of references",
       numbered(R"({"$ref":"#/$defs/0","$defs":{)", R"("%":{"$ref":"#/$defs/%+"})", 5000,
                R"(,"5000":{"type":"null"}}})"),
       true},
      {"a chain of objects",
       numbered(R"({"$ref":"#/$defs/0","$defs":{)", R"("%":{"properties":{"a":{"$ref":"#/$defs/%+"}}})", 3000,
                R"(,"3000":{}}})"),
       false},
      {"choices that double",
       numbered(R"({"enum":[[1]],"items":{"$ref":"#/$defs/0"},"$defs":{)",
                R"("%":{"anyOf":[{"$ref":"#/$defs/%+"},{"$ref":"#/$defs/%+"}]})", 40, R"(,"40":{"type":"null"}}})"),
       false},
      {"choices that multiply",
       numbered(R"({"allOf":[)", R"({"anyOf":[{"required":["a%"]},{"required":["b%"]}]})", 16, "]}"), false},
      {"many branches",
       numbered(R"({"oneOf":[)", R"({"properties":{"k":{"const":%}},"required":["k"],"type":"object"})", 200, "]}"),
       true},
      {"many branches that overlap", numbered(R"({"oneOf":[)", R"({"required":["k%"]})", 150, "]}"), true},
      {"some branches that overlap", numbered(R"({"type":"object","oneOf":[)", R"({"required":["k%"]})", 20, "]}"),
       true},
      {"remainders", R"({"type":"integer","multipleOf":1999})", false},
      {"digits", R"({"type":"number","minimum":1e-300,"maximum":1e300})", true},
      {"more digits", R"({"maximum":1e9999999})", false},
      {"patterns of names", numbered(R"({"patternProperties":{)", R"("a.*%.*b":{"minimum":%})", 12, "}}"), false},
      {"a long name",
       R"({"properties":{")" + repeated("k", 100'000) + numbered(R"(":{"properties":{)", R"("p%":{})", 4000, "}}}}"),
       false},
      {"many items", numbered(R"({"type":"array","prefixItems":[)", R"({"minimum":%})", 1500, "]}"), true},
  };
  for (const Harm& c : cases) {
    CAPTURE(std::string(c.name));
    const std::clock_t begin = std::clock();  // of the process: other ones may keep the machine busy
    const Status s = compile(c.schema);
    const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    CHECK_MESSAGE(s.ok() == c.taken, std::string(s.message()));
    CHECK(s.message().size() < 1000);
    CHECK(took < 10);  // seconds; each is below 0.5, with sanitizers below 5
  }
}

}  // namespace
}  // namespace infer::text
