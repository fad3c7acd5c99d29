// Reads one JSON object per line from stdin, renders it, writes one JSON object per line to stdout:
//   {"template": "...", "messages": [{"role": ..., "content": ...}], "add_generation_prompt": true, "bos_token": "<s>",
//    "eos_token": "</s>", "now": 0, "extra": {"tools": [...]}}
//   -> {"text": "...", "trusted": [[begin, end], ...]}  or  {"error": "...", "hint": "..."}
#include <iostream>
#include <nlohmann/json.hpp>

#include "text/template/template.h"

using Json = nlohmann::ordered_json;
using infer::text::Template;

static Template::Context context_of(const Json& in) {
  Template::Context context;
  for (const Json& m : in.value("messages", Json::array())) {
    infer::text::Message message;
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

static Json answer(const Json& in) {
  auto compiled = Template::compile(in.at("template").get<std::string>());
  if (!compiled.ok()) return {{"error", compiled.status().message()}, {"hint", compiled.status().hint()}};
  const auto rendered = (*compiled)->render(context_of(in));
  if (!rendered.ok()) return {{"error", rendered.status().message()}, {"hint", rendered.status().hint()}};
  Json trusted = Json::array();
  for (const auto& span : rendered->trusted) trusted.push_back({span.begin, span.end});
  return {{"text", rendered->text}, {"trusted", trusted}};
}

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << answer(Json::parse(line)).dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
  }
}
