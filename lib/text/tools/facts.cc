#include <algorithm>

#include "text/tools/adapt.h"
#include "text/tools/values.h"

namespace infer::text::tools {
namespace {

constexpr std::string_view kTools =
    R"([{"type": "function", "function": {"name": "tool_one", "description": "shown_tool", "parameters": {"type": "object", "properties": {"needle": {"type": "string", "description": "d"}}, "required": ["needle"]}}}])";
constexpr std::string_view
    kSystem = R"({"role": "system", "content": "shown_system"})",
    kUser = R"({"role": "user", "content": "shown_user"})",
    kResult = R"({"role": "tool", "content": "shown_result", "tool_call_id": "call00000", "name": "tool_one"})",
    kResult2 = R"({"role": "tool", "content": "r", "tool_call_id": "call00001", "name": "tool_one"})";

bool has(std::string_view text, std::string_view what) { return text.find(what) != text.npos; }

class Probe {
 public:
  Probe(const Template& t, const Template::Context& base) : template_(t), context_(base) {}

  void offer(const std::string& tools) { offer_tools(context_, tools); }

  void take_back() { context_.extra_json.erase("tools"); }

  // A conversation of messages in JSON; empty if it cannot be rendered.
  std::string render(const std::string& messages, bool prompt = false) {
    auto read = read_messages(str('[', messages, ']'));
    if (!read.ok()) return {};
    context_.messages = read.take();
    context_.add_generation_prompt = prompt;
    auto rendered = template_.render(context_);
    return rendered.ok() ? std::move(rendered->text) : std::string();
  }

  // The rendering of the user's message and the assistant's calls. content, more: JSON.
  std::string calls(const TemplateFacts& f, std::string_view content, int n, std::string_view more = {}) {
    return render(str(kUser, ',', message(f, content, n), more));
  }
  static std::string message(const TemplateFacts& f, std::string_view content, int n, std::string_view fields = {}) {
    std::string list;
    for (int i = 0; i < n; ++i) {
      list += str(i ? ", " : "", R"({"id": "call0000)", i,
                  R"(", "type": "function", "function": {"name": "tool_one", "arguments": )");
      list += str(f.arguments_as_text ? R"("{\"needle\": \"thread)" : R"({"needle": "thread)", i,
                  f.arguments_as_text ? R"(\"}"}})" : R"("}}})");
    }
    return str(R"({"role": "assistant", "content": )", content, R"(, "tool_calls": [)", list, "]", fields, "}");
  }

  // Shown behind the user's message as they should be: not quoted twice, and not as Python prints an object.
  static bool shown_well(std::string_view text) {
    const std::string_view turn = text.substr(std::min(text.size(), text.rfind("shown_user")));
    return has(turn, "thread0") && has(turn, "needle") && !has(turn, "\\\"needle") && !has(turn, "'needle':") &&
           !has(turn, "None");
  }

 private:
  const Template& template_;
  Template::Context context_;
};

}  // namespace

TemplateFacts find_facts(const Template& chat_template, const Template::Context& base) {
  Probe probe(chat_template, base);
  const std::string user(kUser);
  TemplateFacts facts;
  probe.offer(std::string(kTools));
  facts.tools = has(probe.render(user, true), "shown_tool");
  if (!facts.tools) probe.take_back();  // they may break it
  facts.system = has(probe.render(str(kSystem, ',', kUser), true), "shown_system");
  std::string_view no_content = "\"\"";
  for (int form = 0; form < 4 && !facts.calls; ++form) {
    facts.arguments_as_text = form >= 2;
    facts.no_content = form % 2 == 1;
    no_content = facts.no_content ? "null" : "\"\"";
    facts.calls = Probe::shown_well(probe.calls(facts, no_content, 1));
  }
  if (facts.calls) {
    facts.content_alone = !Probe::shown_well(probe.calls(facts, "\"said\"", 1));
    const std::string two = probe.calls(facts, no_content, 2, str(',', kResult, ',', kResult2));
    facts.parallel = has(two, "thread0") && has(two, "thread1");
  } else {
    facts.arguments_as_text = facts.no_content = false;
    facts.parallel = true;  // text holds any number
  }
  const auto answer = [&](std::string_view content, std::string_view fields) {
    return facts.calls ? Probe::message(facts, content, 1, fields)
                       : str(R"({"role": "assistant", "content": "x")", fields, "}");
  };
  facts.results = has(probe.render(str(kUser, ',', answer(no_content, ""), ',', kResult), true), "shown_result");
  for (const char* field : {"reasoning_content", "reasoning", "thinking", "thought"}) {
    const std::string thought = str(R"(, ")", field, R"(": "shown_thought")");
    const std::string turn = str(kUser, ',', answer(no_content, thought));
    if (!has(probe.render(str(turn, ',', facts.results ? kResult : kUser)), "shown_thought") &&
        !has(probe.render(turn), "shown_thought"))
      continue;
    facts.reasoning = field;
    facts.reasoning_alone = facts.calls && probe.render(str(kUser, ',', answer("\"said\"", thought))).empty();
    break;
  }
  return facts;
}

void offer_tools(Template::Context& context, const std::string& tools_json) {
  context.extra_json["tools"] = tools_json;
  std::string& quoted = context.extra_json["functions"];
  quoted.clear();
  append_json_string(quoted, tools_json);
}

ToolFormat format_of(std::string_view template_source, const TemplateFacts& facts) {
  return facts.tools || facts.calls ? detect(template_source) : *find("json");
}

}  // namespace infer::text::tools
