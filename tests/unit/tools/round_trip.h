// A template is the oracle: what it writes for an assistant's turn with tool calls must be read back as those calls.
#pragma once
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/unit/tools/parse.h"
#include "text/tools/adapt.h"

namespace infer::text::tools {

using OrderedJson = nlohmann::ordered_json;

inline const char* const kRoundTripTools = R"([
  {"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": {"type": "object", "properties": {
    "city": {"type": "string", "description": "its name"}, "days": {"type": "integer", "description": "how many"},
    "share": {"type": "number", "description": "of it"}, "tags": {"type": "array", "items": {"type": "string"}, "description": "some"},
    "flag": {"type": "boolean", "description": "or not"}, "where": {"type": "object", "description": "a place", "additionalProperties": {"type": "string"}}}, "required": ["city"]}}},
  {"type": "function", "function": {"name": "now", "description": "The time", "parameters": {"type": "object", "properties": {}}}}])";

struct Turn {
  std::string prompt, text;  // what the model was given, and what it would have written
};

// What the template writes for `assistant` after a user's message, without what ends a turn.
inline Result<Turn> turn_of(const Template& t, const Template::Context& base, const Message& assistant) {
  const auto render = [&](std::vector<Message> messages, bool prompt) -> Result<std::string> {
    Template::Context c = base;
    c.messages = std::move(messages);
    c.add_generation_prompt = prompt;
    TRY_SET(Rendered r, t.render(c));
    return std::move(r.text);
  };
  const auto common = [](std::string_view a, std::string_view b) {
    return static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  };
  const Message user{"user", {{"text", "hello"}}, {}};
  TRY_SET(const std::string alone, render({user}, false));
  TRY_SET(const std::string asked, render({user}, true));
  TRY_SET(const std::string full, render({user, assistant}, false));
  TRY_SET(const std::string plain, render({user, {"assistant", {{"text", "PLAIN"}}, {}}}, false));
  Turn turn;
  size_t begin = common(full, asked);
  const size_t user_end = common(full, alone);
  begin = std::max(begin, user_end);
  if (const size_t mark = full.rfind('<', begin - 1); mark != full.npos && full.find('>', mark) >= begin) begin = mark;
  turn.prompt = full.substr(0, begin);
  std::string_view text = std::string_view(full).substr(begin);
  // Where more was written behind the user's message before the model was asked.
  for (size_t n = std::min<size_t>(text.size(), 64); n > 0; --n) {
    if (!asked.ends_with(text.substr(0, n))) continue;
    turn.prompt += text.substr(0, n);
    text.remove_prefix(n);
    break;
  }
  // What follows the text of a plain turn ends one; its white space is not asked for.
  const std::string ending = plain.substr(std::min(plain.size(), plain.rfind("PLAIN") + 5));
  size_t same = 0;
  while (same < ending.size() && same < text.size() && ending[ending.size() - 1 - same] == text[text.size() - 1 - same])
    ++same;
  while (same > 0 && same < ending.size() && text[text.size() - same] != '<') --same;  // whole marks
  text.remove_suffix(same);
  // What ends the generation of a call.
  for (const std::string_view token :
       {"<|call|>", "<|eom_id|>", "<SPECIAL_12>\n\n", "<\uff5chy_eos:opensource\uff5c>", "<|tool_response>",
        "<|END_OF_TURN_TOKEN|>", "<\uff5cend\u2581of\u2581sentence\uff5c><\uff5cAssistant\uff5c>"})
    if (text.ends_with(token)) text.remove_suffix(token.size());
  turn.text = text;
  return turn;
}

struct RoundTrip {
  bool rendered = false, calls = false, content = false, reasoning = false, splits = true;
  std::string why;
};

