#include <algorithm>
#include <unordered_set>

#include "text/template/parser.h"

namespace infer::text::jinja {

// ---- tokens
// ----------------------------------------------------------------------------------------------------------

Status Parser::fail(const Token& where, std::string what) const {
  return Status::invalid(str("chat template, ", program_.source.place(where.offset), ": ", what));
}

Status Parser::unexpected(std::string_view expected) const {
  const bool named = now().type == Tok::kName && now().text.size() < 100;
  return fail(now(), named ? str("expected ", expected, ", found '", now().text, "'")
                           : str("expected ", expected, ", found ", token_name(now().type)));
}

bool Parser::at_any(Words words) const {
  return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return at_word(w); });
}

bool Parser::skip(Tok t) {
  if (!at(t)) return false;
  next();
  return true;
}

bool Parser::skip_word(std::string_view w) {
  if (!at_word(w)) return false;
  next();
  return true;
}

Result<Token> Parser::expect(Tok t) {
  if (!at(t)) return unexpected(token_name(t));
  return next();
}

Status Parser::expect_word(std::string_view w) { return skip_word(w) ? Status() : unexpected(str("'", w, "'")); }

Status Parser::Nest::check() const {
  const int most = parser_.program_.limits.depth;
  if (parser_.nest_ <= most) return {};
  return Status::invalid(str("chat template, ", parser_.program_.source.place(parser_.now().offset),
                             ": nests deeper than ", most, " levels"),
                         "raise the limit 'depth', or use another template");
}

Status Parser::refuse_unknown(size_t since) const {
  if (unknown_.size() <= since) return {};
  const Unknown& u = unknown_[since];
  return Status::unsupported(str("chat template, ", program_.source.place(u.offset), ": there is no ", u.what));
}

Name Parser::name_id(std::string_view name) {
  const auto [row, fresh] = ids_.try_emplace(name, static_cast<Name>(program_.names.size()));
  if (fresh) program_.names.emplace_back(name);
  return row->second;
}

Result<Value> Parser::text_constant(std::string_view bytes) const {
  auto text = std::make_shared<Text>();
  text->bytes = bytes;
  return Value(Kind::kString, std::move(text));
}

std::unique_ptr<Stmt> Parser::make(StmtKind kind) const {
  auto s = std::make_unique<Stmt>();
  s->kind = kind;
  s->offset = now().offset;
  return s;
}

// ---- blocks
// ----------------------------------------------------------------------------------------------------------

Status Parser::run() {
  program_.loop_name = name_id("loop");
  program_.caller_name = name_id("caller");
  program_.varargs_name = name_id("varargs");
  program_.kwargs_name = name_id("kwargs");
  TRY_SET(program_.body, block({}));
  return refuse_unknown(0);
}

// Statements up to a block tag with one of the words; the word itself is left as the current token.
Result<Block> Parser::block(Words ends) {
  const Nest nest(*this);
  TRY(nest.check());
  Block out;
  while (true) {
    const Token& t = now();
    if (t.type == Tok::kEnd) {
      if (ends.size() == 0) return out;
      return fail(t, str("the template ends where '", *ends.begin(), "' was expected"));
    }
    if (t.type == Tok::kData) {
      auto s = make(StmtKind::kText);
      next();
      TRY_SET(s->constant, text_constant(t.text));
      out.push_back(std::move(s));
    } else if (t.type == Tok::kVariableBegin) {
      auto s = make(StmtKind::kPrint);
      next();
      TRY_SET(s->expr, maybe_tuple(true, false));
      TRY_SET(const Token close, expect(Tok::kVariableEnd));
      (void)close;
      out.push_back(std::move(s));
    } else {
      next();
      if (at_any(ends)) return out;
      TRY_SET(auto s, statement());
      TRY_SET(const Token close, expect(Tok::kBlockEnd));
      (void)close;
      out.push_back(std::move(s));
    }
  }
}

// The rest of an opening tag, then the block. drop_end: the end word is consumed.
Result<Block> Parser::body(Words ends, bool drop_end) {
  skip(Tok::kColon);
  TRY_SET(const Token close, expect(Tok::kBlockEnd));
  (void)close;
  TRY_SET(Block out, block(ends));
  if (drop_end) next();
  return out;
}

// A body that is a scope of its own: what is unknown in it is refused even if the scope stands under a condition.
Result<Block> Parser::scoped_body(Words ends, bool drop_end) {
  const size_t unknown = unknown_.size();
  TRY_SET(Block out, body(ends, drop_end));
  TRY(refuse_unknown(unknown));
  return out;
}

