// Expressions.
#include "text/template/interpreter.h"
#include "text/template/methods.h"
#include "text/template/operators.h"

namespace infer::text::jinja {

Result<Value> Interpreter::eval(const Expr& e, Scope& scope) {
  const Frame frame(*this);
  TRY(enter(e.offset));
  auto v = eval_kind(e, scope);
  if (!v.ok()) return located(v.status(), e.offset);
  return v;
}

Result<Value> Interpreter::eval_kind(const Expr& e, Scope& scope) {
  switch (e.kind) {
    case ExprKind::kConstant:
      return e.constant;
    case ExprKind::kName:
      return eval_name(e, scope);
    case ExprKind::kList:
      return eval_items(e, scope, Kind::kList);
    case ExprKind::kTuple:
      return eval_items(e, scope, Kind::kTuple);
    case ExprKind::kDict:
      return eval_dict(e, scope);
    case ExprKind::kAttribute:
    case ExprKind::kSubscript:
      return eval_access(e, scope);
    case ExprKind::kSlice:
      return eval_slice(e, scope);
    case ExprKind::kCall:
      return eval_call(e, scope, nullptr);
    case ExprKind::kFilter:
      return eval_filter(e, scope);
    case ExprKind::kTest:
      return eval_test(e, scope);
    case ExprKind::kMath:
      return eval_math(e, scope);
    case ExprKind::kConcat:
      return eval_concat(e, scope);
    case ExprKind::kCompare:
      return eval_compare(e, scope);
    case ExprKind::kAnd:
    case ExprKind::kOr:
      return eval_logic(e, scope);
    case ExprKind::kNot:
    case ExprKind::kNegate:
    case ExprKind::kPlus:
      return eval_sign(e, scope);
    case ExprKind::kChoice:
      return eval_choice(e, scope);
  }
  return Status::internal("an expression of no kind");
}

Result<Value> Interpreter::eval_name(const Expr& e, Scope& scope) {
  if (const Value* v = scope.find(e.name)) return *v;
  return undefined_variable(meter_, name(e.name));
}

Result<Value> Interpreter::eval_items(const Expr& e, Scope& scope, Kind kind) {
  std::vector<Value> items;
  items.reserve(e.operands.size());
  for (const auto& o : e.operands) {
    TRY_SET(Value v, eval(*o, scope));
    items.push_back(std::move(v));
  }
  return make_list(meter_, std::move(items), kind);
}

Result<Value> Interpreter::eval_dict(const Expr& e, Scope& scope) {
  DictBuilder dict(meter_);
  for (size_t i = 0; i < e.operands.size(); i += 2) {
    TRY_SET(const Value key, eval(*e.operands[i], scope));
    TRY_SET(Value value, eval(*e.operands[i + 1], scope));
    TRY(dict.set(key, std::move(value)));
  }
  return dict.finish();
}

Result<Value> Interpreter::eval_access(const Expr& e, Scope& scope) {
  TRY_SET(const Value object, eval(*e.operands[0], scope));
  if (e.kind == ExprKind::kAttribute) return attribute(meter_, object, name(e.name));
  TRY_SET(const Value key, eval(*e.operands[1], scope));
  return subscript(meter_, object, key);
}

Result<Value> Interpreter::eval_slice(const Expr& e, Scope& scope) {
  TRY_SET(const Value object, eval(*e.operands[0], scope));
  Value bounds[3];
  for (size_t i = 0; i < 3; i++) {
    if (!e.operands[i + 1]) continue;
    TRY_SET(bounds[i], eval(*e.operands[i + 1], scope));
  }
  const auto given = [&](size_t i) { return e.operands[i + 1] ? &bounds[i] : nullptr; };
  return slice(meter_, object, given(0), given(1), given(2));
}

Result<Value> Interpreter::eval_filter(const Expr& e, Scope& scope) {
  TRY_SET(const Value v, eval(*e.operands[0], scope));
  return apply(e, v, scope);
}

Result<Value> Interpreter::apply(const Expr& filter, const Value& value, Scope& scope) {
  if (!filter.entry) return Status::unsupported(str("there is no filter '", name(filter.name), "'"));
  TRY_SET(const Args args, arguments(filter, scope));
  return invoke(*filter.entry, meter_, value, args);
}

Result<Value> Interpreter::apply_all(const Expr& filters, Value value, Scope& scope) {
  std::vector<const Expr*> order;
  for (const Expr* f = &filters; f; f = f->operands[0].get()) order.push_back(f);
  for (; !order.empty(); order.pop_back()) {
    TRY_SET(value, apply(*order.back(), value, scope));
  }
  return value;
}

Result<Value> Interpreter::eval_test(const Expr& e, Scope& scope) {
  TRY_SET(const Value v, eval(*e.operands[0], scope));
  if (!e.entry) return Status::unsupported(str("there is no test '", name(e.name), "'"));
  TRY_SET(const Args args, arguments(e, scope));
  return invoke(*e.entry, meter_, v, args);
}

Result<Value> Interpreter::eval_math(const Expr& e, Scope& scope) {
  TRY_SET(Value v, eval(*e.operands[0], scope));
  for (size_t i = 0; i < e.ops.size(); i++) {
    TRY_SET(const Value right, eval(*e.operands[i + 1], scope));
    TRY_SET(v, arithmetic(meter_, e.ops[i], v, right));
  }
  return v;
}

Result<Value> Interpreter::eval_concat(const Expr& e, Scope& scope) {
  Builder out(meter_);
  for (const auto& o : e.operands) {
    TRY_SET(const Value v, eval(*o, scope));
    print(out, meter_, v);
  }
  return out.finish();
}

// a < b < c holds when both do; each operand is evaluated once, and none after the first that fails.
Result<Value> Interpreter::eval_compare(const Expr& e, Scope& scope) {
  TRY_SET(Value left, eval(*e.operands[0], scope));
  for (size_t i = 0; i < e.ops.size(); i++) {
    TRY_SET(Value right, eval(*e.operands[i + 1], scope));
    TRY_SET(const bool holds, compare(meter_, e.ops[i], left, right));
    if (!holds) return Value::boolean(false);
    left = std::move(right);
  }
  return Value::boolean(true);
}

// The operand that decides, not a bool: {{ name or "nobody" }}.
Result<Value> Interpreter::eval_logic(const Expr& e, Scope& scope) {
  const bool decides = e.kind == ExprKind::kOr;
  for (size_t i = 0;; i++) {
    TRY_SET(Value v, eval(*e.operands[i], scope));
    if (i + 1 == e.operands.size() || v.truthy() == decides) return v;
  }
}

Result<Value> Interpreter::eval_sign(const Expr& e, Scope& scope) {
  TRY_SET(const Value v, eval(*e.operands[0], scope));
  if (e.kind == ExprKind::kNot) return Value::boolean(!v.truthy());
  return negate(meter_, v, e.kind == ExprKind::kNegate);
}

Result<Value> Interpreter::eval_choice(const Expr& e, Scope& scope) {
  TRY_SET(const Value condition, eval(*e.operands[0], scope));
  if (condition.truthy()) return eval(*e.operands[1], scope);
  if (e.operands[2]) return eval(*e.operands[2], scope);
  return undefined_because(meter_, "an inline if without else was false");
}

// ---- calls
// -----------------------------------------------------------------------------------------------------------

// Arguments are not charged to the meter, so *args and **kwargs may not make many of them.
static Status check_spread(size_t n) {
  constexpr size_t kMost = 1000;
  if (n <= kMost) return {};
  return Status::invalid(str("a call in the chat template spreads ", n, " arguments, more than ", kMost));
}

Result<Args> Interpreter::arguments(const Expr& e, Scope& scope) {
  Args args;
  for (size_t i = 1; i < e.operands.size(); i++) {
    TRY_SET(Value v, eval(*e.operands[i], scope));
    args.positional.push_back(std::move(v));
  }
  for (const auto& [key, expr] : e.named) {
    TRY_SET(Value v, eval(*expr, scope));
    args.named.push_back({name(key), std::move(v)});
  }
  if (e.more_positional) {
    TRY_SET(const Value more, eval(*e.more_positional, scope));
    TRY_SET(const std::vector<Value> items, Sequence::collect(meter_, more));
    TRY(check_spread(items.size()));
    args.positional.insert(args.positional.end(), items.begin(), items.end());
  }
  if (e.more_named) {
    TRY_SET(const Value more, eval(*e.more_named, scope));
    if (!more.is(Kind::kDict)) return type_error(str("** needs a dict, not a '", type_name(more), "'"));
    TRY(check_spread(more.dict().entries.size()));
    for (const auto& entry : more.dict().entries) {
      TRY_SET(const Text* key, need_text(entry.key, "**"));
      TRY(meter_.pass(key->bytes.size()));
      args.named.push_back({key->bytes, entry.value, all_marks(*key)});
    }
  }
  return args;
}

Result<Value> Interpreter::eval_call(const Expr& e, Scope& scope, const Value* caller) {
  TRY_SET(const Value callee, eval(*e.operands[0], scope));
  TRY_SET(const Args args, arguments(e, scope));
  return call(callee, args, caller);
}

Result<Value> Interpreter::call(const Value& callee, const Args& args, const Value* caller) {
  switch (callee.kind()) {
    case Kind::kMacro:
      return call_macro(callee, args, caller);
    case Kind::kMethod:
      return call_method(meter_, callee.as<Method>(), args);
    case Kind::kFunction:
      return callee.as<Function>().call(*this, args);
    case Kind::kUndefined:
      return type_error(why_undefined(callee));
    case Kind::kLoop:
      return call_loop(callee.as<Loop>(), args);
    case Kind::kJoiner: {
      const auto& joiner = callee.as<Joiner>();
      if (std::exchange(joiner.used, true)) return joiner.separator;
      return make_string(meter_, "");
    }
    default:
      return type_error(str("a '", type_name(callee), "' cannot be called"));
  }
}

// loop(items) inside `for ... recursive`: the text of the same loop over other items.
Result<Value> Interpreter::call_loop(const Loop& loop, const Args& args) {
  const Frame frame(*this, 3);  // as a macro's call
  if (!loop.recursive) return type_error("only the loop of a 'for ... recursive' can be called");
  if (loop.finished) return type_error("this loop has ended, so it cannot be called");
  TRY_SET(const auto a, bind(args, "loop", {"iterable"}, 1));
  Builder out(meter_);
  TRY_SET(const Flow flow, run_loop(*loop.recursive, *a[0], loop.depth0 + 1, *loop.outer, out));
  (void)flow;
  return out.finish();
}

Result<Value> Interpreter::call_macro(const Value& callee, const Args& args, const Value* caller) {
  const Frame frame(*this, 3);  // a call takes several times the stack of an operator
  const auto& value = callee.as<MacroValue>();
  Inner inner(*this, value.scope);
  TRY(bind_parameters(*value.macro, args, caller, *inner));
  Builder out(meter_);
  TRY_SET(const Flow flow, run_block(value.macro->body, *inner, out));
  (void)flow;
  return out.finish();
}

// Parameters from arguments, then defaults (which see the parameters before them), then what the body asks for by name.
Status Interpreter::bind_parameters(const Macro& m, const Args& args, const Value* caller, Scope& scope) {
  const size_t n = m.parameters.size();
  TRY(meter_.step(static_cast<int64_t>(n + (n * args.named.size() >> 4))));
  std::vector<bool> used(args.named.size());
  for (size_t i = 0; i < n; i++) {
    const std::string& parameter = name(m.parameters[i]);
    if (i < args.positional.size()) {
      TRY(scope.set(m.parameters[i], args.positional[i]));
      continue;
    }
    size_t k = 0;
    while (k < args.named.size() && args.named[k].name != parameter) k++;
    if (k < args.named.size()) {
      used[k] = true;
      TRY(scope.set(m.parameters[i], args.named[k].value));
    } else if (caller && parameter == "caller") {
      TRY(scope.set(m.parameters[i], *caller));
    } else if (i + m.defaults.size() >= n) {
      TRY_SET(Value v, eval(*m.defaults[i + m.defaults.size() - n], scope));
      TRY(scope.set(m.parameters[i], std::move(v)));
    } else {
      TRY_SET(Value v, undefined_because(meter_, "a parameter of a macro was not given"));
      TRY(scope.set(m.parameters[i], std::move(v)));
    }
  }
  if (caller && !m.takes_caller && !m.takes_more_named)
    return type_error("this macro calls no caller(), so it cannot be used by a call block");
  if (m.takes_caller) {
    TRY_SET(Value v, caller ? Result<Value>(*caller) : undefined_because(meter_, "No caller defined"));
    TRY(scope.set(program_.caller_name, std::move(v)));
  }
  if (m.takes_more_named) {
    DictBuilder rest(meter_);
    for (size_t k = 0; k < used.size(); k++) {
      if (used[k]) continue;
      used[k] = true;
      TRY_SET(const Value key, name_value(meter_, args.named[k]));
      TRY(rest.set(key, args.named[k].value));
    }
    if (caller && !m.takes_caller) {
      TRY_SET(const Value key, make_string(meter_, "caller"));
      TRY(rest.set(key, *caller));
    }
    TRY_SET(Value dict, rest.finish());
    TRY(scope.set(program_.kwargs_name, std::move(dict)));
  }
  for (size_t k = 0; k < used.size(); k++) {
    if (!used[k]) return type_error(str("the macro takes no argument '", args.named[k].name.substr(0, 100), "'"));
  }
  if (m.takes_more) {
    std::vector<Value> rest;
    if (args.positional.size() > n)
      rest.assign(args.positional.begin() + static_cast<std::ptrdiff_t>(n), args.positional.end());
    TRY_SET(Value tuple, make_list(meter_, std::move(rest), Kind::kTuple));
    TRY(scope.set(program_.varargs_name, std::move(tuple)));
  } else if (args.positional.size() > n) {
    return type_error(str("the macro takes at most ", n, " arguments, ", args.positional.size(), " were given"));
  }
  return {};
}

}  // namespace infer::text::jinja
