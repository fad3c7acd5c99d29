// Chat templates: the Jinja that published models use, as an interpreter with budgets.
//
// Output is marked: every byte that came from a message (and what filters made of it) is remembered as input,
// everything that the template itself wrote is trusted. The tokenizer looks for control tokens in trusted ranges only.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace infer::text {

struct TemplateLimits {
  int32_t depth = 64;  // levels of brackets and blocks in the source, and of lists in lists; calls are bounded with it
  int64_t steps = 2'000'000;  // evaluated nodes, compared items, copied KiB
  int64_t bytes = 32 << 20;   // alive at one time: all strings and lists, and the output
  int64_t source_bytes = 256 << 10;
};

struct Part {
  std::string kind, data;  // "text", UTF-8
};
struct Message {
  std::string role;
  std::vector<Part> parts;
  std::string fields_json;  // a JSON object of further fields (tool_calls, name, reasoning_content, ...); empty: none
};

struct Rendered {
  std::string text;
  struct Span {
    size_t begin, end;
  };
  // Both sorted, disjoint, not empty.
  std::vector<Span> trusted;    // what the template wrote
  std::vector<Span> generated;  // what stands in {% generation %} blocks: the model's own words, for training on them
};

class Template {
 public:
  // Syntax errors give line and column and what was expected.
  static Result<std::unique_ptr<const Template>> compile(std::string_view source, const TemplateLimits& limits = {});
  virtual ~Template() = default;

  struct Context {
    std::vector<Message> messages;
    bool add_generation_prompt = true;
    std::string bos_token, eos_token;               // text of these tokens; trusted
    std::map<std::string, std::string> extra_json;  // further variables, as JSON text (tools, enable_thinking, ...)
    int64_t now = 0;                                // seconds since the epoch, UTC, for strftime_now
  };
  // raise_exception() in the template is E_INVALID with its message. Exceeded budgets are E_INVALID naming the budget.
  // A kind of part that is not "text" is E_UNSUPPORTED naming it.
  virtual Result<Rendered> render(const Context& context) const = 0;
};

}  // namespace infer::text
