// Variables of a template at run time: a chain of scopes, innermost first.
//
// A loop body, a macro call, a block each has its scope; `if` has none. A macro sees the scope that it was defined in,
// so a scope in which a macro was defined is kept until the end of the rendering; all others go when their block ends.
#pragma once
#include <memory>
#include <unordered_map>
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
      if (const size_t i = s->place_of(name); i < s->variables_.size()) return &s->variables_[i].second;
    }
    return nullptr;
  }
  // In this scope, whatever the outer ones have.
  Status set(Name name, Value value) {
    if (const size_t i = place_of(name); i < variables_.size())
      return variables_[i].second = std::move(value), Status();
    TRY(meter_.grow(kBytes));
    variables_.emplace_back(name, std::move(value));
    if (variables_.size() == kIndexed) {
      for (size_t i = 0; i < kIndexed; i++) index_.emplace(variables_[i].first, i);
    } else if (variables_.size() > kIndexed) {
      index_.emplace(name, variables_.size() - 1);
    }
    return {};
  }
  void clear() {
    meter_.shrink(static_cast<int64_t>(variables_.size()) * kBytes);
    variables_.clear();
    index_.clear();
  }
  void capture() {
    for (Scope* s = this; s; s = s->parent_) s->captured_ = true;
  }
  bool captured() const { return captured_; }

  std::unique_ptr<Scope> next;  // of those that the interpreter keeps

 private:
  static constexpr size_t kIndexed = 16;  // variables from which on they are found by the index
  static constexpr int64_t kBytes = 2 * sizeof(std::pair<Name, Value>) + 48;  // a variable, and its row in the index

  // Of the variable, or past the last.
  size_t place_of(Name name) const {
    if (variables_.size() >= kIndexed) {
      const auto row = index_.find(name);
      return row == index_.end() ? variables_.size() : row->second;
    }
    size_t i = 0;
    while (i < variables_.size() && variables_[i].first != name) i++;
    return i;
  }

  Meter& meter_;
  Scope* parent_;
  bool captured_ = false;
  std::vector<std::pair<Name, Value>> variables_;
  std::unordered_map<Name, size_t> index_;
};

}  // namespace infer::text::jinja
