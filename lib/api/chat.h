// From the parts of a chat to a prompt: rendered by the model's template, then to ids in which a user's text can never
// become a control token.
#pragma once
#include <libinfer/infer.h>

#include <cstdint>
#include <vector>

#include "api/model.h"

namespace infer::api {

// Appends the messages that a caller gave. A first part without a role goes on with the last message there is.
Status add_messages(const infer_part* parts, int64_t n_parts, std::vector<text::Message>& messages);
// What the option chat.now says, else the system's clock: seconds since 1970.
int64_t time_of(const Settings& settings);
// What a template is given beside messages: tokens' texts, and what the options chat.* say.
Result<text::Template::Context> chat_context(const Loaded& model, const Settings& settings);
Result<text::Rendered> render_chat(const Loaded& model, std::vector<text::Message> messages, const Settings& settings);
Result<text::Rendered> render_chat(const Loaded& model, const text::Template::Context& context);
Result<std::vector<int32_t>> encode_chat(const Loaded& model, const text::Rendered& prompt);

}  // namespace infer::api