// One conversation: `message` as OpenAI's API has it.
inline RoundTrip round_trip(const Template& t, const Template::Context& base, const TemplateFacts& facts,
                            const ToolFormat& format, const ToolSet& tools, const OrderedJson& message) {
  RoundTrip r;
  auto read = read_messages(OrderedJson::array({message}).dump());
  if (!read.ok()) return r.why = read.status().message(), r;
  auto adapted = adapt(*read, facts, format, &tools);
  if (!adapted.ok()) return r.why = adapted.status().message(), r;
  Message assistant = adapted->back();
  const auto turn = turn_of(t, base, assistant);
  if (!turn.ok()) return r.why = turn.status().message(), r;
  r.rendered = true;
  std::string prompt = turn->prompt;
  // A history leaves out where reasoning began, which is in the prompt when it is asked for.
  if (turn->text.find(format.think_end) < turn->text.find(format.think)) prompt += format.think;
  const OutputParser::Options options{.tools = &tools, .prompt = prompt};
  const std::vector<Event> whole = parse(format, options, turn->text);
  for (size_t i = 1; i < turn->text.size(); ++i)
    r.splits = r.splits && parse(format, options, turn->text, {i}) == whole;
  const Answer a = answer_of(whole);
  const auto trimmed = [](std::string s) {
    while (!s.empty() && is_space(s.back())) s.pop_back();
    return s.substr(std::min(s.size(), s.find_first_not_of(" \n\t\r")));
  };
  r.calls = a.calls.size() == message["tool_calls"].size();
  for (size_t i = 0; r.calls && i < a.calls.size(); ++i) {
    const OrderedJson& f = message["tool_calls"][i]["function"];
    const auto got = nlohmann::json::parse(a.calls[i].arguments, nullptr, false);
    r.calls = a.calls[i].name == f["name"] && !got.is_discarded() &&
              got == nlohmann::json::parse(f["arguments"].get<std::string>());
  }
  // What a template leaves out cannot come back.
  const auto shown = [&](const char* key) {
    const std::string s = message.value(key, "");
    return turn->text.find(s) == std::string::npos ? std::string() : s;
  };
  const std::string content = shown("content"), reasoning = shown("reasoning_content");
  r.reasoning = a.reasoning == reasoning || (facts.reasoning_alone && a.reasoning.starts_with(reasoning));
  r.content = trimmed(a.content) == content || (facts.reasoning_alone && a.reasoning.ends_with(content));
  if (!r.calls || !r.content || !r.reasoning || !r.splits) {
    r.why =
        OrderedJson{{"turn", turn->text},
                    {"prompt", turn->prompt.substr(turn->prompt.size() - std::min<size_t>(60, turn->prompt.size()))},
                    {"content", a.content},
                    {"reasoning", a.reasoning}}
            .dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
    for (const auto& c : a.calls) r.why += " [" + c.id + " " + c.name + " " + c.arguments + "]";
  }
  return r;
}

inline OrderedJson call_json(const char* id, const char* name, const OrderedJson& arguments) {
  return {{"id", id}, {"type", "function"}, {"function", {{"name", name}, {"arguments", arguments.dump()}}}};
}

// Assistants' messages with every kind of argument. one: a single call each.
inline std::vector<OrderedJson> round_trip_messages(bool parallel, bool reasoning) {
  const std::vector<OrderedJson> arguments = {
      {{"city", "Paris"}},
      {{"city", "A \"b\" \\ \n line\nSt. John's, \u00c5rhus \U0001f600"}, {"days", 3}},
      {{"city", "12"}, {"days", -7}, {"share", 0.25}, {"flag", true}},
      {{"city", "True"}, {"flag", false}, {"tags", {"a", "b, c", "d'e"}}},
      {{"city", "a"}, {"where", {{"name", "y"}}}, {"tags", OrderedJson::array()}},
      {{"city", "<b> & {x: 1} [y]"},
       {"where", {{"lat", 1.5}, {"name", "x"}, {"deep", {{"list", {1, 2, nullptr, true}}}}}},
       {"tags", OrderedJson::array()}},
  };
  std::vector<OrderedJson> out;
  for (const auto& a : arguments) {
    for (const char* content : {"", "Let me look."}) {
      for (int n = 1; n <= (parallel ? 2 : 1); ++n) {
        OrderedJson m = {
            {"role", "assistant"}, {"content", content}, {"tool_calls", {call_json("call12345", "get_weather", a)}}};
        if (n == 2) m["tool_calls"].push_back(call_json("call67890", "now", OrderedJson::object()));
        out.push_back(m);
        if (!reasoning) continue;
        m["reasoning_content"] = "I must look.\nNow.";
        out.push_back(m);
      }
    }
  }
  return out;
}

}  // namespace infer::text::tools
