#include "text/constraint/grammar_reader.h"

namespace infer::text {

Result<GrammarReader::Named*> GrammarReader::named(std::string_view name, size_t at) {
  if (const auto found = known_.find(std::string(name)); found != known_.end()) return &found->second;
  if (static_cast<int64_t>(names_.size()) >= g_.limits().rules)
    return invalid(at, str("more than ", g_.limits().rules, " rules"));
  constexpr size_t kInMessages = 60;  // bytes
  names_.emplace_back(name);
  const Named made{g_.declare(std::string(name.substr(0, kInMessages))), at};
  return &known_.emplace(name, made).first->second;
}

Result<Grammar::Rule> GrammarReader::define(std::string_view name, size_t at) {
  TRY_SET(Named* const known, named(name, at));
  if (known->defined)
    return invalid(
        at, str("rule ", Cursor::quoted(name), " is defined a second time, first in ", in_.line_and_column(known->at)),
        "join the two with '|'");
  known->defined = true;
  known->at = at;
  return known->rule;
}

Result<Grammar::Expr> GrammarReader::refer(std::string_view name, size_t at) {
  TRY_SET(const Named* const known, named(name, at));
  return g_.refer(known->rule);
}

Status GrammarReader::check_defined() const {
  for (const std::string& name : names_)
    if (const Named& r = known_.at(name); !r.defined)
      return invalid(r.at, str("rule ", Cursor::quoted(name), " is not defined"),
                     "add it, or put it in quotes if it is text");
  return {};
}

std::optional<Grammar::Rule> GrammarReader::find(std::string_view name) const {
  const auto found = known_.find(std::string(name));
  if (found == known_.end()) return {};
  return found->second.rule;
}

std::string GrammarReader::found() {
  if (in_.done()) return "the end";
  const size_t at = in_.at();
  in_.next();
  const std::string c = in_.quoted(at);
  in_.back_to(at);
  return c;
}

}  // namespace infer::text
