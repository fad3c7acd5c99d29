// A compiled template: what parsing gives and rendering reads. Immutable, so any number of threads may render it.
#pragma once
#include <string>
#include <vector>

#include "text/template/ast.h"
#include "text/template/lexer.h"

namespace infer::text::jinja {

// Evaluator frames, per level of the limit `depth`, that an expression may need and that macro calls may add up to. One
// frame takes about a KiB of stack, so the default depth of 64 stays within a thread's 512 KiB.
inline constexpr int kFramesPerLevel = 6;

struct Program {
  Source source;
  std::vector<std::string> names;  // by Name
  Name loop_name = 0, caller_name = 0, varargs_name = 0, kwargs_name = 0;
  Block body;
  TemplateLimits limits;
};

Result<std::unique_ptr<Program>> parse(std::string_view text, const TemplateLimits& limits);

}  // namespace infer::text::jinja
