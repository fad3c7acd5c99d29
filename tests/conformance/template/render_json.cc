// Reads one JSON object per line from stdin, renders it, writes one JSON object per line to stdout:
//   {"template": "...", "messages": [{"role": ..., "content": ...}], "add_generation_prompt": true, "bos_token": "<s>",
//    "eos_token": "</s>", "now": 0, "extra": {"tools": [...]}}
//   -> {"text": "...", "trusted": [[begin, end], ...], "generated": [...]}  or  {"error": "...", "hint": "...",
//   "refused": false}
// refused: the template needs what this interpreter does not have (INFER_E_UNSUPPORTED).
#include <iostream>

#include "tests/unit/template/chat.h"

using infer::text::Json;
using infer::text::Template;

static Json failure(const infer::Status& s) {
  return {{"error", s.message()}, {"hint", s.hint()}, {"refused", s.code() == INFER_E_UNSUPPORTED}};
}

static Json pairs(const std::vector<infer::text::Rendered::Span>& spans) {
  Json out = Json::array();
  for (const auto& span : spans) out.push_back({span.begin, span.end});
  return out;
}

static Json answer(const Json& in) {
  const auto compiled = Template::compile(in.at("template").get<std::string>());
  if (!compiled.ok()) return failure(compiled.status());
  const auto rendered = (*compiled)->render(infer::text::context_of(in));
  if (!rendered.ok()) return failure(rendered.status());
  return {{"text", rendered->text}, {"trusted", pairs(rendered->trusted)}, {"generated", pairs(rendered->generated)}};
}

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << answer(Json::parse(line)).dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
  }
}
