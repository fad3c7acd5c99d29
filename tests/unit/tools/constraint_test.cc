// Constraints are held against what published templates write (tests/golden/tools/turns.jsonl): it must be allowed.
#include "text/tools/constraint.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/support/naive_grammar.h"
#include "tests/unit/tools/parse.h"
#include "text/constraint/constraint.h"
#include "text/constraint/gbnf.h"
#include "text/constraint/schema.h"
#include "text/tools/write.h"

using namespace infer;
using namespace infer::text;
using namespace infer::text::tools;
using nlohmann::ordered_json;

namespace {

const char* const kTools = R"([
  {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}, "n": {"type": "integer"}, "e": {"enum": ["x", 1, null]}}, "required": ["n"]}},
  {"name": "g", "parameters": {"type": "object", "properties": {}}},
  {"name": "h"},
  {"name": "r", "parameters": {"type": "object", "properties": {"a": {"$ref": "#/$defs/d"}}, "$defs": {"d": {"type": "integer"}}}}])";

ToolSet set(const char* json = kTools) {
  auto s = ToolSet::read(json);
  REQUIRE_MESSAGE(s.ok(), s.status().message());
  return s.take();
}

ordered_json tags(const ToolFormat& f, const ToolChoice& choice, const char* tools = kTools) {
  auto json = constraint(f, set(tools), choice);
  REQUIRE_MESSAGE(json.ok(), json.status().message());
  return ordered_json::parse(*json);
}

// Does the content of a tag hold the text?
bool holds(const ordered_json& tag, const std::string& content) {
  if (tag.contains("text")) return true;
  Grammar g;
  const Status s = g.finish_with(tag.contains("schema") ? compile_schema(g, tag["schema"].dump(), {})
                                                        : compile_gbnf(g, tag["grammar"].get<std::string>()));
  REQUIRE_MESSAGE(s.ok(), s.message());
  return testing::naive_matches(g, content);
}

}  // namespace

TEST_CASE("every format's tags are well-formed: triggers begin tags, contents compile, and calls written so are read") {
  for (const ToolFormat& f : formats()) {
    for (const bool parallel : {false, true}) {
      CAPTURE(f.name);
      const ordered_json j = tags(f, {.parallel = parallel});
      CHECK(j["at_least_one"] == false);
      CHECK(j["free_text"] == true);
      CHECK(j["stop_after_first"] == !parallel);
      for (const auto& trigger : j["triggers"]) {
        bool begins = false;
        for (const auto& tag : j["tags"])
          begins = begins || tag["begin"].get<std::string>().starts_with(trigger.get<std::string>());
        CHECK_MESSAGE(begins, trigger);
      }
      for (const auto& tag : j["tags"]) {
        bool triggered = false;
        for (const auto& trigger : j["triggers"])
          triggered = triggered || tag["begin"].get<std::string>().starts_with(trigger.get<std::string>());
        CHECK_MESSAGE(triggered, tag["begin"]);
        (void)holds(tag, "");
      }
    }
  }
}

TEST_CASE("a call without arguments that is written as the tags say is read as that call") {
  const ToolSet tools = set();
  for (const ToolFormat& f : formats()) {
    CAPTURE(f.name);
    const ordered_json j = tags(f, {.kind = ToolChoice::Kind::kNamed, .name = "g", .parallel = false});
    CHECK(j["at_least_one"] == true);
    CHECK(j["free_text"] == false);
    for (const auto& tag : j["tags"]) {
      const std::string content = tag.contains("schema") ? "{}" : f.name == "kimi-k3" ? " index=\"1\"<|sep|>" : "";
      CHECK(holds(tag, content));
      const std::string text = tag["begin"].get<std::string>() + content + tag["end"].get<std::string>();
      CAPTURE(text);
      const std::string prompt = text.starts_with(" to=") ? "<|start|>assistant" : text.starts_with("g\n") ? ">>>" : "";
      const Answer a = answer_of(parse(f, {.tools = &tools, .prompt = prompt}, text));
      REQUIRE(a.calls.size() == 1);
      CHECK(a.calls[0].name == "g");
      CHECK(a.calls[0].arguments == "{}");
      CHECK(a.content.empty());
    }
  }
}

