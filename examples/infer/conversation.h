// Messages of a conversation, and the request that answers them.
#pragma once
#include <string>
#include <vector>

#include "session.h"

namespace infer::tool {

struct Message {
  const char* role;  // "system", "user", "assistant"
  std::string text;
};

// A template that the file has but that does not compile counts: using it says what is wrong.
bool has_template(const Session& session);

// Through the model's chat template.
Request submit_chat(const Session& session, const std::vector<Message>& messages, const Options& options);

}  // namespace infer::tool