// ---- statements
// ------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<Stmt>> Parser::statement() {
  struct Row {
    std::string_view word;
    Result<std::unique_ptr<Stmt>> (Parser::*parse)();
  };
  static constexpr Row kRows[] = {
      {"if", &Parser::if_statement},
      {"for", &Parser::for_statement},
      {"set", &Parser::set_statement},
      {"macro", &Parser::macro_statement},
      {"call", &Parser::call_statement},
      {"filter", &Parser::filter_statement},
      {"with", &Parser::with_statement},
      {"print", &Parser::print_statement},
      {"generation", &Parser::generation_statement},
      {"break", &Parser::jump_statement},
      {"continue", &Parser::jump_statement},
  };
  if (!at(Tok::kName)) return unexpected("the name of a statement");
  for (const Row& row : kRows) {
    if (at_word(row.word)) return (this->*row.parse)();
  }
  if (at_any({"include", "import", "from", "extends", "block", "autoescape"})) {
    return Status::unsupported(str("chat template, ", program_.source.place(now().offset), ": the statement '",
                                   now().text, "' is not supported"));
  }
  return unexpected("a statement that chat templates have");
}

Result<std::unique_ptr<Stmt>> Parser::set_statement() {
  auto s = make(StmtKind::kSet);
  next();
  TRY_SET(s->target, target(true, true));
  if (skip(Tok::kAssign)) {
    TRY_SET(s->expr, maybe_tuple(true, false));
    return s;
  }
  s->kind = StmtKind::kSetBlock;
  if (at(Tok::kPipe)) {
    TRY_SET(s->expr, filters(nullptr, false));
  }
  TRY_SET(s->body, scoped_body({"endset"}, true));
  return s;
}

Result<std::unique_ptr<Stmt>> Parser::if_statement() {
  auto s = make(StmtKind::kIf);
  const size_t unknown = unknown_.size();
  next();
  for (bool more = true; more;) {
    TRY_SET(ExprPtr condition, maybe_tuple(false, false));
    TRY_SET(Block then, body({"elif", "else", "endif"}, false));
    s->branches.emplace_back(std::move(condition), std::move(then));
    more = skip_word("elif");
  }
  if (skip_word("else")) {
    TRY_SET(Block otherwise, body({"endif"}, false));
    s->branches.emplace_back(nullptr, std::move(otherwise));
  }
  TRY(expect_word("endif"));
  unknown_.resize(unknown);
  return s;
}

Result<std::unique_ptr<Stmt>> Parser::for_statement() {
  auto s = make(StmtKind::kFor);
  next();
  TRY_SET(s->target, target(true, false));
  TRY(expect_word("in"));
  TRY_SET(s->expr, maybe_tuple(false, false));
  if (skip_word("if")) {
    TRY_SET(s->condition, expression());
  }
  s->recursive = skip_word("recursive");
  loops_++;
  TRY_SET(s->body, scoped_body({"endfor", "else"}, false));
  loops_--;
  if (skip_word("else")) {
    TRY_SET(s->otherwise, scoped_body({"endfor"}, false));
  }
  TRY(expect_word("endfor"));
  return s;
}

Status Parser::signature(Macro& m) {
  TRY_SET(const Token open, expect(Tok::kLeftParen));
  (void)open;
  std::unordered_set<Name> names;
  while (!at(Tok::kRightParen)) {
    TRY_SET(const Token name, expect(Tok::kName));
    m.parameters.push_back(name_id(name.text));
    if (!names.insert(m.parameters.back()).second) return fail(name, "a parameter that was named before");
    if (skip(Tok::kAssign)) {
      TRY_SET(ExprPtr value, expression());
      m.defaults.push_back(std::move(value));
    } else if (!m.defaults.empty()) {
      return fail(name, "a parameter without a default after one with a default");
    }
    if (!skip(Tok::kComma) && !at(Tok::kRightParen)) return unexpected("',' or ')'");
  }
  next();
  return {};
}

Status Parser::macro_body(Macro& m, std::string_view end) {
  const int loops = std::exchange(loops_, 0);
  macros_.push_back(&m);
  auto b = scoped_body({end}, true);
  macros_.pop_back();
  loops_ = loops;
  if (!b.ok()) return b.status();
  m.body = b.take();
  return {};
}

Result<std::unique_ptr<Stmt>> Parser::macro_statement() {
  auto s = make(StmtKind::kMacro);
  next();
  TRY_SET(const Token name, expect(Tok::kName));
  s->macro = std::make_unique<Macro>();
  s->macro->name = name_id(name.text);
  TRY(signature(*s->macro));
  TRY(macro_body(*s->macro, "endmacro"));
  return s;
}