TEST_CASE("what templates write for a call is allowed") {
  std::ifstream in(INFER_SOURCE_DIR "/tests/golden/tools/turns.jsonl");
  std::string line;
  std::getline(in, line);
  const std::string tools = ordered_json::parse(line)["tools"].dump();
  int held = 0;
  while (std::getline(in, line)) {
    const ordered_json turn = ordered_json::parse(line);
    if (turn["calls"].size() != 1 || turn["text"].get<std::string>().size() > 700) continue;
    const ToolFormat f = *find(turn["format"].get<std::string>());
    // These write JSON with indents, lists or strings as Python does, leave out a section's end, or write the ids that
    // the history has.
    if (f.name == "command-r" || f.name == "seed-oss" || f.name == "minicpm5" || f.name == "lfm2" ||
        f.name == "kimi-k3" || turn["template"] == "deepseek-ai-DeepSeek-R1-Distill-Llama-8B" ||
        turn["text"].get<std::string>().find("call12345") != std::string::npos)
      continue;
    const std::string text = turn["text"];
    CAPTURE(text);
    bool found = false;
    std::string why;
    const auto kind =
        f.name == "functionary-v3.2" ? ToolChoice::Kind::kRequired : ToolChoice::Kind::kAuto;  // begun in the prompt
    const ordered_json written = tags(f, {.kind = kind, .parallel = false}, tools.c_str());
    for (const auto& tag : written["tags"]) {
      const std::string begin = tag["begin"], end = tag["end"];
      const size_t at = text.find(begin);
      if (at == text.npos) continue;
      const size_t to = end.empty() ? text.size() : text.rfind(end);
      why = begin + " .. " + end;
      found = found || (to != text.npos && to >= at + begin.size() &&
                        holds(tag, text.substr(at + begin.size(), to - at - begin.size())));
    }
    CHECK_MESSAGE(found, turn["template"], " ", why);
    held += found;
  }
  CHECK(held > 150);
}

TEST_CASE("arguments in tags and in Python are held to names, order and types") {
  const ToolSet tools = set();
  const Tool& f = *tools.find("f");
  const auto matches = [&](const char* format, const std::string& text) {
    Grammar g;
    const Status s = g.finish_with(compile_gbnf(g, arguments_grammar(find(format)->calls[0], f)));
    REQUIRE_MESSAGE(s.ok(), s.message());
    return testing::naive_matches(g, text);
  };
  CHECK(matches("llama4", "a=\"x\", n=1"));
  CHECK(matches("llama4", "n=1"));
  CHECK(matches("llama4", "n=1, e=None"));
  CHECK(!matches("llama4", "a=\"x\""));
  CHECK(!matches("llama4", "n=1, a=\"x\""));
  CHECK(!matches("llama4", "n=\"1\""));
  CHECK(!matches("llama4", ""));
  CHECK(!matches("llama4", "n=1, "));
  CHECK(matches("qwen3-coder", "\n<parameter=a>\nx < y\n\n</parameter>\n<parameter=n>\n12\n</parameter>\n"));
  CHECK(!matches("qwen3-coder", "\n<parameter=n>\nx\n</parameter>\n"));
  CHECK(!matches("qwen3-coder", "\n<parameter=a>\nx</parameter>\n"));
  CHECK(matches("seed-oss", "<parameter=n>1</parameter><parameter=e>x</parameter>"));
  CHECK(!matches("seed-oss", "<parameter=n>1</parameter><parameter=e>y</parameter>"));
}

