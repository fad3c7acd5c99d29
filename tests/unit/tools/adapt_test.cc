#include "text/tools/adapt.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "tests/unit/tools/round_trip.h"

using namespace infer;
using namespace infer::text;
using namespace infer::text::tools;

namespace {

std::unique_ptr<const Template> compile(const std::string& source) {
  auto t = Template::compile(source);
  REQUIRE_MESSAGE(t.ok(), t.status().message());
  return t.take();
}

TemplateFacts facts_of(const std::string& source) { return find_facts(*compile(source), {}); }

std::string golden(const std::string& name) {
  std::ifstream in(INFER_SOURCE_DIR "/tests/golden/template/" + name + ".jinja", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Messages as JSON, after adapting.
OrderedJson adapted(const char* messages, const TemplateFacts& facts, const char* format = "hermes",
                    const ToolSet* tools = nullptr) {
  auto read = read_messages(messages);
  REQUIRE_MESSAGE(read.ok(), read.status().message());
  auto out = adapt(read.take(), facts, *find(format), tools);
  REQUIRE_MESSAGE(out.ok(), out.status().message());
  OrderedJson list = OrderedJson::array();
  for (const Message& m : *out) {
    OrderedJson j = {{"role", m.role}};
    std::string text;
    for (const Part& p : m.parts) text += p.data;
    if (!m.parts.empty()) j["content"] = text;
    if (!m.fields_json.empty()) j.update(OrderedJson::parse(m.fields_json));
    list.push_back(j);
  }
  return list;
}

constexpr const char* kTurns = R"([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
  {"role": "assistant", "content": null, "reasoning_content": "hm", "tool_calls": [
    {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}},
    {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}}]},
  {"role": "tool", "tool_call_id": "a", "content": "one"}, {"role": "tool", "tool_call_id": "b", "content": "two"}])";

const TemplateFacts kAll{
    .tools = true, .calls = true, .parallel = true, .results = true, .system = true, .reasoning = "reasoning_content"};

}  // namespace

TEST_CASE("what a template takes is found by rendering") {
  const TemplateFacts xml = facts_of(golden("tools_xml"));
  CHECK(xml.tools);
  CHECK(xml.calls);
  CHECK(xml.parallel);
  CHECK(xml.results);
  CHECK(xml.system);
  CHECK(!xml.arguments_as_text);
  CHECK(xml.reasoning == "reasoning_content");
  const TemplateFacts header = facts_of(golden("header"));
  CHECK(header.calls);
  CHECK(!header.parallel);
  const TemplateFacts inst = facts_of(golden("inst_sys"));
  CHECK(!inst.tools);
  CHECK(!inst.calls);
  CHECK(!inst.results);
  CHECK(facts_of("{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}{{ c.function.name + "
                 "c.function.arguments }}{% endfor %}{% endfor %}")
            .arguments_as_text);
  CHECK(facts_of("{{ raise_exception('no') }}").reasoning.empty());
  CHECK(facts_of("{% for m in messages %}{% if m.tool_calls and m.content is none %}{{ m.tool_calls|tojson }}{% else "
                 "%}{{ m.content }}{% endif %}{% endfor %}")
            .no_content);
  CHECK(facts_of("{% for m in messages %}{% if m.content %}{{ m.content }}{% elif m.tool_calls %}{{ "
                 "m.tool_calls|tojson }}{% endif %}{% endfor %}")
            .content_alone);
}

TEST_CASE("the golden templates' calls come back") {
  auto tools = ToolSet::read(kRoundTripTools);
  REQUIRE(tools.ok());
  for (const char* name : {"calls_json", "chatml", "header", "inst_sys", "tools_xml"}) {
    const std::string source = golden(name);
    const auto t = compile(source);
    Template::Context base;
    const TemplateFacts facts = find_facts(*t, base);
    if (facts.tools) offer_tools(base, kRoundTripTools);
    for (const OrderedJson& m : round_trip_messages(facts.parallel, !facts.reasoning.empty())) {
      const RoundTrip r = round_trip(*t, base, facts, format_of(source, facts), *tools, m);
      CHECK_MESSAGE((r.calls && r.content && r.reasoning && r.splits), name, ": ", r.why);
    }
  }
}