Result<std::unique_ptr<Stmt>> Parser::call_statement() {
  auto s = make(StmtKind::kCallBlock);
  const Token where = next();
  s->macro = std::make_unique<Macro>();
  s->macro->has_name = false;
  if (at(Tok::kLeftParen)) TRY(signature(*s->macro));
  TRY_SET(s->expr, expression());
  if (s->expr->kind != ExprKind::kCall) return fail(where, "a call block needs a call");
  TRY(macro_body(*s->macro, "endcall"));
  return s;
}

Result<std::unique_ptr<Stmt>> Parser::filter_statement() {
  auto s = make(StmtKind::kFilterBlock);
  next();
  TRY_SET(s->expr, filters(nullptr, true));
  TRY_SET(s->body, scoped_body({"endfilter"}, true));
  return s;
}

Result<std::unique_ptr<Stmt>> Parser::with_statement() {
  auto s = make(StmtKind::kWith);
  next();
  while (!at(Tok::kBlockEnd)) {
    TRY_SET(Target t, target(true, false));
    if (!skip(Tok::kAssign)) return unexpected("'='");
    TRY_SET(ExprPtr value, expression());
    s->assignments.emplace_back(std::move(t), std::move(value));
    if (!skip(Tok::kComma) && !at(Tok::kBlockEnd)) return unexpected("',' or '%}'");
  }
  TRY_SET(s->body, scoped_body({"endwith"}, true));
  return s;
}

Result<std::unique_ptr<Stmt>> Parser::print_statement() {
  auto s = make(StmtKind::kPrint);
  next();
  ExprPtr all = make(ExprKind::kConcat, now());
  while (!at(Tok::kBlockEnd)) {
    TRY_SET(ExprPtr e, expression());
    all->operands.push_back(std::move(e));
    if (!skip(Tok::kComma) && !at(Tok::kBlockEnd)) return unexpected("',' or '%}'");
  }
  TRY_SET(s->expr, finished(std::move(all)));
  return s;
}

// {% generation %} marks what the model wrote, for training; it is a scope.
Result<std::unique_ptr<Stmt>> Parser::generation_statement() {
  auto s = make(StmtKind::kGeneration);
  next();
  const int loops = std::exchange(loops_, 0);
  auto b = scoped_body({"endgeneration"}, true);
  loops_ = loops;
  if (!b.ok()) return b.status();
  s->body = b.take();
  return s;
}

Result<std::unique_ptr<Stmt>> Parser::jump_statement() {
  auto s = make(at_word("break") ? StmtKind::kBreak : StmtKind::kContinue);
  if (loops_ == 0) return fail(now(), str("'", now().text, "' outside of a loop"));
  next();
  return s;
}

// ---- targets
// ---------------------------------------------------------------------------------------------------------

Result<Target> Parser::one_target(bool with_namespace) {
  if (at(Tok::kLeftParen)) {
    const Nest nest(*this);
    TRY(nest.check());
    next();
    TRY_SET(Target t, target(true, with_namespace));
    TRY_SET(const Token close, expect(Tok::kRightParen));
    (void)close;
    return t;
  }
  TRY_SET(const Token name, expect(Tok::kName));
  if (name.text == "true" || name.text == "false" || name.text == "none" || name.text == "True" ||
      name.text == "False" || name.text == "None") {
    return fail(name, str("cannot assign to '", name.text, "'"));
  }
  Target t;
  t.offset = name.offset;
  t.name = name_id(name.text);
  if (with_namespace && skip(Tok::kDot)) {
    TRY_SET(const Token attribute, expect(Tok::kName));
    t.attribute = name_id(attribute.text);
    t.has_attribute = true;
  }
  return t;
}

Result<Target> Parser::target(bool with_tuple, bool with_namespace) {
  TRY_SET(Target first, one_target(with_namespace));
  if (!with_tuple || !at(Tok::kComma)) return first;
  Target tuple;
  tuple.offset = first.offset;
  tuple.parts.push_back(std::move(first));
  while (skip(Tok::kComma)) {
    if (!at(Tok::kName) && !at(Tok::kLeftParen)) break;
    if (at_word("in")) break;
    TRY_SET(Target more, one_target(with_namespace));
    tuple.parts.push_back(std::move(more));
  }
  return tuple;
}

Result<std::unique_ptr<Program>> parse(std::string_view text, const TemplateLimits& limits) {
  if (static_cast<int64_t>(text.size()) > limits.source_bytes) {
    return Status::invalid(
        str("the chat template has ", text.size(), " bytes, more than the limit of ", limits.source_bytes));
  }
  auto program = std::make_unique<Program>();
  program->limits = limits;
  TRY_SET(std::vector<Token> tokens, tokenize(text, program->source));
  TRY(Parser(*program, std::move(tokens)).run());
  return program;
}

}  // namespace infer::text::jinja
