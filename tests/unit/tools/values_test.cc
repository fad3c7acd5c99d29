#include "text/tools/values.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <regex>

#include "text/constraint/schema_document.h"
#include "text/tools/nested.h"
#include "text/tools/tool_set.h"

using namespace infer::text;
using namespace infer::text::tools;

TEST_CASE("JSON is what nlohmann takes for JSON") {
  std::mt19937 random(7);
  const std::string alphabet = "{}[]\",:\\ 0123456789-+.eEtruefalsn/bu\n\tad";
  const std::string seeds[] = {R"({"a": [1, -2.5e+3, true, null], "b\u00e9\n": {"c": ""}})",
                               "[]",
                               "0",
                               "-0.0",
                               R"("\ud83d\ude00")",
                               "true",
                               R"(["\ud83d", 1])",
                               "1e5",
                               "[1,]",
                               "01",
                               R"({"a" : 1 , "b":[ ]})"};
  const std::regex large("[eE][+]?[0-9]{3}");
  int good = 0;
  for (int i = 0; i < 60000; ++i) {
    std::string s = seeds[random() % std::size(seeds)];
    for (unsigned n = random() % 4; n > 0 && !s.empty(); --n) {
      const size_t at = random() % s.size();
      switch (random() % 3) {
        case 0:
          s[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          s.erase(at, 1);
          break;
        default:
          s.insert(at, 1, alphabet[random() % alphabet.size()]);
      }
    }
    // White space around a value is for the caller, and a number may be too large for a double.
    if (s.empty() || s[0] == ' ' || s[0] == '\n' || s[0] == '\t' || s.back() == ' ' || s.back() == '\n' ||
        s.back() == '\t')
      continue;
    if (std::regex_search(s, large)) continue;
    CAPTURE(s);
    CHECK(is_json(s) == nlohmann::json::accept(s));
    good += is_json(s);
  }
  CHECK(good > 10000);
}

TEST_CASE("literals of Python become JSON") {
  const std::pair<const char*, const char*> known[] = {{"True", "true"},
                                                       {"None", "null"},
                                                       {"'a'", "\"a\""},
                                                       {"\"a'b\"", "\"a'b\""},
                                                       {"'it\\'s\\n\\x41\\u00e5'", "\"it's\\nA\u00e5\""},
                                                       {"[1, 'x', (2, 3)]", "[1, \"x\", [2, 3]]"},
                                                       {"{'a': False, \"b\": {}}", "{\"a\": false, \"b\": {}}"},
                                                       {"(1,)", "[1]"},
                                                       {"'a' \"b\"", "\"ab\""},
                                                       {"-1.5", "-1.5"},
                                                       {"[ ]", "[]"},
                                                       {"'\\q'", "\"\\\\q\""},
                                                       {"\"\"\"a\"\"\"", "\"a\""},
                                                       {"true", "true"},
                                                       {"null", "null"}};
  for (const auto& [python, json] : known) {
    CAPTURE(python);
    CHECK(literal_as_json(python) == std::string(json));
  }
  for (const std::string bad :
       {"", "x", "'a", "[1", "1]", "{1, 2}", "f(1)", "'\\ud800'", "{'a'}", "1 2", "01", "[,]"}) {
    CAPTURE(bad);
    CHECK(!literal_as_json(bad));
  }
  CHECK(literal_as_json("{a:<|\"|>x \"y\"<|\"|>,b:[1]}", "<|\"|>") == R"({"a": "x \"y\"", "b": [1]})");
}

TEST_CASE("a text between tags is of the type that the schema wants, if it can be") {
  using namespace json_schema;
  CHECK(value_as_json("3", kString) == "\"3\"");
  CHECK(value_as_json("3", kInteger) == "3");
  CHECK(value_as_json(" 3 ", kInteger) == "3");
  CHECK(value_as_json("3", kInteger | kString) == "3");
  CHECK(value_as_json("3", kAnyType) == "3");
  CHECK(value_as_json("3.5", kInteger) == "\"3.5\"");
  CHECK(value_as_json("True", kBoolean) == "true");
  CHECK(value_as_json("['x']", kArray) == "[\"x\"]");
  CHECK(value_as_json("['x'", kArray) == "\"['x'\"");
  CHECK(value_as_json("null", kNull | kString) == "null");
  CHECK(value_as_json("null", kString) == "\"null\"");
  CHECK(value_as_json("\"a\"", kAnyType) == "\"\\\"a\\\"\"");
  CHECK(value_as_json("", kInteger) == "\"\"");
  CHECK(value_as_json("a\n\"", kAnyType) == "\"a\\n\\\"\"");
}

TEST_CASE("tools are read, and refused by path") {
  const auto good = ToolSet::read(
      R"([{"type": "function", "function": {"name": "a", "parameters": {"type": "object"}}}, {"name": "b.c-1"}])");
  REQUIRE(good.ok());
  CHECK(good->all().size() == 2);
  CHECK(good->find("b.c-1") != nullptr);
  CHECK(good->find("c") == nullptr);
  const std::pair<std::string, const char*> bad[] = {
      {"{}", "tools: # is not a list"},
      {"[1]", "tools: #/0 is not an object"},
      {R"([{"name": ""}])", "tools: #/0/name is"},
      {R"([{"name": "a b"}])", "tools: #/0/name is \"a b\""},
      {R"([{"type": "function", "function": {}}])", "tools: #/0/function/name is missing"},
      {R"([{"type": "web", "function": {"name": "a"}}])", "tools: #/0/type is not"},
      {R"([{"name": "a"}, {"name": "a"}])", "tools: #/1 has the name of an earlier one"},
      {R"([{"name": "a", "parameters": 1}])", "tools: #/0/parameters is no object"},
      {R"([{"name": "a", "description": 1}])", "tools: #/0/description is no string"},
      {"[", "tools is not JSON"},
      {std::string(60, '[') + std::string(60, ']'), "tools nests deeper"},
      {"\"" + std::string(2 << 20, 'x') + "\"", "tools has 2097154 bytes"}};
  for (const auto& [json, why] : bad) {
    const auto refused = ToolSet::read(json);
    REQUIRE(!refused.ok());
    CHECK(refused.status().code() == INFER_E_INVALID);
    CHECK_MESSAGE(refused.status().message().starts_with(why), refused.status().message());
  }
}

TEST_CASE("values in tags of their own become lists and objects") {
  const std::string m = "@";
  CHECK(nested_as_json("@<a>1@</a>", "@<", nullptr) == R"({"a": 1})");
  CHECK(nested_as_json("@<item>x@</item>@<item>2@</item>", "@<", nullptr) == R"(["x", 2])");
  CHECK(nested_as_json("@<a>@<a>1@</a>@</a>", "@<", nullptr) == R"({"a": {"a": 1}})");
  CHECK(nested_as_json("@<a>1@</b>", "@<", nullptr) == R"("@<a>1@</b>")");
  CHECK(nested_as_json("@<a>1", "@<", nullptr) == R"("@<a>1")");
}
