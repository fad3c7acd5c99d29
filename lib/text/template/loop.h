// The variable `loop` inside a for.
#pragma once
#include "text/template/sequence.h"

namespace infer::text::jinja {

struct Stmt;
class Scope;

struct Loop : Object {
  Sequence items;
  int64_t depth0 = 0;               // loops of the same `for ... recursive` around this one
  const Stmt* recursive = nullptr;  // that statement, for loop(...); null: it is not recursive
  Scope* outer = nullptr;           // where it stands; good until finished
  mutable int64_t index0 = 0;
  mutable std::vector<Value> changed;  // arguments of the last loop.changed()
  mutable bool changed_called = false, finished = false;

  // Lets go of what changed() remembered: it may be this very loop.
  void finish() const {
    finished = true;
    std::vector<Value>().swap(changed);
  }
};

}  // namespace infer::text::jinja
