// Statements, and what a rendering begins and ends with. Expressions are in eval.cc.
#include "text/template/interpreter.h"

#include "text/template/json.h"
#include "text/template/operators.h"

namespace infer::text::jinja {

Interpreter::Interpreter(const Program& program, const Template::Context& context)
    : program_(program), context_(context), meter_(program.limits) {}

Interpreter::~Interpreter() {
  for (const auto& ns : namespaces_) ns->attributes.clear();
  while (kept_) kept_ = std::move(kept_->next);
}

void Interpreter::Inner::renew(Scope* parent) {
  if (!scope_->captured()) return scope_->clear();
  auto fresh = parent ? std::make_unique<Scope>(interpreter_.meter_, parent) : nullptr;
  scope_->next = std::move(interpreter_.kept_);
  interpreter_.kept_ = std::move(scope_);
  scope_ = std::move(fresh);
}

Result<Value> Interpreter::new_namespace() {
  TRY_SET(auto ns, make<Namespace>(meter_, 64));
  namespaces_.push_back(ns);
  return Value(Kind::kNamespace, std::move(ns));
}

Status Interpreter::raised(std::string message) {
  located_ = true;
  return Status::invalid(std::move(message), "the model's chat template refuses these messages");
}

Status Interpreter::located(Status s, uint32_t offset) {
  if (located_) return s;
  located_ = true;
  return {s.code(), str("chat template, ", program_.source.place(offset), ": ", s.message()), std::string(s.hint())};
}

// Called with the frame already counted.
Status Interpreter::enter(uint32_t offset) {
  if (frames_ > kFramesPerLevel * program_.limits.depth) {
    return located(Status::invalid("macros call each other too deeply, or expressions nest too deep",
                                   "raise the limit 'depth', or use another template"),
                   offset);
  }
  return meter_.step();
}

// ---- the variables that a chat gives
// ---------------------------------------------------------------------------------

Result<Value> Interpreter::input_string(std::string_view s) {
  Builder out(meter_);
  out.add(s, kInput);
  return out.finish();
}

// Text parts become one string: what templates without images expect.
Result<Value> Interpreter::message_content(const Message& message) {
  Builder out(meter_);
  for (const Part& p : message.parts) {
    if (p.kind != "text") {
      return Status::unsupported(str("a part of kind '", p.kind.substr(0, 100), "' cannot be put into a chat prompt"),
                                 "this version knows the kind 'text'");
    }
    out.add(p.data, kInput);
  }
  return out.finish();
}

Result<Value> Interpreter::message_value(const Message& message) {
  DictBuilder dict(meter_);
  TRY_SET(const Value role_key, make_string(meter_, "role"));
  TRY_SET(Value role, input_string(message.role));
  TRY(dict.set(role_key, std::move(role)));
  if (!message.parts.empty()) {
    TRY_SET(const Value content_key, make_string(meter_, "content"));
    TRY_SET(Value content, message_content(message));
    TRY(dict.set(content_key, std::move(content)));
  }
  if (!message.fields_json.empty()) {
    TRY_SET(const Value fields, parse_json(meter_, message.fields_json, "the further fields of a message"));
    if (!fields.is(Kind::kDict)) return Status::invalid("the further fields of a message are not a JSON object");
    for (const auto& e : fields.dict().entries) TRY(dict.set(e.key, e.value));
  }
  return dict.finish();
}

Status Interpreter::set_variables(Scope& root) {
  const auto set = [&](std::string_view name, Value v) -> Status {
    for (size_t i = 0; i < program_.names.size(); i++) {
      if (program_.names[i] == name) return root.set(static_cast<Name>(i), std::move(v));
    }
    return {};  // the template never mentions it
  };
  for (const FunctionEntry& f : global_functions()) {
    TRY_SET(auto function, make<Function>(meter_));
    function->call = f.call;
    TRY(set(f.name, Value(Kind::kFunction, std::move(function))));
  }
  std::vector<Value> messages;
  for (const Message& m : context_.messages) {
    TRY_SET(Value v, message_value(m));
    messages.push_back(std::move(v));
  }
  TRY_SET(Value list, make_list(meter_, std::move(messages)));
  TRY(set("messages", std::move(list)));
  TRY(set("tools", Value::none()));
  TRY(set("documents", Value::none()));
  TRY(set("add_generation_prompt", Value::boolean(context_.add_generation_prompt)));
  TRY_SET(Value bos, make_string(meter_, context_.bos_token));
  TRY(set("bos_token", std::move(bos)));
  TRY_SET(Value eos, make_string(meter_, context_.eos_token));
  TRY(set("eos_token", std::move(eos)));
  for (const auto& [name, json] : context_.extra_json) {
    TRY_SET(Value v, parse_json(meter_, json, str("the template variable '", name.substr(0, 100), "'")));
    TRY(set(name, std::move(v)));
  }
  return {};
}

Result<Rendered> Interpreter::run() {
  Scope globals(meter_, nullptr);
  TRY(set_variables(globals));
  Scope root(meter_, &globals);
  Builder out(meter_);
  TRY_SET(const Flow flow, run_block(program_.body, root, out));
  (void)flow;
  return out.render();
}

// ---- statements
// ------------------------------------------------------------------------------------------------------

Result<Interpreter::Flow> Interpreter::run_block(const Block& block, Scope& scope, Builder& out) {
  for (const auto& s : block) {
    const Frame frame(*this);
    TRY(enter(s->offset));
    auto flow = run_statement(*s, scope, out);
    if (!flow.ok()) return located(flow.status(), s->offset);
    if (!out.ok()) return located(out.status(), s->offset);
    if (*flow != Flow::kOn) return flow;
  }
  return Flow::kOn;
}

Result<Interpreter::Flow> Interpreter::run_statement(const Stmt& s, Scope& scope, Builder& out) {
  switch (s.kind) {
    case StmtKind::kText:
      out.add(s.constant.text());
      return Flow::kOn;
    case StmtKind::kPrint: {
      TRY_SET(const Value v, eval(*s.expr, scope));
      print(out, meter_, v);
      return Flow::kOn;
    }
    case StmtKind::kIf:
      return run_if(s, scope, out);
    case StmtKind::kFor:
      return run_for(s, scope, out);
    case StmtKind::kWith:
      return run_with(s, scope, out);
    case StmtKind::kGeneration:
      return run_generation(s, scope, out);
    case StmtKind::kBreak:
      return Flow::kBreak;
    case StmtKind::kContinue:
      return Flow::kContinue;
    case StmtKind::kSet:
      TRY(run_set(s, scope));
      return Flow::kOn;
    case StmtKind::kSetBlock:
      return run_set_block(s, scope);
    case StmtKind::kMacro:
      TRY(run_macro(s, scope));
      return Flow::kOn;
    case StmtKind::kCallBlock:
      TRY(run_call_block(s, scope, out));
      return Flow::kOn;
    case StmtKind::kFilterBlock:
      return run_filter_block(s, scope, out);
  }
  return Status::internal("a statement of no kind");
}

Result<Interpreter::Flow> Interpreter::run_generation(const Stmt& s, Scope& scope, Builder& out) {
  const size_t from = out.size();
  Inner inner(*this, &scope);
  TRY_SET(const Flow flow, run_block(s.body, *inner, out));
  out.mark_from(from, kGenerated);
  return flow;
}

Result<Interpreter::Flow> Interpreter::run_if(const Stmt& s, Scope& scope, Builder& out) {
  for (const auto& [condition, body] : s.branches) {
    if (condition) {
      TRY_SET(const Value v, eval(*condition, scope));
      if (!v.truthy()) continue;
    }
    return run_block(body, scope, out);
  }
  return Flow::kOn;
}

// What a for walks over; with a condition, only the items for which it holds.
Result<Sequence> Interpreter::loop_items(const Stmt& s, const Value& all, Scope& scope) {
  TRY_SET(Sequence items, Sequence::of(meter_, all));
  if (!s.condition) return items;
  std::vector<Value> chosen;
  Inner inner(*this, &scope);
  for (int64_t i = 0; i < items.size(); i++) {
    inner.renew(&scope);
    TRY_SET(Value item, items.at(meter_, i));
    TRY(assign(s.target, item, *inner));
    TRY_SET(const Value holds, eval(*s.condition, *inner));
    if (holds.truthy()) chosen.push_back(std::move(item));
  }
  TRY_SET(const Value list, make_list(meter_, std::move(chosen)));
  return Sequence::of(meter_, list);
}

Result<Interpreter::Flow> Interpreter::run_for(const Stmt& s, Scope& scope, Builder& out) {
  TRY_SET(const Value all, eval(*s.expr, scope));
  return run_loop(s, all, 0, scope, out);
}

Result<Interpreter::Flow> Interpreter::run_loop(const Stmt& s, const Value& all, int64_t depth0, Scope& scope,
                                                Builder& out) {
  TRY_SET(auto loop, make<Loop>(meter_));
  TRY_SET(loop->items, loop_items(s, all, scope));
  loop->depth0 = depth0;
  loop->recursive = s.recursive ? &s : nullptr;
  loop->outer = &scope;
  const Value loop_value(Kind::kLoop, loop);
  const struct Finish {
    const Loop& loop;
    ~Finish() { loop.finish(); }
  } finish{*loop};
  Inner inner(*this, &scope);
  bool any_to_its_end =
      false;  // jinja2 writes the else when no round got there, be it for want of items or by continue
  for (int64_t i = 0; i < loop->items.size(); i++) {
    inner.renew(&scope);
    loop->index0 = i;
    TRY_SET(Value item, loop->items.at(meter_, i));
    TRY((*inner).set(program_.loop_name, loop_value));
    TRY(assign(s.target, std::move(item), *inner));
    TRY_SET(const Flow flow, run_block(s.body, *inner, out));
    if (flow == Flow::kBreak) break;
    any_to_its_end |= flow == Flow::kOn;
  }
  if (any_to_its_end || s.otherwise.empty()) return Flow::kOn;
  inner.renew(&scope);
  return run_block(s.otherwise, *inner, out);
}

Status Interpreter::run_set(const Stmt& s, Scope& scope) {
  TRY_SET(Value v, eval(*s.expr, scope));
  return assign(s.target, std::move(v), scope);
}

// The text that a block writes, in a scope of its own. A block that is left by break or continue gives none.
Result<Value> Interpreter::capture(const Block& block, Scope& scope, Flow& flow) {
  Builder out(meter_);
  Inner inner(*this, &scope);
  TRY_SET(flow, run_block(block, *inner, out));
  return out.finish();
}

Result<Interpreter::Flow> Interpreter::run_set_block(const Stmt& s, Scope& scope) {
  Flow flow = Flow::kOn;
  TRY_SET(Value text, capture(s.body, scope, flow));
  if (flow != Flow::kOn) return flow;
  if (s.expr) {
    TRY_SET(text, apply_all(*s.expr, std::move(text), scope));
  }
  TRY(assign(s.target, std::move(text), scope));
  return Flow::kOn;
}

Result<Interpreter::Flow> Interpreter::run_filter_block(const Stmt& s, Scope& scope, Builder& out) {
  Flow flow = Flow::kOn;
  TRY_SET(Value text, capture(s.body, scope, flow));
  if (flow != Flow::kOn) return flow;
  TRY_SET(text, apply_all(*s.expr, std::move(text), scope));
  if (!text.is_string()) return type_error(str("a filter block must give text, not a '", type_name(text), "'"));
  print(out, meter_, text);
  return Flow::kOn;
}

Status Interpreter::run_macro(const Stmt& s, Scope& scope) {
  TRY_SET(auto macro, make<MacroValue>(meter_, sizeof(Scope)));
  macro->macro = s.macro.get();
  macro->scope = &scope;
  macro->program = &program_;
  scope.capture();
  return scope.set(s.macro->name, Value(Kind::kMacro, std::move(macro)));
}

Status Interpreter::run_call_block(const Stmt& s, Scope& scope, Builder& out) {
  TRY_SET(auto body, make<MacroValue>(meter_, sizeof(Scope)));
  body->macro = s.macro.get();
  body->scope = &scope;
  body->program = &program_;
  scope.capture();
  const Value caller(Kind::kMacro, std::move(body));
  TRY_SET(const Value v, eval_call(*s.expr, scope, &caller));
  print(out, meter_, v);
  return {};
}

Result<Interpreter::Flow> Interpreter::run_with(const Stmt& s, Scope& scope, Builder& out) {
  Inner inner(*this, &scope);
  for (const auto& [target, expr] : s.assignments) {
    TRY_SET(Value v, eval(*expr, scope));
    TRY(assign(target, std::move(v), *inner));
  }
  return run_block(s.body, *inner, out);
}

Status Interpreter::assign(const Target& target, Value value, Scope& scope) {
  if (target.parts.empty() && !target.has_attribute) return scope.set(target.name, std::move(value));
  if (target.has_attribute) {
    const Value* ns = scope.find(target.name);
    if (!ns || !ns->is(Kind::kNamespace)) {
      return type_error(
          str("'", name(target.name), "' is not a namespace, so nothing can be assigned to its attributes"));
    }
    return set_attribute(meter_, ns->as<Namespace>(), name(target.attribute), std::move(value));
  }
  TRY_SET(const Sequence parts, Sequence::of(meter_, value));
  if (parts.size() != static_cast<int64_t>(target.parts.size())) {
    return type_error(str("cannot unpack ", parts.size(), " values into ", target.parts.size(), " names"));
  }
  for (size_t i = 0; i < target.parts.size(); i++) {
    TRY_SET(Value part, parts.at(meter_, static_cast<int64_t>(i)));
    TRY(assign(target.parts[i], std::move(part), scope));
  }
  return {};
}

}  // namespace infer::text::jinja
