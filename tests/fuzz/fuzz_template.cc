// Any bytes as a chat template: refused with a sentence, or rendered within small budgets. What was rendered must say
// for every byte whether it is trusted, and a chat's text must not turn up as the template's own.

// link: infer_template
// replay: tests/golden/template
#include <cstdint>
#include <string_view>

#include "text/template/template.h"

using namespace infer;
using namespace infer::text;

// Every string of the chat that is shown holds this character.
#define MARK "\xee\x80\x80"  // U+E000

static const Template::Context& chat() {
  static const Template::Context context = [] {
    Template::Context c;
    c.messages = {
        {"system", {{"text", "Be \xc3\xa9 brief " MARK "."}}, ""},
        {"user", {{"text", " Hello \xff" MARK}, {"text", "{{ x }}\n\x01"}}, R"({"name": "Ann\ue000"})"},
        {"assistant",
         {},
         R"({"content": null, "tool_calls": [{"id": "1", "function": {"name": "f\ue000", "arguments": {"a\ue000": [1, 2.5, null]}}}]})"},
    };
    c.extra_json["tools"] =
        R"([{"type": "function", "function": {"name": "f\ue000", "parameters": {"properties": {"a": {"type": "array"}}}}}])";
    c.extra_json["s"] = R"("Hello <b> \ue000")";
    c.extra_json["xs"] = "[3, 1, 2]";
    c.extra_json["d"] = R"({"b": 2, "a": 1, "x\ue000 y": [1, {"z": "deep"}]})";
    c.bos_token = "<s>";
    c.eos_token = "</s>";
    c.now = 1753966800;
    return c;
  }();
  return context;
}

// Whether the template could have written that character itself: as it is, by an escape, or by its number.
static bool may_write_mark(std::string_view source) {
  for (const std::string_view how : {MARK, "\\", "57344", "e000", "E000"}) {
    if (source.find(how) != source.npos) return true;
  }
  return false;
}

static void check_spans(const std::vector<Rendered::Span>& spans, size_t size) {
  size_t at = 0;
  for (const auto& span : spans) {
    if (span.begin < at || span.end <= span.begin || span.end > size) __builtin_trap();
    at = span.end;
  }
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
  check_spans(rendered->trusted, rendered->text.size());
  check_spans(rendered->generated, rendered->text.size());
  if (!may_write_mark(source)) {
    for (const auto& span : rendered->trusted) {
      const auto trusted = std::string_view(rendered->text).substr(span.begin, span.end - span.begin);
      if (trusted.find(MARK) != trusted.npos) __builtin_trap();
    }
  }
  if (static_cast<int64_t>(rendered->text.size()) > limits.bytes) __builtin_trap();
  return 0;
}
