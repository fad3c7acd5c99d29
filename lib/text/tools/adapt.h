// Messages in the shape of OpenAI's API -> messages as one chat template takes them. What a template takes is found by
// rendering small conversations with it: templates do not say.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/template/template.h"
#include "text/tools/format.h"
#include "text/tools/tool_set.h"

namespace infer::text::tools {

struct TemplateFacts {
  bool tools = false;              // the variable `tools` is shown
  bool calls = false;              // an assistant's calls are
  bool parallel = false;           // several in one message, too
  bool arguments_as_text = false;  // they must be JSON text, not an object
  bool no_content = false;         // no content beside calls must be null, not ""
  bool content_alone = false;      // content hides calls: it needs a message of its own
  bool results = false;            // messages of the role "tool" are shown
  bool system = false;             // those of the role "system" are
  bool reasoning_alone = false;    // it cannot stand beside content and calls
  std::string reasoning = {};      // the field of a message whose text is shown as reasoning; empty: none
};

// base: the tokens' texts and variables that every rendering has. Never fails: what cannot be rendered is not shown.
TemplateFacts find_facts(const Template& chat_template, const Template::Context& base);

// Sets the variables by which templates are given tools: `tools`, and Firefunction's `functions`.
void offer_tools(Template::Context& context, const std::string& tools_json);

// The format to parse and constrain by: that of the template, or plain JSON where the template shows neither tools nor
// calls.
ToolFormat format_of(std::string_view template_source, const TemplateFacts& facts);

// messages_json: [{"role", "content", "tool_calls", "tool_call_id", "name", "reasoning_content", ..}]; content is text,
// null or [{"type": "text", "text"}]. E_INVALID: what is wrong where, by its path.
Result<std::vector<Message>> read_messages(std::string_view messages_json);
Result<std::vector<Message>> read_messages(const Json& list);

// Calls get arguments as the template takes them, ids as the format wants them, and the message they can stand in;
// results get the name of their call; what the template does not know is said in words it does: results by the user,
// calls and tools as text, the system's message before the first of the user.
// tools: those of the request, or null. E_INVALID: tool_calls of another shape, by its path.
Result<std::vector<Message>> adapt(std::vector<Message> messages, const TemplateFacts& facts, const ToolFormat& format,
                                   const ToolSet* tools);

}  // namespace infer::text::tools
