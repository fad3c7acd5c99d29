// Any bytes as a model's answer (the first says which format and how it is cut, the second what the prompt and the
// tools are): the same events whatever the cutting, calls whose arguments are JSON objects, and nothing lost: content
// and reasoning are what the text has outside of calls, but for marks and the space around them.

// link: infer_tools
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/tools/parse.h"
#include "text/tools/adapt.h"
#include "text/tools/constraint.h"
#include "text/tools/values.h"

using namespace infer;
using namespace infer::text::tools;

static const ToolSet& known_tools() {
  static const ToolSet set =
      ToolSet::read(
          R"([{"name": "f", "parameters": {"properties": {"a": {"type": "string"}, "n": {"type": "integer"}, "o": {"type": "object"}, "l": {"type": "array", "items": {"type": "string"}}}}}, {"name": "g"}])")
          .take();
  return set;
}

// Is what remains of `text` after leaving out some bytes `part`?
static bool within(std::string_view part, std::string_view text) {
  size_t at = 0;
  for (const char c : text) at += at < part.size() && part[at] == c;
  return at == part.size();
}

// Bytes of sections in which there is no call: marks, and space, which is not counted.
static size_t empty_sections(const CallSyntax& c, std::string_view text) {
  size_t bytes = 0;
  for (size_t at = 0; !c.begin.empty() && (at = text.find(c.begin, at)) != text.npos;) {
    size_t marks = c.begin.size();
    at += marks;
    bool ends = false;
    for (std::string_view mark : {c.open, c.close, c.end}) {
      while (!mark.empty() && is_space(mark.front())) mark.remove_prefix(1);
      while (!mark.empty() && is_space(mark.back())) mark.remove_suffix(1);
      while (at < text.size() && is_space(text[at])) ++at;
      ends = text.substr(at).starts_with(mark);
      if (ends) at += mark.size(), marks += mark.size();
    }
    if (ends) bytes += marks;
  }
  return bytes;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const std::vector<ToolFormat> all = formats();
  const ToolFormat& format = all[data[0] % all.size()];
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  // Lists of tools and messages are read from any bytes, too.
  if (const auto set = ToolSet::read(text); set.ok()) {
    const auto tags = constraint(format, *set, {.parallel = (data[1] & 1) != 0});
    if (!tags.ok() || (!tags->empty() && !nlohmann::json::accept(*tags))) __builtin_trap();
  }
  if (auto messages = read_messages(text); messages.ok()) {
    const TemplateFacts facts{.tools = (data[1] & 1) != 0,
                              .calls = (data[1] & 2) != 0,
                              .parallel = (data[1] & 4) != 0,
                              .arguments_as_text = (data[1] & 8) != 0,
                              .no_content = (data[1] & 16) != 0,
                              .results = (data[1] & 32) != 0};
    (void)adapt(messages.take(), facts, format, &known_tools());
  }
  std::string prompt;
  if (data[1] & 1) prompt = std::string(format.think) + "\n";
  if (data[1] & 2) prompt = format.channels ? "<|start|>assistant" : std::string(format.calls[0].begin);
  const OutputParser::Options options{
      .tools = data[1] & 4 ? &known_tools() : nullptr, .prompt = prompt, .calls = (data[1] & 24) != 24};
  const std::vector<Event> whole = parse(format, options, text);
  std::vector<size_t> cuts;
  for (size_t at = 1 + data[0] % 7; at < text.size(); at += 1 + (at * data[0]) % 13) cuts.push_back(at);
  if (!(parse(format, options, text, cuts) == whole)) __builtin_trap();

  const Answer answer = answer_of(whole);
  for (const Answer::Call& call : answer.calls) {
    if (call.name.empty() || call.id.empty() || !is_json_object(call.arguments)) __builtin_trap();
    if (text.find(call.name) == text.npos && call.name.find('\\') == call.name.npos && text.find('\\') == text.npos)
      __builtin_trap();
  }
  if (answer.content.size() + answer.reasoning.size() > text.size()) __builtin_trap();
  if (!within(answer.content, text) || !within(answer.reasoning, text)) __builtin_trap();
  if (answer.calls.empty() && !format.channels) {
    // Only marks and space may be missing.
    std::string told = answer.reasoning + answer.content, rest(text);
    size_t missing = rest.size() - told.size(), marks = 0;
    for (const char c : rest) marks += is_space(c);
    const auto count = [&](std::string_view mark) {
      for (size_t at = 0; !mark.empty() && (at = rest.find(mark, at)) != rest.npos; at += mark.size())
        marks += mark.size();
    };
    count(format.think);
    count(format.think_end);
    for (const std::string_view m : format.silent) count(m);
    for (const CallSyntax& c : format.calls) {
      marks += empty_sections(c, rest);
      if (c.tags && !c.tags->not_a_call.empty()) marks += rest.size();  // marks between which plain text stands
    }
    if (missing > marks) __builtin_trap();
  }
  return 0;
}