TEST_CASE("arguments become objects or text, content is there, results have a name") {
  OrderedJson m = adapted(kTurns, kAll);
  REQUIRE(m.size() == 5);
  CHECK(m[2]["content"] == "");
  CHECK(m[2]["tool_calls"][0]["function"]["arguments"] == OrderedJson{{"x", 1}});
  CHECK(m[2]["tool_calls"][1]["id"] == "b");
  CHECK(m[3] == OrderedJson::parse(R"({"role": "tool", "content": "one", "tool_call_id": "a", "name": "f"})"));
  TemplateFacts text = kAll;
  text.arguments_as_text = true;
  text.no_content = true;
  text.reasoning = "thinking";
  m = adapted(kTurns, text);
  CHECK(m[2]["tool_calls"][0]["function"]["arguments"] == "{\"x\": 1}");
  CHECK(m[2]["content"].is_null());
  CHECK(m[2]["thinking"] == "hm");
  CHECK(!m[2].contains("reasoning_content"));
}

TEST_CASE("calls come one by one, each before its result, where a message holds one") {
  TemplateFacts one = kAll;
  one.parallel = false;
  const OrderedJson m = adapted(kTurns, one);
  REQUIRE(m.size() == 6);
  CHECK(m[2]["tool_calls"][0]["function"]["name"] == "f");
  CHECK(m[3]["content"] == "one");
  CHECK(m[4]["tool_calls"][0]["function"]["name"] == "g");
  CHECK(m[5]["content"] == "two");
}

TEST_CASE("what a message says besides its calls is said once, where a message holds one call") {
  for (const bool no_content : {false, true}) {
    TemplateFacts one = kAll;
    one.parallel = false;
    one.no_content = no_content;
    const OrderedJson m = adapted(kTurns, one);
    REQUIRE(m.size() == 6);
    CHECK(m[2]["reasoning_content"] == "hm");
    CHECK(!m[4].contains("reasoning_content"));
    CHECK(m[4]["content"] == (no_content ? OrderedJson() : OrderedJson("")));
  }
  std::string calls;
  for (int i = 0; i < 1000; ++i)
    calls += str(calls.empty() ? "" : ", ", R"({"id": "c)", i, R"(", "function": {"name": "f", "arguments": "{}"}})");
  TemplateFacts one = kAll;
  one.parallel = false;
  const std::string long_one(100'000, 'x');
  const auto out = adapt({{"assistant",
                           {{"text", long_one}},
                           str("{\"reasoning_content\": \"", long_one, "\", \"tool_calls\": [", calls, "]}")}},
                         one, *find("hermes"), nullptr);
  REQUIRE(out.ok());
  REQUIRE(out->size() == 1000);
  size_t bytes = 0;
  for (const Message& m : *out) bytes += m.fields_json.size() + m.parts.at(0).data.size();
  CHECK(bytes < 500'000);
}

TEST_CASE("calls come one by one before their results where results are the user's words") {
  TemplateFacts one = kAll;
  one.parallel = one.results = false;
  const OrderedJson m = adapted(kTurns, one);
  REQUIRE(m.size() == 6);
  CHECK(m[2]["tool_calls"][0]["function"]["name"] == "f");
  CHECK(m[3] == OrderedJson::parse(R"({"role": "user", "content": "<tool_response>\none\n</tool_response>"})"));
  CHECK(m[4]["tool_calls"][0]["function"]["name"] == "g");
  CHECK(m[5] == OrderedJson::parse(R"({"role": "user", "content": "<tool_response>\ntwo\n</tool_response>"})"));
}

TEST_CASE("results without ids are those of the calls in their order") {
  TemplateFacts one = kAll;
  one.parallel = false;
  const OrderedJson m = adapted(R"([
    {"role": "assistant", "tool_calls": [{"function": {"name": "f"}}, {"function": {"name": "g"}}]},
    {"role": "tool", "content": "one"}, {"role": "tool", "content": "two"}])",
                                one);
  REQUIRE(m.size() == 4);
  CHECK(m[0]["tool_calls"][0]["function"]["name"] == "f");
  CHECK(m[1]["content"] == "one");
  CHECK(m[1]["name"] == "f");
  CHECK(m[2]["tool_calls"][0]["function"]["name"] == "g");
  CHECK(m[3]["content"] == "two");
  CHECK(m[3]["name"] == "g");
}

