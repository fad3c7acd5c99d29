// Tokens -> Program, by recursive descent along jinja2's grammar. Every way to nest goes through Nest, which counts.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/template/program.h"

namespace infer::text::jinja {

class Parser {
 public:
  Parser(Program& program, std::vector<Token> tokens) : program_(program), tokens_(std::move(tokens)) {}
  Status run();

 private:
  using Words = std::initializer_list<std::string_view>;

  // Tokens.
  const Token& now() const { return tokens_[at_]; }
  const Token& after() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  const Token& next() { return tokens_[now().type == Tok::kEnd ? at_ : at_++]; }
  bool at(Tok t) const { return now().type == t; }
  bool at_word(std::string_view w) const { return at(Tok::kName) && now().text == w; }
  bool at_any(Words words) const;
  bool skip(Tok t);
  bool skip_word(std::string_view w);
  Result<Token> expect(Tok t);
  Status expect_word(std::string_view w);
  Status fail(const Token& where, std::string what) const;
  Status unexpected(std::string_view expected) const;

  // Expressions, from loose to tight.
  Result<ExprPtr> expression() { return choice(); }
  Result<ExprPtr> choice();
  Result<ExprPtr> logical_or();
  Result<ExprPtr> logical_and();
  Result<ExprPtr> logical_not();
  Result<ExprPtr> comparison();
  Result<ExprPtr> sum();
  Result<ExprPtr> concatenation();
  Result<ExprPtr> product();
  Result<ExprPtr> power();
  Result<ExprPtr> unary(bool with_filters);
  Result<ExprPtr> primary();
  Result<ExprPtr> postfix(ExprPtr);
  Result<ExprPtr> filters_and_tests(ExprPtr);
  Result<ExprPtr> filters(ExprPtr, bool inline_first);
  Result<ExprPtr> filter(ExprPtr);
  Result<std::string> dotted_name();
  Result<ExprPtr> test(ExprPtr);
  Result<ExprPtr> call(ExprPtr callee);
  Result<ExprPtr> after_dot(ExprPtr object);
  Result<ExprPtr> in_brackets(ExprPtr object);
  Result<ExprPtr> list();
  Result<ExprPtr> dict();
  // One expression, or several with commas between them: a tuple.
  Result<ExprPtr> maybe_tuple(bool with_choice, bool in_parentheses);
  Status arguments(Expr& into);
  ExprPtr make(ExprKind kind, const Token& where) const;
  Result<ExprPtr> finished(ExprPtr);
  Result<ExprPtr> chain(ExprKind kind, Result<ExprPtr> (Parser::*operand)(), std::string_view word);
  Result<ExprPtr> arithmetic_chain(Result<ExprPtr> (Parser::*operand)(), std::initializer_list<std::pair<Tok, Op>> ops);

  // Statements.
  Result<Block> block(Words ends);
  Result<Block> body(Words ends, bool drop_end);
  Result<Block> scoped_body(Words ends, bool drop_end);
  Result<std::unique_ptr<Stmt>> statement();
  Result<std::unique_ptr<Stmt>> set_statement();
  Result<std::unique_ptr<Stmt>> if_statement();
  Result<std::unique_ptr<Stmt>> for_statement();
  Result<std::unique_ptr<Stmt>> macro_statement();
  Result<std::unique_ptr<Stmt>> call_statement();
  Result<std::unique_ptr<Stmt>> filter_statement();
  Result<std::unique_ptr<Stmt>> with_statement();
  Result<std::unique_ptr<Stmt>> print_statement();
  Result<std::unique_ptr<Stmt>> generation_statement();
  Result<std::unique_ptr<Stmt>> jump_statement();
  Status signature(Macro&);
  Status macro_body(Macro&, std::string_view end);
  Result<Target> target(bool with_tuple, bool with_namespace);
  Result<Target> one_target(bool with_namespace);
  std::unique_ptr<Stmt> make(StmtKind kind) const;

  Name name_id(std::string_view name);
  Result<Value> text_constant(std::string_view bytes) const;

  // Counts a level of nesting for as long as it lives.
  class Nest {
   public:
    explicit Nest(Parser& p) : parser_(p) { parser_.nest_++; }
    ~Nest() { parser_.nest_--; }
    Status check() const;

   private:
    Parser& parser_;
  };

  // Filters and tests that do not exist are errors at once, unless they stand under a condition that may never hold.
  struct Unknown {
    std::string what;
    uint32_t offset;
  };
  Status refuse_unknown(size_t since) const;

  Program& program_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int nest_ = 0;
  int loops_ = 0;               // around the current statement, inside its macro
  std::vector<Macro*> macros_;  // around the current statement
  std::vector<Unknown> unknown_;
  std::unordered_map<std::string_view, Name> ids_;  // views of the source
};

}  // namespace infer::text::jinja