TEST_CASE("a text between tags is any text without what ends it") {
  const char* const kOne =
      R"([{"name": "f", "parameters": {"properties": {"a": {"type": "string"}}, "required": ["a"]}}])";
  const ToolSet one = set(kOne);
  std::mt19937 random(7);
  int formats_held = 0;
  for (const ToolFormat& f : formats()) {
    const CallSyntax& syntax = f.calls[0];
    if (syntax.notation != Notation::kTags || syntax.tags->nested || syntax.tags->attribute == " type=") continue;
    CAPTURE(f.name);
    formats_held++;
    const std::string end(syntax.tags->value_end);
    REQUIRE(end.rfind('<') == 0);
    Grammar g;
    const Status s = g.finish_with(compile_gbnf(g, arguments_grammar(syntax, *one.find("f"))));
    REQUIRE_MESSAGE(s.ok(), s.message());
    const std::string value = str(syntax.tags->value, syntax.tags->lines ? "\n" : "");
    const std::string key = str(syntax.tags->key, "a", syntax.tags->key_end,
                                syntax.tags->attribute.empty() ? "" : " string=\"true\"", syntax.tags->attributes_end);
    const auto holds_text = [&](const std::string& text) {
      return testing::naive_matches(g, key + value + text + (syntax.tags->lines ? "\n" : "") + end);
    };
    const std::string almost = str("<b>x</b> ", end.substr(0, end.size() - 1), " <<", end.substr(0, 2));
    CHECK(holds_text(almost));
    const ordered_json all = tags(f, {.parallel = false}, kOne);
    for (const auto& tag : all["tags"]) {  // and it is read as it was meant
      const std::string text = str(tag["begin"].get<std::string>(), key, value, almost, syntax.tags->lines ? "\n" : "",
                                   end, tag["end"].get<std::string>());
      CAPTURE(text);
      const Answer a = answer_of(parse(f, {.tools = &one}, text));
      REQUIRE(a.calls.size() == 1);
      CHECK(ordered_json::parse(a.calls[0].arguments) == ordered_json{{"a", almost}});
    }
    int with = 0;
    for (int i = 0; i < 200; ++i) {
      std::string text;
      for (int piece = 0; piece < 4; ++piece) {  // beginnings and ends of the end, and what is neither
        const size_t at = random() % (end.size() + 1);
        const char* const other[] = {"<", "", "x", "\n", ">"};
        const std::string pieces[] = {end.substr(0, at), end.substr(at), other[random() % 5], end};
        std::string next = pieces[random() % 16 == 0 ? 3 : random() % 3];
        for (char& c : next)
          if ((c & 0x80) != 0) c = '|';  // no halves of a character; so these are no end either
        text += next;
      }
      if (random() % 8 == 0) text += end + "y";
      CAPTURE(text);
      const bool ends = text.find(end) != text.npos;
      with += ends;
      CHECK(holds_text(text) == !ends);
    }
    CHECK(with > 10);
    CHECK(with < 190);
  }
  CHECK(formats_held >= 8);
}

TEST_CASE("each order of arguments in Python that the schema has, and no other") {
  for (const unsigned must : {0u, 1u, 4u, 10u, 16u}) {
    ordered_json schema = {{"properties", ordered_json::object()}, {"required", ordered_json::array()}};
    for (unsigned i = 0; i < 5; ++i) {
      schema["properties"][std::string(1, static_cast<char>('a' + i))] = {{"type", "boolean"}};
      if (must >> i & 1) schema["required"].push_back(std::string(1, static_cast<char>('a' + i)));
    }
    const ToolSet tools = set(ordered_json::array({{{"name", "f"}, {"parameters", schema}}}).dump().c_str());
    Grammar g;
    REQUIRE(g.finish_with(compile_gbnf(g, arguments_grammar(find("llama4")->calls[0], *tools.find("f")))).ok());
    for (unsigned there = 0; there < 32; ++there) {
      std::string text, backwards;
      for (unsigned i = 0; i < 5; ++i) {
        if (!(there >> i & 1)) continue;
        const std::string one = std::string(1, static_cast<char>('a' + i)) + "=True";
        text += (text.empty() ? "" : ", ") + one;
        backwards = one + (backwards.empty() ? "" : ", ") + backwards;
      }
      CAPTURE(text);
      CHECK(testing::naive_matches(g, text) == ((there & must) == must));
      CHECK(!testing::naive_matches(g, text + ", "));
      if (text != backwards) CHECK(!testing::naive_matches(g, backwards));
    }
  }
}

