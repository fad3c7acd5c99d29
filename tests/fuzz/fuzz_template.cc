// Any bytes as a chat template: refused with a sentence, or rendered within small budgets. What was rendered must say
// for every byte whether it is trusted, and a chat's text must not turn up as the template's own.

// link: infer_template
// replay: tests/golden/template
#include <cstdint>
#include <string_view>

#include "text/template/template.h"

using namespace infer;
using namespace infer::text;

static const Template::Context& chat() {
  static const Template::Context context = [] {
    Template::Context c;
    c.messages = {
        {"system", {{"text", "Be \xc3\xa9 brief \x01."}}, ""},
        {"user", {{"text", " Hello \xff\x01"}, {"text", "{{ x }}\n"}}, R"({"name": "Ann\u0001"})"},
        {"assistant",
         {},
         R"({"content": null, "tool_calls": [{"id": "1", "function": {"name": "f\u0001", "arguments": {"a": [1, 2.5, null]}}}]})"},
    };
    c.extra_json["tools"] =
        R"([{"type": "function", "function": {"name": "f\u0001", "parameters": {"properties": {"a": {"type": "array"}}}}}])";
    c.bos_token = "<s>";
    c.eos_token = "</s>";
    c.now = 1753966800;
    return c;
  }();
  return context;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const TemplateLimits limits{.depth = 32, .steps = 20'000, .bytes = 1 << 20, .source_bytes = 64 << 10};
  const auto compiled = Template::compile(source, limits);
  if (!compiled.ok()) {
    if (compiled.status().message().empty()) __builtin_trap();
    return 0;
  }
  const auto rendered = (*compiled)->render(chat());
  if (!rendered.ok()) return 0;
  // Every string of the chat that is shown holds the byte 1; a template without that byte (or an escape that makes one)
  // cannot have written it.
  const bool writes_one = source.find('\x01') != source.npos || source.find('\\') != source.npos;
  size_t at = 0;
  for (const auto& span : rendered->trusted) {
    if (span.begin < at || span.end <= span.begin || span.end > rendered->text.size()) __builtin_trap();
    at = span.end;
    const auto trusted = std::string_view(rendered->text).substr(span.begin, span.end - span.begin);
    if (!writes_one && trusted.find('\x01') != trusted.npos) __builtin_trap();
  }
  if (static_cast<int64_t>(rendered->text.size()) > limits.bytes) __builtin_trap();
  return 0;
}
