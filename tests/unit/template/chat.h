// Chats as JSON -> Template::Context, for this folder and tests/conformance/template.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "text/template/template.h"

namespace infer::text {

using Json = nlohmann::ordered_json;

// {"messages": [...], "extra": {...}, "bos_token": ..., "eos_token": ..., "now": ..., "add_generation_prompt": ...}
inline Template::Context context_of(const Json& in) {
  Template::Context context;
  for (const Json& m : in.value("messages", Json::array())) {
    Message message;
    Json rest = m;
    message.role = m.value("role", "");
    rest.erase("role");
    if (m.contains("content") && m["content"].is_string()) {
      message.parts.push_back({"text", m["content"]});
      rest.erase("content");
    }
    if (!rest.empty()) message.fields_json = rest.dump();
    context.messages.push_back(std::move(message));
  }
  context.add_generation_prompt = in.value("add_generation_prompt", true);
  context.bos_token = in.value("bos_token", "");
  context.eos_token = in.value("eos_token", "");
  context.now = in.value("now", int64_t{0});
  const Json extra = in.value("extra", Json::object());
  for (const auto& [key, value] : extra.items()) context.extra_json[key] = value.dump();
  return context;
}

inline Result<Rendered> render(const std::string& source, const Template::Context& context = {},
                               const TemplateLimits& limits = {}) {
  auto compiled = Template::compile(source, limits);
  if (!compiled.ok()) return compiled.status();
  return (*compiled)->render(context);
}

}  // namespace infer::text
