#include "conversation.h"

#include <span>

namespace infer::tool {
namespace {

infer_status submit(const Session& session, std::span<const Message> messages, const Options& options,
                    infer_request** out) {
  std::vector<infer_part> parts;
  for (const Message& m : messages) {
    infer_part p = INFER_PART_INIT;
    p.role = m.role;
    p.data = m.text.data();
    p.len = static_cast<int64_t>(m.text.size());
    parts.push_back(p);
  }
  return infer_engine_submit_chat(session.engine.get(), parts.data(), static_cast<int64_t>(parts.size()), options.get(),
                                  out);
}

}  // namespace

bool has_template(const Session& session) {
  return session.fact("has_chat_template") != 0 || !session.meta("tokenizer.chat_template").empty();
}

Request submit_chat(const Session& session, const std::vector<Message>& messages, const Options& options) {
  infer_request* request = nullptr;
  infer_status status = submit(session, messages, options, &request);
  const bool ours =
      messages.size() > 1 && messages[0].role == std::string("system") && messages[0].text == kDefaultSystem;
  if (status < 0 && ours) status = submit(session, std::span(messages).subspan(1), options, &request);
  check(status);
  return Request(request);
}

}  // namespace infer::tool
