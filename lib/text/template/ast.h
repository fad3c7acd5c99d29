// The parsed template. Chains (a + b + c, x and y and z) are one node with many operands, so that their length costs no
// depth; what does nest is limited by the parser, which bounds the recursion of evaluation and destruction.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/template/call.h"
#include "text/template/operators.h"
#include "text/template/value.h"

namespace infer::text::jinja {

using Name = uint32_t;  // index into Program::names

enum class ExprKind : uint8_t {
  kConstant,
  kName,
  kList,
  kTuple,
  kDict,
  kAttribute,
  kSubscript,
  kSlice,
  kCall,
  kFilter,
  kTest,
  kMath,
  kConcat,
  kCompare,
  kAnd,
  kOr,
  kNot,
  kNegate,
  kPlus,
  kChoice,
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

// What the operands mean, by kind:
//   list, tuple, concat, and, or: the items        dict: key, value, key, value ...
//   attribute: object (name)                       subscript: object, key      slice: object, start, stop, step (each
//   may be null) call: callee, positional arguments ...         filter, test: value, positional arguments ... math,
//   compare: first, then one per operator    not, negate, plus: one      choice: condition, then, else (may be null)
struct Expr {
  ExprKind kind;
  uint16_t depth = 1;   // levels of nodes, this one included
  uint32_t offset = 0;  // in the source
  Name name = 0;
  Value constant;
  const Entry* entry = nullptr;  // filter or test; null: unknown, an error when reached
  std::vector<ExprPtr> operands;
  std::vector<Op> ops;                          // of math and compare
  std::vector<std::pair<Name, ExprPtr>> named;  // arguments with names
  ExprPtr more_positional, more_named;          // *args, **kwargs
};

// Where a value is put: a name, an attribute of a namespace, or a tuple of targets.
struct Target {
  Name name = 0;
  Name attribute = 0;
  bool has_attribute = false;
  std::vector<Target> parts;  // not empty: a tuple
  uint32_t offset = 0;
};

enum class StmtKind : uint8_t {
  kText,
  kPrint,
  kSet,
  kSetBlock,
  kIf,
  kFor,
  kMacro,
  kCallBlock,
  kFilterBlock,
  kWith,
  kGeneration,
  kBreak,
  kContinue
};

struct Stmt;
using Block = std::vector<std::unique_ptr<Stmt>>;

struct Macro {
  Name name = 0;
  bool has_name = true;  // a call block's body is a macro without one
  std::vector<Name> parameters;
  std::vector<ExprPtr> defaults;  // of the last parameters
  Block body;
  bool takes_more = false, takes_more_named = false, takes_caller = false;  // its body mentions varargs, kwargs, caller
};

// By kind:
//   text: constant         print: expr           set: target, expr        set block: target, expr (filters on null, or
//   null), body if: branches (the last may have no condition)                         for: target, expr, condition,
//   body, otherwise macro: macro           call block: expr (a call), macro               filter block: expr (filters
//   on null), body with: targets, values, body                                           generation: body
struct Stmt {
  StmtKind kind;
  uint32_t offset = 0;
  Value constant;
  ExprPtr expr, condition;
  Target target;
  Block body, otherwise;
  std::vector<std::pair<ExprPtr, Block>> branches;
  std::vector<std::pair<Target, ExprPtr>> assignments;
  std::unique_ptr<Macro> macro;
  bool recursive = false;  // for
};

}  // namespace infer::text::jinja
