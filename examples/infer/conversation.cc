#include "conversation.h"

namespace infer::tool {

bool has_template(const Session& session) {
  return session.fact("has_chat_template") != 0 || !session.meta("tokenizer.chat_template").empty();
}

Request submit_chat(const Session& session, const std::vector<Message>& messages, const Options& options) {
  std::vector<infer_part> parts;
  for (const Message& m : messages) {
    infer_part p = INFER_PART_INIT;
    p.role = m.role;
    p.data = m.text.data();
    p.len = static_cast<int64_t>(m.text.size());
    parts.push_back(p);
  }
  infer_request* request = nullptr;
  check(infer_engine_submit_chat(session.engine.get(), parts.data(), static_cast<int64_t>(parts.size()), options.get(),
                                 &request));
  return Request(request);
}

}  // namespace infer::tool
