// A request in the JSON of OpenAI's chat completions -> what the engine is asked for.
//
// Members that mean something here are done or refused by name, never passed over. Beside them every option of scope
// request may be given under its own key ("top_k": 20, "cache.domain": "anna").
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/model.h"
#include "api/settings.h"
#include "text/tools/constraint.h"
#include "text/tools/format.h"
#include "text/tools/tool_set.h"

namespace infer::api {

struct ChatRequest {
  Settings settings;                                  // the caller's options, and over them what the request says
  std::vector<text::Message> messages;                // as the model's template takes them
  const text::tools::ToolFormat* format = nullptr;    // of the answer; the model's
  std::shared_ptr<const text::tools::ToolSet> tools;  // null: the answer's calls are content
  std::string tools_json;
  text::tools::ToolChoice choice;
  std::string model;    // as the answer names it
  bool stream = false;  // the answer comes in chunks
  bool usage = false;   // the last chunk says what it cost
};

// E_INVALID: what is wrong where, by its path in the JSON. E_UNSUPPORTED: what is not done, by name.
Result<ChatRequest> read_chat_request(std::string_view json, Model& model, const Loaded& loaded,
                                      const Settings& defaults);

}  // namespace infer::api