TEST_CASE("what a template has no words for is text") {
  const auto tools = ToolSet::read(R"([{"name": "f", "description": "does f"}])");
  REQUIRE(tools.ok());
  const OrderedJson m = adapted(kTurns, {}, "json", &*tools);
  REQUIRE(m.size() == 3);
  CHECK(m[0]["role"] == "user");
  const std::string first = m[0]["content"];
  CHECK(first.starts_with("Be brief.\n\n"));
  CHECK(first.find("\"description\": \"does f\"") != first.npos);
  CHECK(first.ends_with("\n\nHi"));
  CHECK(m[1]["content"] ==
        "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1}}\n</tool_call><tool_call>\n{\"name\": \"g\", "
        "\"arguments\": {}}\n</tool_call>");
  CHECK(m[2]["content"] == "<tool_response>\none\n</tool_response>\n<tool_response>\ntwo\n</tool_response>");
}

TEST_CASE("ids have nine letters or digits where they must, the same for a call and its result") {
  const OrderedJson m = adapted(kTurns, kAll, "mistral");
  const std::string id = m[2]["tool_calls"][0]["id"];
  CHECK(id.size() == 9);
  CHECK(m[3]["tool_call_id"] == id);
  CHECK(m[4]["tool_call_id"] == m[2]["tool_calls"][1]["id"]);
  CHECK(m[4]["tool_call_id"] != id);
}

TEST_CASE("messages of another shape are refused by path") {
  const std::pair<const char*, const char*> bad[] = {
      {"{}", "messages: not a list"},
      {"[{}]", "messages/0 has no role"},
      {R"([{"role": "user", "content": 1}])", "messages/0/content is neither"},
      {R"([{"role": "user", "content": [{"type": "text"}]}])", "messages/0/content: a part of type \"text\""},
      {R"([{"role": "user", "content": [1]}])", "messages/0/content: a part has no type"}};
  for (const auto& [json, why] : bad) {
    const auto r = read_messages(json);
    REQUIRE(!r.ok());
    CHECK_MESSAGE(r.status().message().starts_with(why), r.status().message());
  }
  for (const char* calls :
       {R"([{"function": {"arguments": "{}"}}])", R"([{"function": {"name": "f", "arguments": "{"}}])",
        R"([{"function": {"name": "f", "arguments": [1]}}])", "[1]"}) {
    const auto r = adapt({{"assistant", {}, str("{\"tool_calls\": ", calls, "}")}}, kAll, *find("hermes"), nullptr);
    REQUIRE(!r.ok());
    CHECK_MESSAGE(r.status().message().find("messages/0/tool_calls/0") != std::string::npos, r.status().message());
  }
  // Where the tools were described in a message of their own, the path is that of the request.
  const auto tools = ToolSet::read(R"([{"name": "f"}])");
  TemplateFacts no_tools = kAll;
  no_tools.tools = false;
  const auto r = adapt({{"user", {{"text", "Hi"}}, {}}, {"assistant", {}, R"({"tool_calls": [1]})"}}, no_tools,
                       *find("json"), &*tools);
  REQUIRE(!r.ok());
  CHECK_MESSAGE(r.status().message().starts_with("messages/1/tool_calls/0"), r.status().message());
}
