// What readers of grammars share: the rules by name, used before or after they are defined, and how a place in the
// source is said.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/constraint/cursor.h"
#include "text/constraint/grammar.h"

namespace infer::text {

class GrammarReader {
 protected:
  GrammarReader(Grammar& g, std::string_view source) : g_(g), in_(source) {}

  Result<Grammar::Rule> define(std::string_view name, size_t at);  // a second time: refused
  Result<Grammar::Expr> refer(std::string_view name, size_t at);
  Status check_defined() const;  // all that are used
  std::optional<Grammar::Rule> find(std::string_view name) const;

  // ---- messages
  std::string place(size_t at, std::string_view what) const {
    return str("grammar, ", in_.line_and_column(at), ": ", what);
  }
  Status invalid(size_t at, std::string_view what, std::string hint = {}) const {
    return Status::invalid(place(at, what), std::move(hint));
  }
  Status unexpected(std::string_view expected) {
    return invalid(in_.at(), str(found(), " where ", expected, " is expected"));
  }
  std::string found();  // what is there

  Grammar& g_;
  Cursor in_;

 private:
  struct Named {
    Grammar::Rule rule;
    size_t at;  // of the definition, or the first use
    bool defined = false;
  };
  Result<Named*> named(std::string_view name, size_t at);

  std::vector<std::string> names_;  // in the order of their first use
  std::unordered_map<std::string, Named> known_;
};

}  // namespace infer::text
