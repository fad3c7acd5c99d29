// A compiled template: what parsing gives and rendering reads. Immutable, so any number of threads may render it.
#pragma once
#include <string>
#include <vector>

#include "text/template/ast.h"
#include "text/template/lexer.h"

namespace infer::text::jinja {

// Evaluator frames that one level of brackets or blocks may cost: the grammar has that many levels of operators.
inline constexpr int kFramesPerLevel = 10;

struct Program {
  Source source;
  std::vector<std::string> names;  // by Name
  Name loop_name = 0;              // "loop"
  Block body;
  TemplateLimits limits;
};

Result<std::unique_ptr<Program>> parse(std::string_view text, const TemplateLimits& limits);

}  // namespace infer::text::jinja
