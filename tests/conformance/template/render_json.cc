// Reads one JSON object per line from stdin, renders it, writes one JSON object per line to stdout:
//   {"template": "...", "messages": [{"role": ..., "content": ...}], "add_generation_prompt": true, "bos_token": "<s>",
//    "eos_token": "</s>", "now": 0, "extra": {"tools": [...]}}
//   -> {"text": "...", "trusted": [[begin, end], ...], "generated": [...]}  or  {"error": "...", "hint": "...",
//   "refused": false}
// With "times": N also "seconds", the least that one of N renderings took, the compilation not counted.
// refused: the template needs what this interpreter does not have (INFER_E_UNSUPPORTED).
#include <algorithm>
#include <chrono>
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

static double fastest(const Template& t, const Template::Context& context, int times) {
  double best = 1e9;
  for (int i = 0; i < times; i++) {
    const auto start = std::chrono::steady_clock::now();
    if (!t.render(context).ok()) return -1;
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

static Json answer(const Json& in) {
  const auto compiled = Template::compile(in.at("template").get<std::string>());
  if (!compiled.ok()) return failure(compiled.status());
  const Template::Context context = infer::text::context_of(in);
  const auto rendered = (*compiled)->render(context);
  if (!rendered.ok()) return failure(rendered.status());
  Json out = {
      {"text", rendered->text}, {"trusted", pairs(rendered->trusted)}, {"generated", pairs(rendered->generated)}};
  if (in.contains("times")) out["seconds"] = fastest(**compiled, context, in["times"].get<int>());
  return out;
}

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << answer(Json::parse(line)).dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
  }
}
