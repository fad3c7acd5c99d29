// Reads one JSON object per line from stdin, renders it, writes one JSON object per line to stdout:
//   {"template": "...", "messages": [{"role": ..., "content": ...}], "add_generation_prompt": true, "bos_token": "<s>",
//    "eos_token": "</s>", "now": 0, "extra": {"tools": [...]}}
//   -> {"text": "...", "trusted": [[begin, end], ...]}  or  {"error": "...", "hint": "..."}
#include <iostream>

#include "tests/unit/template/chat.h"

using infer::text::Json;
using infer::text::Template;

static Json answer(const Json& in) {
  auto compiled = Template::compile(in.at("template").get<std::string>());
  if (!compiled.ok()) return {{"error", compiled.status().message()}, {"hint", compiled.status().hint()}};
  const auto rendered = (*compiled)->render(infer::text::context_of(in));
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
