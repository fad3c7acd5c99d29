// Variables of a template at run time: a chain of scopes, innermost first.
//
// A loop body, a macro call, a block each has its scope; `if` has none. A macro sees the scope that it was defined in,
// so a scope in which a macro was defined is kept until the end of the rendering; all others go when their block ends.
#pragma once
#include <memory>
#include <vector>

#include "text/template/ast.h"
#include "text/template/value.h"

namespace infer::text::jinja {

class Scope {
 public:
  Scope(Meter& m, Scope* parent) : meter_(m), parent_(parent) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { clear(); }

  // Null when no scope of the chain has it.
  const Value* find(Name name) const {
    for (const Scope* s = this; s; s = s->parent_) {
      for (auto v = s->variables_.rbegin(); v != s->variables_.rend(); ++v) {
        if (v->first == name) return &v->second;
      }
    }
    return nullptr;
  }
  // In this scope, whatever the outer ones have.
  Status set(Name name, Value value) {
    for (auto& v : variables_) {
      if (v.first == name) return v.second = std::move(value), Status();
    }
    TRY(meter_.grow(kBytes));
    variables_.emplace_back(name, std::move(value));
    return {};
  }
  void clear() {
    meter_.shrink(static_cast<int64_t>(variables_.size()) * kBytes);
    variables_.clear();
  }
  void capture() {
    for (Scope* s = this; s; s = s->parent_) s->captured_ = true;
  }
  bool captured() const { return captured_; }

 private:
  static constexpr int64_t kBytes = 2 * sizeof(std::pair<Name, Value>);
  Meter& meter_;
  Scope* parent_;
  bool captured_ = false;
  std::vector<std::pair<Name, Value>> variables_;
};

}  // namespace infer::text::jinja
