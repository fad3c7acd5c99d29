// Renders a Program: walks the tree, statements write into a Builder, expressions give Values.
//
// Recursion is counted (Frame): the tree's own depth is limited by the parser, and what calls add is limited here, so
// that a thread with a stack of 512 KiB can render anything. Functions on the recursive path keep their frames small.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "text/template/builder.h"
#include "text/template/call.h"
#include "text/template/loop.h"
#include "text/template/program.h"
#include "text/template/scope.h"

namespace infer::text::jinja {

class Interpreter {
 public:
  Interpreter(const Program& program, const Template::Context& context);
  ~Interpreter();
  Result<Rendered> run();

  // For the functions in functions.cc.
  Meter& meter() { return meter_; }
  int64_t now() const { return context_.now; }
  Result<Value> new_namespace();
  // An error of the template's own, which is passed on word for word.
  Status raised(std::string message);

 private:
  enum class Flow : uint8_t { kOn, kBreak, kContinue };

  // Counts the frames of the recursion for as long as it lives.
  class Frame {
   public:
    explicit Frame(Interpreter& i, int n = 1) : interpreter_(i), n_(n) { interpreter_.frames_ += n_; }
    ~Frame() { interpreter_.frames_ -= n_; }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

   private:
    Interpreter& interpreter_;
    const int n_;
  };
  // A scope that is kept if a macro needs it.
  class Inner {
   public:
    Inner(Interpreter& i, Scope* parent) : interpreter_(i), scope_(std::make_unique<Scope>(i.meter_, parent)) {}
    ~Inner() { renew(nullptr); }
    Inner(const Inner&) = delete;
    Inner& operator=(const Inner&) = delete;
    Scope& operator*() { return *scope_; }
    // An empty scope for the next round of a loop; without a parent, none.
    void renew(Scope* parent);

   private:
    Interpreter& interpreter_;
    std::unique_ptr<Scope> scope_;
  };

  Status set_variables(Scope& root);
  Result<Value> message_value(const Message&);
  Result<Value> message_content(const Message&);
  Result<Value> input_string(std::string_view);
  Status enter(uint32_t offset);
  Status located(Status, uint32_t offset);

  // Statements.
  Result<Flow> run_block(const Block&, Scope&, Builder&);
  Result<Flow> run_statement(const Stmt&, Scope&, Builder&);
  Result<Flow> run_if(const Stmt&, Scope&, Builder&);
  Result<Flow> run_generation(const Stmt&, Scope&, Builder&);
  Result<Flow> run_for(const Stmt&, Scope&, Builder&);
  Result<Flow> run_loop(const Stmt&, const Value& all, int64_t depth0, Scope&, Builder&);
  Result<Sequence> loop_items(const Stmt&, const Value& all, Scope&);
  Status run_set(const Stmt&, Scope&);
  Result<Flow> run_set_block(const Stmt&, Scope&);
  Result<Flow> run_filter_block(const Stmt&, Scope&, Builder&);
  Status run_call_block(const Stmt&, Scope&, Builder&);
  Status run_macro(const Stmt&, Scope&);
  Result<Flow> run_with(const Stmt&, Scope&, Builder&);
  Result<Value> capture(const Block&, Scope&, Flow&);
  Status assign(const Target&, Value, Scope&);

  // Expressions.
  Result<Value> eval(const Expr&, Scope&);
  Result<Value> eval_kind(const Expr&, Scope&);
  Result<Value> eval_name(const Expr&, Scope&);
  Result<Value> eval_items(const Expr&, Scope&, Kind);
  Result<Value> eval_dict(const Expr&, Scope&);
  Result<Value> eval_access(const Expr&, Scope&);
  Result<Value> eval_slice(const Expr&, Scope&);
  Result<Value> eval_call(const Expr&, Scope&, const Value* caller);
  Result<Value> eval_filter(const Expr&, Scope&);
  Result<Value> eval_test(const Expr&, Scope&);
  Result<Value> eval_math(const Expr&, Scope&);
  Result<Value> eval_concat(const Expr&, Scope&);
  Result<Value> eval_compare(const Expr&, Scope&);
  Result<Value> eval_logic(const Expr&, Scope&);
  Result<Value> eval_sign(const Expr&, Scope&);
  Result<Value> eval_choice(const Expr&, Scope&);

  Result<Args> arguments(const Expr&, Scope&);
  Result<Value> apply(const Expr& filter, const Value& value, Scope&);
  Result<Value> apply_all(const Expr& filters, Value value, Scope&);  // filters of a block, innermost first
  Result<Value> call(const Value& callee, const Args&, const Value* caller);
  Result<Value> call_loop(const Loop&, const Args&);
  Result<Value> call_macro(const Value& callee, const Args&, const Value* caller);
  Status bind_parameters(const Macro&, const Args&, const Value* caller, Scope&);

  const std::string& name(Name n) const { return program_.names[n]; }

  const Program& program_;
  const Template::Context& context_;
  Meter meter_;                                               // before all that holds values
  std::unique_ptr<Scope> kept_;                               // a list of scopes that macros need
  std::vector<std::shared_ptr<const Namespace>> namespaces_;  // emptied at the end: they may hold themselves
  int frames_ = 0;
  bool located_ = false;  // the failure on its way out says where it happened
};

struct MacroValue : Object {
  const Macro* macro = nullptr;  // of the program
  Scope* scope = nullptr;        // where it was defined; kept by the interpreter
  const Program* program = nullptr;
};

// Functions that every template can call: range, namespace, ...
struct Function : Object {
  Result<Value> (*call)(Interpreter&, const Args&) = nullptr;
};
struct FunctionEntry {
  std::string_view name;
  Result<Value> (*call)(Interpreter&, const Args&);
};
std::span<const FunctionEntry> global_functions();

}  // namespace infer::text::jinja
