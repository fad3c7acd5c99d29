#include <algorithm>

#include "text/tools/adapt.h"
#include "text/tools/values.h"

namespace infer::text::tools {
namespace {

constexpr std::string_view kTools =
    R"([{"type": "function", "function": {"name": "tool_one", "description": "shown_tool", "parameters": {"type": "object", "properties": {"needle": {"type": "string", "description": "d"}}, "required": ["needle"]}}}])";

bool has(const std::string& text, std::string_view what) { return text.find(what) != text.npos; }

class Probe {
 public:
  Probe(const Template& t, const Template::Context& base) : template_(t), base_(base) {}

  static Message say(std::string_view role, std::string_view text, std::string fields = {}) {
    return {std::string(role), {{"text", std::string(text)}}, std::move(fields)};
  }

  bool with_tools = true;

  // Empty if it cannot be rendered.
  std::string render(std::vector<Message> messages, bool prompt = false) const {
    Template::Context c = base_;
    if (with_tools) offer_tools(c, std::string(kTools));
    c.messages = std::move(messages);
    c.add_generation_prompt = prompt;
    auto rendered = template_.render(c);
    return rendered.ok() ? std::move(rendered->text) : std::string();
  }

  static std::string calls(bool as_text, int n = 1, bool null_content = false) {
    std::string list;
    for (int i = 0; i < n; ++i)
      list +=
          str(i ? ", " : "", R"({"id": "call0000)", i,
              R"(", "type": "function", "function": {"name": "tool_one", "arguments": )",
              as_text ? R"("{\"needle\": \"thread)" : R"({"needle": "thread)", i, as_text ? R"(\"}"}})" : R"("}}})");
    return str(null_content ? R"({"content": null, "tool_calls": [)" : R"({"tool_calls": [)", list, "]}");
  }

  Message asks(bool as_text, int n, bool null_content) const {
    Message m = say("assistant", "", calls(as_text, n, null_content));
    if (null_content) m.parts.clear();
    return m;
  }

  // Shown behind the user's message as they should be: not quoted twice, and not as Python prints an object.
  static bool shown_well(const std::string& text) {
    const std::string turn = text.substr(std::min(text.size(), text.rfind("shown_user")));
    return has(turn, "thread0") && has(turn, "needle") && !has(turn, "\\\"needle") && !has(turn, "'needle':") &&
           !has(turn, "None");
  }

 private:
  const Template& template_;
  const Template::Context& base_;
};

}  // namespace

TemplateFacts find_facts(const Template& chat_template, const Template::Context& base) {
  Probe probe(chat_template, base);
  const Message user = Probe::say("user", "shown_user");
  TemplateFacts facts;
  facts.tools = has(probe.render({user}, true), "shown_tool");
  probe.with_tools = facts.tools;  // they may break it
  facts.system = has(probe.render({Probe::say("system", "shown_system"), user}, true), "shown_system");
  for (const bool as_text : {false, true}) {
    for (const bool null_content : {false, true}) {
      const std::string text = probe.render({user, probe.asks(as_text, 1, null_content)});
      if (facts.calls || !Probe::shown_well(text)) continue;
      facts.calls = true;
      facts.arguments_as_text = as_text;
      facts.no_content = null_content;
    }
  }
  if (facts.calls) {
    const std::string fields = Probe::calls(facts.arguments_as_text);
    facts.content_alone = !Probe::shown_well(probe.render({user, Probe::say("assistant", "said", fields)}));
  }
  const Message one =
      facts.calls ? probe.asks(facts.arguments_as_text, 1, facts.no_content) : Probe::say("assistant", "x");
  const std::string result_fields = R"({"tool_call_id": "call00000", "name": "tool_one"})";
  facts.results =
      has(probe.render({user, one, Probe::say("tool", "shown_result", result_fields)}, true), "shown_result");
  if (facts.calls) {
    const std::string two = probe.render(
        {user, probe.asks(facts.arguments_as_text, 2, facts.no_content), Probe::say("tool", "r", result_fields),
         Probe::say("tool", "r", R"({"tool_call_id": "call00001", "name": "tool_one"})")});
    facts.parallel = has(two, "thread0") && has(two, "thread1");
  }
  facts.parallel = facts.parallel || !facts.calls;  // text holds any number
  for (const char* field : {"reasoning_content", "reasoning", "thinking", "thought"}) {
    Message m = one;
    m.fields_json = m.fields_json.empty() ? "{" : m.fields_json.substr(0, m.fields_json.size() - 1) + ", ";
    m.fields_json += str("\"", field, "\": \"shown_thought\"}");
    const Message result = facts.results ? Probe::say("tool", "r", result_fields) : Probe::say("user", "r");
    if (!facts.reasoning.empty() ||
        (!has(probe.render({user, m, result}), "shown_thought") && !has(probe.render({user, m}), "shown_thought")))
      continue;
    facts.reasoning = field;
    m.parts.assign(1, {"text", "said"});
    facts.reasoning_alone = facts.calls && probe.render({user, m}).empty();
  }
  return facts;
}

void offer_tools(Template::Context& context, const std::string& tools_json) {
  context.extra_json["tools"] = tools_json;
  std::string quoted;
  append_json_string(quoted, tools_json);
  context.extra_json["functions"] = quoted;
}

ToolFormat format_of(std::string_view template_source, const TemplateFacts& facts) {
  ToolFormat found = detect(template_source);
  return facts.tools || facts.calls ? found : *find("json");
}

}  // namespace infer::text::tools
