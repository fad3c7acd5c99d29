// A chat from JSON to JSON, in the shape of OpenAI's chat completions.
#pragma once
#include <memory>
#include <string_view>

#include "api/chat_answer.h"
#include "api/engine.h"

namespace infer::api {

struct ChatJson {
  std::shared_ptr<Samples> request;
  std::shared_ptr<ChatAnswer> answer;  // what its pieces say
};
Result<ChatJson> begin_chat_json(Engine& engine, std::string_view json, const Settings& defaults);

}  // namespace infer::api
