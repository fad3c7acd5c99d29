// What models write, read back: tests/golden/tools/turns.jsonl is what published templates write (by jinja2),
// cases.jsonl what models and other parsers' tests add to it, each with its source.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/unit/tools/parse.h"

using namespace infer::text::tools;
using nlohmann::json;

namespace {

std::vector<json> lines(const std::string& name) {
  std::vector<json> out;
  std::ifstream in(INFER_SOURCE_DIR "/tests/golden/tools/" + name);
  for (std::string line; std::getline(in, line);) out.push_back(json::parse(line));
  return out;
}

struct Case {
  json data;
  ToolFormat format;
  std::string prompt, text;
};

const ToolSet& tools() {
  static const ToolSet set = ToolSet::read(lines("turns.jsonl")[0].at("tools").dump()).take();
  return set;
}

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const char* file : {"turns.jsonl", "cases.jsonl"})
    for (const json& j : lines(file))
      if (j.contains("text"))
        out.push_back({j, *find(j["format"].get<std::string>()), j.value("prompt", ""), j["text"]});
  return out;
}

std::vector<Event> read(const Case& c, const std::vector<size_t>& cuts = {}) {
  return parse(c.format, {.tools = &tools(), .prompt = c.prompt}, c.text, cuts);
}

std::string trimmed(std::string_view s) {
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  return std::string(s);
}

}  // namespace

TEST_CASE("what models write comes back as content, reasoning and calls") {
  const auto all = cases();
  REQUIRE(all.size() > 430);
  for (const Case& c : all) {
    CAPTURE(c.text);
    const Answer a = answer_of(read(c));
    // White space around a turn is the template's.
    CHECK(trimmed(a.content) == trimmed(c.data["content"].get<std::string>()));
    CHECK(a.reasoning == c.data["reasoning"]);
    json calls = json::array();
    for (const auto& call : a.calls) calls.push_back({{"name", call.name}, {"arguments", json::parse(call.arguments)}});
    CHECK(calls == c.data["calls"]);
    for (size_t i = 0; i < a.calls.size() && c.data.contains("ids"); ++i) CHECK(a.calls[i].id == c.data["ids"][i]);
  }
}

TEST_CASE("any cutting of a text gives the same events") {
  for (const Case& c : cases()) {
    CAPTURE(c.text);
    const std::vector<Event> whole = read(c);
    bool same = true;
    std::vector<size_t> every;
    for (size_t i = 1; i < c.text.size(); ++i) {
      every.push_back(i);
      same = same && read(c, {i}) == whole;
    }
    CHECK(same);
    CHECK(read(c, every) == whole);
  }
}

TEST_CASE("cut anywhere, a text loses nothing: what is no complete call is content or reasoning") {
  for (const Case& c : cases()) {
    CAPTURE(c.text);
    for (size_t n = 0; n < c.text.size(); n += 7) {
      Case cut = c;
      cut.text.resize(n);
      const std::vector<Event> events = read(cut);
      int open = 0;
      for (const Event& e : events) {
        open += e.kind == Event::Kind::kCall;
        open -= e.kind == Event::Kind::kCallEnd || e.kind == Event::Kind::kCallDropped;
      }
      CHECK(open == 0);
      for (const auto& call : answer_of(events).calls) CHECK(json::accept(call.arguments));
    }
  }
}

TEST_CASE("arguments in JSON pass as they come") {
  OutputParser parser(*find("hermes"), {});
  std::vector<Event> events;
  parser.feed("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"x", events);
  REQUIRE(events.size() == 2);
  CHECK(events[0].text == "f");
  CHECK(events[1].text == "{\"a\": \"x");
  events.clear();
  parser.feed("y", events);
  REQUIRE(events.size() == 1);
  CHECK(events[0].text == "y");
}

TEST_CASE("only what may become a mark is held back") {
  OutputParser parser(*find("hermes"), {});
  std::vector<Event> events;
  parser.feed("a<tool", events);
  CHECK(answer_of(events).content == "a");
  parser.feed("s", events);
  CHECK(answer_of(events).content == "a<tools");
  parser.feed(" b \n", events);
  CHECK(answer_of(events).content == "a<tools b");  // space may stand before a mark
  parser.feed("c", events);
  CHECK(answer_of(events).content == "a<tools b \nc");
}

TEST_CASE("calls are content where none are asked for; reasoning is told apart all the same") {
  const std::string text = "<think>hm</think>Hi <tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>";
  const Answer a = answer_of(parse(*find("hermes"), {.calls = false}, text));
  CHECK(a.calls.empty());
  CHECK(a.reasoning == "hm");
  CHECK(a.content == "Hi <tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>");
}

TEST_CASE("a call that turns out to be none is withdrawn, and its text is content") {
  const auto events =
      parse(*find("hermes"), {}, "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1,}}</tool_call>");
  std::vector<Event::Kind> kinds;
  for (const Event& e : events) kinds.push_back(e.kind);
  using enum Event::Kind;
  CHECK(kinds == std::vector{kCall, kArguments, kCallDropped, kContent});
  CHECK(events.back().text == "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1,}}</tool_call>");
}

TEST_CASE("ids are the format's, or made from the call's number") {
  const std::string call = "[TOOL_CALLS]f[ARGS]{}";
  std::set<std::string> ids;
  for (const auto& c : answer_of(parse(*find("mistral-v11"), {}, call + call + call)).calls) {
    CHECK(c.id.size() == 9);
    ids.insert(c.id);
  }
  CHECK(ids.size() == 3);
}