TEST_CASE("1024 arguments of which none is required") {
  ordered_json properties;
  for (int i = 0; i < 1024; ++i) properties["p" + std::to_string(i)] = {{"type", "integer"}};
  const ordered_json tools = ordered_json::array({{{"name", "f"}, {"parameters", {{"properties", properties}}}}});
  const std::pair<const char*, const char*> calls[] = {
      {"llama4", "[f(p3=1, p900=2, p1023=3)]"},
      {"qwen3-coder",
       "<tool_call>\n<function=f>\n<parameter=p3>\n1\n</parameter>\n<parameter=p1023>\n3\n</parameter>\n"
       "</function>\n</tool_call>"}};
  for (const auto& [format, call] : calls) {
    const auto json = constraint(*find(format), set(tools.dump().c_str()), {});
    REQUIRE(json.ok());
    const std::vector<std::string> vocabulary{"x"};
    const auto c = Constraint::compile(Constraint::Kind::kTags, {&*json, 1},
                                       std::make_shared<const TokenTrie>(vocabulary, std::vector<int32_t>{}));
    REQUIRE_MESSAGE(c.ok(), c.status().message());
    Constraint::Place place;
    CHECK((*c)->accept(place, call));
  }
}

TEST_CASE("128 tools of eight parameters each are not too many, in any notation") {
  ordered_json tools = ordered_json::array();
  for (int t = 0; t < 128; ++t) {
    ordered_json properties;
    const char* const kTypes[] = {"string", "integer", "number", "boolean", "array", "object", "string", "string"};
    for (int p = 0; p < 8; ++p)
      properties["parameter_" + std::to_string(p)] = {{"type", kTypes[p]}, {"description", "What it is."}};
    properties["parameter_4"]["items"] = {{"type", "string"}};
    properties["parameter_7"]["enum"] = {"first", "second", "third"};
    ordered_json parameters = {{"type", "object"}, {"properties", properties}};
    if (t % 2 == 0) parameters["required"] = {"parameter_0", "parameter_1"};
    tools.push_back({{"name", "some_tool_" + std::to_string(t)}, {"parameters", parameters}});
  }
  const ToolSet all = set(tools.dump().c_str());
  const std::vector<std::string> vocabulary{"x"};
  const auto trie = std::make_shared<const TokenTrie>(vocabulary, std::vector<int32_t>{});
  const auto check = [&](const std::string& format, const ToolChoice& choice) {
    const auto json = constraint(*find(format), all, choice);
    REQUIRE(json.ok());
    const auto c = Constraint::compile(Constraint::Kind::kTags, {&*json, 1}, trie);
    CHECK_MESSAGE(c.ok(), format, ": ", c.status().message());
  };
  for (const char* format : {"hermes", "mistral", "mistral-v11", "qwen3-coder", "llama4"}) check(format, {});
  for (const char* format : {"deepseek-v3", "deepseek-v3.2"}) check(format, {.parallel = false});
  // Calls that begin a section and calls within one are two tags of each tool.
  for (const char* format : {"deepseek-v3", "hunyuan3"}) check(format, {});
  check("functionary-v3.2", {.kind = ToolChoice::Kind::kRequired, .reasoning = true});
}

TEST_CASE("choices: none is free, a name must be a tool's, required needs tools") {
  const ToolFormat f = *find("hermes");
  CHECK(constraint(f, set(), {.kind = ToolChoice::Kind::kNone}).take().empty());
  CHECK(constraint(f, set("[]"), {}).take().empty());
  CHECK(!constraint(f, set("[]"), {.kind = ToolChoice::Kind::kRequired}).ok());
  const auto unknown = constraint(f, set(), {.kind = ToolChoice::Kind::kNamed, .name = "x"});
  REQUIRE(!unknown.ok());
  CHECK(unknown.status().message() == "tool_choice: no tool is called \"x\"");
  CHECK(tags(f, {.kind = ToolChoice::Kind::kNamed, .name = "f"})["tags"].size() == 1);
  CHECK(tags(f, {.kind = ToolChoice::Kind::kRequired, .reasoning = true})["free_text"] == true);
}

TEST_CASE("a list of calls holds each tool to its own schema, references too") {
  const ordered_json j = tags(*find("nemotron"), {});
  REQUIRE(j["tags"].size() == 1);
  CHECK(holds(j["tags"][0], R"([{"name": "f", "arguments": {"n": 1}}, {"name": "g", "arguments": {}}])"));
  CHECK(holds(j["tags"][0], R"([{"name": "r", "arguments": {"a": 1}}])"));
  CHECK(!holds(j["tags"][0], R"([{"name": "r", "arguments": {"a": "x"}}])"));
  CHECK(!holds(j["tags"][0], R"([{"name": "f", "arguments": {}}])"));
  CHECK(!holds(j["tags"][0], "[]"));
}
