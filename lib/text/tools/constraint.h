// Tools and the request's wish -> what the answer is held to, as JSON for the constraint on tags (response.tags).
//
//   {"triggers": ["<tool_call>"], "tags": [{"begin": "<tool_call>\n{\"name\": \"f\", \"arguments\": ", "schema": {..},
//    "end": "}\n</tool_call>"}], "at_least_one": false, "stop_after_first": false, "free_text": true}
// and, where only tags may come, a "separator" between them.
//
// Arguments in JSON are held to the tool's schema. Between tags and in Python's notation they are held to their names,
// their order, what is required, and their types; where a format quotes strings by a control token, to nothing.
#pragma once
#include <string>

#include "base/status.h"
#include "text/tools/format.h"
#include "text/tools/tool_set.h"

namespace infer::text::tools {

struct ToolChoice {
  enum class Kind : uint8_t { kAuto, kNone, kRequired, kNamed };
  Kind kind = Kind::kAuto;
  std::string name = {};   // kNamed
  bool parallel = true;    // several calls in one answer
  bool reasoning = false;  // the answer may begin with reasoning: text is free before a required call
};

// Empty: the answer is free (kNone, or no tools). E_INVALID: a name that no tool has, a call required of no tools.
Result<std::string> constraint(const ToolFormat& format, const ToolSet& tools, const ToolChoice& choice);

// The arguments of one call as a grammar in GBNF, rule root (kTags and kPython).
std::string arguments_grammar(const CallSyntax& syntax, const Tool& tool);

}  // namespace infer::text::tools
