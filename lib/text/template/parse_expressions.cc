#include <algorithm>
#include <unordered_set>

#include "text/template/parser.h"

namespace infer::text::jinja {

ExprPtr Parser::make(ExprKind kind, const Token& where) const {
  auto e = std::make_unique<Expr>();
  e->kind = kind;
  e->offset = where.offset;
  return e;
}

// Sets the depth from the parts, and refuses what would nest too deep for the evaluator.
Result<ExprPtr> Parser::finished(ExprPtr e) {
  int depth = 0;
  for (const auto& o : e->operands) depth = std::max<int>(depth, o ? o->depth : 0);
  for (const auto& [name, o] : e->named) depth = std::max<int>(depth, o->depth);
  for (const auto* o : {e->more_positional.get(), e->more_named.get()}) depth = std::max<int>(depth, o ? o->depth : 0);
  const int most = kFramesPerLevel * program_.limits.depth;
  if (depth >= most) {
    return Status::invalid(
        str("chat template, ", program_.source.place(e->offset), ": expressions nest deeper than ", most, " steps"));
  }
  e->depth = static_cast<uint16_t>(depth + 1);
  return e;
}

Result<ExprPtr> Parser::choice() {
  const Nest nest(*this);
  TRY(nest.check());
  const size_t unknown = unknown_.size();
  TRY_SET(ExprPtr first, logical_or());
  while (at_word("if")) {
    ExprPtr e = make(ExprKind::kChoice, next());
    TRY_SET(ExprPtr condition, logical_or());
    e->operands.push_back(std::move(condition));
    e->operands.push_back(std::move(first));
    e->operands.push_back(nullptr);
    if (skip_word("else")) {
      TRY_SET(e->operands[2], choice());
    }
    unknown_.resize(unknown);
    TRY_SET(first, finished(std::move(e)));
  }
  return first;
}

Result<ExprPtr> Parser::chain(ExprKind kind, Result<ExprPtr> (Parser::*operand)(), std::string_view word) {
  TRY_SET(ExprPtr first, (this->*operand)());
  if (!at_word(word)) return first;
  ExprPtr e = make(kind, now());
  e->operands.push_back(std::move(first));
  while (skip_word(word)) {
    TRY_SET(ExprPtr more, (this->*operand)());
    e->operands.push_back(std::move(more));
  }
  return finished(std::move(e));
}

Result<ExprPtr> Parser::logical_or() { return chain(ExprKind::kOr, &Parser::logical_and, "or"); }
Result<ExprPtr> Parser::logical_and() { return chain(ExprKind::kAnd, &Parser::logical_not, "and"); }

Result<ExprPtr> Parser::logical_not() {
  if (!at_word("not")) return comparison();
  const Nest nest(*this);
  TRY(nest.check());
  ExprPtr e = make(ExprKind::kNot, next());
  TRY_SET(ExprPtr operand, logical_not());
  e->operands.push_back(std::move(operand));
  return finished(std::move(e));
}

Result<ExprPtr> Parser::comparison() {
  TRY_SET(ExprPtr first, sum());
  ExprPtr e;
  while (true) {
    const Token& where = now();
    Op op;
    if (where.type >= Tok::kEq && where.type <= Tok::kGe) {
      next();
      op = static_cast<Op>(static_cast<int>(Op::kEq) + static_cast<int>(where.type) - static_cast<int>(Tok::kEq));
    } else if (skip_word("in")) {
      op = Op::kIn;
    } else if (at_word("not") && after().type == Tok::kName && after().text == "in") {
      next(), next();
      op = Op::kNotIn;
    } else {
      break;
    }
    if (!e) {
      e = make(ExprKind::kCompare, where);
      e->operands.push_back(std::move(first));
    }
    TRY_SET(ExprPtr more, sum());
    e->operands.push_back(std::move(more));
    e->ops.push_back(op);
  }
  if (!e) return first;
  return finished(std::move(e));
}

Result<ExprPtr> Parser::arithmetic_chain(Result<ExprPtr> (Parser::*operand)(),
                                         std::initializer_list<std::pair<Tok, Op>> ops) {
  TRY_SET(ExprPtr first, (this->*operand)());
  ExprPtr e;
  while (true) {
    const Token& where = now();
    const auto op = std::find_if(ops.begin(), ops.end(), [&](const auto& o) { return o.first == where.type; });
    if (op == ops.end()) break;
    next();
    if (!e) {
      e = make(ExprKind::kMath, where);
      e->operands.push_back(std::move(first));
    }
    TRY_SET(ExprPtr more, (this->*operand)());
    e->operands.push_back(std::move(more));
    e->ops.push_back(op->second);
  }
  if (!e) return first;
  return finished(std::move(e));
}

Result<ExprPtr> Parser::sum() {
  return arithmetic_chain(&Parser::concatenation, {{Tok::kAdd, Op::kAdd}, {Tok::kSub, Op::kSub}});
}

Result<ExprPtr> Parser::concatenation() {
  TRY_SET(ExprPtr first, product());
  if (!at(Tok::kTilde)) return first;
  ExprPtr e = make(ExprKind::kConcat, now());
  e->operands.push_back(std::move(first));
  while (skip(Tok::kTilde)) {
    TRY_SET(ExprPtr more, product());
    e->operands.push_back(std::move(more));
  }
  return finished(std::move(e));
}

Result<ExprPtr> Parser::product() {
  return arithmetic_chain(
      &Parser::power,
      {{Tok::kMul, Op::kMul}, {Tok::kDiv, Op::kDiv}, {Tok::kFloorDiv, Op::kFloorDiv}, {Tok::kMod, Op::kMod}});
}

static constexpr auto kWithFilters = true;

Result<ExprPtr> Parser::power() {
  TRY_SET(ExprPtr first, unary(kWithFilters));
  if (!at(Tok::kPow)) return first;
  ExprPtr e = make(ExprKind::kMath, now());
  e->operands.push_back(std::move(first));
  while (skip(Tok::kPow)) {
    TRY_SET(ExprPtr more, unary(kWithFilters));
    e->operands.push_back(std::move(more));
    e->ops.push_back(Op::kPow);
  }
  return finished(std::move(e));
}

Result<ExprPtr> Parser::unary(bool with_filters) {
  ExprPtr e;
  if (at(Tok::kSub) || at(Tok::kAdd)) {
    const Nest nest(*this);
    TRY(nest.check());
    e = make(at(Tok::kSub) ? ExprKind::kNegate : ExprKind::kPlus, now());
    next();
    TRY_SET(ExprPtr operand, unary(!kWithFilters));
    e->operands.push_back(std::move(operand));
    TRY_SET(e, finished(std::move(e)));
  } else {
    TRY_SET(e, primary());
  }
  TRY_SET(e, postfix(std::move(e)));
  return with_filters ? filters_and_tests(std::move(e)) : Result<ExprPtr>(std::move(e));
}

Result<ExprPtr> Parser::primary() {
  const Token& t = now();
  switch (t.type) {
    case Tok::kName: {
      next();
      const bool truth = t.text == "true" || t.text == "True";
      if (truth || t.text == "false" || t.text == "False" || t.text == "none" || t.text == "None") {
        ExprPtr e = make(ExprKind::kConstant, t);
        e->constant = t.text[0] == 'n' || t.text[0] == 'N' ? Value::none() : Value::boolean(truth);
        return e;
      }
      for (Macro* m : macros_) {
        m->takes_caller |= t.text == "caller";
        m->takes_more |= t.text == "varargs";
        m->takes_more_named |= t.text == "kwargs";
      }
      ExprPtr e = make(ExprKind::kName, t);
      e->name = name_id(t.text);
      return e;
    }
    case Tok::kString: {
      ExprPtr e = make(ExprKind::kConstant, t);
      std::string all;
      while (at(Tok::kString)) all += next().text;
      TRY_SET(e->constant, text_constant(all));
      return e;
    }
    case Tok::kInteger:
    case Tok::kFloat: {
      next();
      ExprPtr e = make(ExprKind::kConstant, t);
      e->constant = t.type == Tok::kInteger ? Value::integer(t.integer) : Value::real(t.real);
      return e;
    }
    case Tok::kLeftParen: {
      next();
      TRY_SET(ExprPtr e, maybe_tuple(true, true));
      TRY_SET(const Token close, expect(Tok::kRightParen));
      (void)close;
      return e;
    }
    case Tok::kLeftBracket:
      return list();
    case Tok::kLeftBrace:
      return dict();
    default:
      return unexpected("an expression");
  }
}

Result<ExprPtr> Parser::maybe_tuple(bool with_choice, bool in_parentheses) {
  const Token& where = now();
  ExprPtr first;
  ExprPtr tuple;
  while (true) {
    if (at(Tok::kVariableEnd) || at(Tok::kBlockEnd) || at(Tok::kRightParen)) break;
    TRY_SET(ExprPtr e, with_choice ? choice() : logical_or());
    if (!at(Tok::kComma) && !tuple) return e;
    if (!tuple) tuple = make(ExprKind::kTuple, where);
    tuple->operands.push_back(std::move(e));
    if (!skip(Tok::kComma)) break;
  }
  if (!tuple) {
    if (!in_parentheses) return unexpected("an expression");
    tuple = make(ExprKind::kTuple, where);
  }
  return finished(std::move(tuple));
}

Result<ExprPtr> Parser::list() {
  ExprPtr e = make(ExprKind::kList, next());
  while (!at(Tok::kRightBracket)) {
    TRY_SET(ExprPtr item, expression());
    e->operands.push_back(std::move(item));
    if (!skip(Tok::kComma) && !at(Tok::kRightBracket)) return unexpected("',' or ']'");
  }
  next();
  return finished(std::move(e));
}

Result<ExprPtr> Parser::dict() {
  ExprPtr e = make(ExprKind::kDict, next());
  while (!at(Tok::kRightBrace)) {
    TRY_SET(ExprPtr key, expression());
    if (!skip(Tok::kColon)) return unexpected("':' between the key and the value of a dict");
    TRY_SET(ExprPtr value, expression());
    e->operands.push_back(std::move(key));
    e->operands.push_back(std::move(value));
    if (!skip(Tok::kComma) && !at(Tok::kRightBrace)) return unexpected("',' or '}'");
  }
  next();
  return finished(std::move(e));
}

Result<ExprPtr> Parser::postfix(ExprPtr e) {
  while (true) {
    if (at(Tok::kDot)) {
      TRY_SET(e, after_dot(std::move(e)));
    } else if (at(Tok::kLeftBracket)) {
      TRY_SET(e, in_brackets(std::move(e)));
    } else if (at(Tok::kLeftParen)) {
      TRY_SET(e, call(std::move(e)));
    } else {
      return e;
    }
  }
}

Result<ExprPtr> Parser::filters_and_tests(ExprPtr e) {
  while (true) {
    if (at(Tok::kPipe)) {
      TRY_SET(e, filters(std::move(e), false));
    } else if (at_word("is")) {
      TRY_SET(e, test(std::move(e)));
    } else if (at(Tok::kLeftParen)) {
      TRY_SET(e, call(std::move(e)));
    } else {
      return e;
    }
  }
}

Result<ExprPtr> Parser::after_dot(ExprPtr object) {
  next();
  const Token& t = next();
  if (t.type == Tok::kName) {
    ExprPtr e = make(ExprKind::kAttribute, t);
    e->name = name_id(t.text);
    e->operands.push_back(std::move(object));
    return finished(std::move(e));
  }
  if (t.type != Tok::kInteger)
    return fail(t, str("a name or a number was expected after '.', not ", token_name(t.type)));
  ExprPtr key = make(ExprKind::kConstant, t);
  key->constant = Value::integer(t.integer);
  ExprPtr e = make(ExprKind::kSubscript, t);
  e->operands.push_back(std::move(object));
  e->operands.push_back(std::move(key));
  return finished(std::move(e));
}

// [key], [a, b] (a tuple as key) or [start:stop:step].
Result<ExprPtr> Parser::in_brackets(ExprPtr object) {
  const Token& where = next();
  ExprPtr parts[3];
  int n = 0;
  bool is_slice = false;
  std::vector<ExprPtr> keys;
  while (!at(Tok::kRightBracket)) {
    if (at(Tok::kColon)) {
      if (!keys.empty() && !is_slice) return unexpected("']'");
      is_slice = true;
      next();
      if (++n > 2) return unexpected("']'");
    } else if (is_slice || keys.empty()) {
      if (parts[n]) return unexpected("':' or ']'");
      TRY_SET(parts[n], expression());
      if (!is_slice && (at(Tok::kComma) || at(Tok::kRightBracket))) keys.push_back(std::move(parts[0]));
    } else {
      if (!skip(Tok::kComma)) return unexpected("',' or ']'");
      if (at(Tok::kRightBracket)) break;
      TRY_SET(ExprPtr key, expression());
      keys.push_back(std::move(key));
    }
  }
  next();
  ExprPtr e = make(is_slice ? ExprKind::kSlice : ExprKind::kSubscript, where);
  e->operands.push_back(std::move(object));
  if (is_slice) {
    for (ExprPtr& p : parts) e->operands.push_back(std::move(p));
  } else if (keys.size() == 1) {
    e->operands.push_back(std::move(keys[0]));
  } else {
    ExprPtr tuple = make(ExprKind::kTuple, where);
    tuple->operands = std::move(keys);
    TRY_SET(tuple, finished(std::move(tuple)));
    e->operands.push_back(std::move(tuple));
  }
  return finished(std::move(e));
}

Result<ExprPtr> Parser::call(ExprPtr callee) {
  ExprPtr e = make(ExprKind::kCall, now());
  e->operands.push_back(std::move(callee));
  TRY(arguments(*e));
  return finished(std::move(e));
}

Status Parser::arguments(Expr& into) {
  next();
  std::unordered_set<Name> names;
  while (!at(Tok::kRightParen)) {
    const Token& where = now();
    if (skip(Tok::kMul)) {
      if (into.more_positional || into.more_named) return fail(where, "a call takes *args once, before **kwargs");
      TRY_SET(into.more_positional, expression());
    } else if (skip(Tok::kPow)) {
      if (into.more_named) return fail(where, "a call takes **kwargs once");
      TRY_SET(into.more_named, expression());
    } else if (at(Tok::kName) && after().type == Tok::kAssign) {
      const Name name = name_id(next().text);
      next();
      if (into.more_named) return fail(where, "an argument after **kwargs");
      if (!names.insert(name).second) return fail(where, "an argument that was given before");
      TRY_SET(ExprPtr value, expression());
      into.named.emplace_back(name, std::move(value));
    } else {
      if (!into.named.empty() || into.more_positional || into.more_named) {
        return fail(where, "an argument without a name after one with a name");
      }
      TRY_SET(ExprPtr value, expression());
      into.operands.push_back(std::move(value));
    }
    if (!skip(Tok::kComma) && !at(Tok::kRightParen)) return unexpected("',' or ')'");
  }
  next();
  return {};
}

// Names of filters and tests may hold dots.
Result<std::string> Parser::dotted_name() {
  TRY_SET(const Token first, expect(Tok::kName));
  std::string name(first.text);
  while (skip(Tok::kDot)) {
    TRY_SET(const Token more, expect(Tok::kName));
    name = str(name, '.', more.text);
  }
  return name;
}

// One filter after its bar; `value` may be null (a filter block fills it in).
Result<ExprPtr> Parser::filter(ExprPtr value) {
  const Token where = now();
  TRY_SET(const std::string name, dotted_name());
  ExprPtr e = make(ExprKind::kFilter, where);
  e->name = name_id(where.text);
  e->entry = find_filter(name);
  if (!e->entry) unknown_.push_back({str("filter '", name, "'"), where.offset});
  e->operands.push_back(std::move(value));
  if (at(Tok::kLeftParen)) TRY(arguments(*e));
  return finished(std::move(e));
}

Result<ExprPtr> Parser::filters(ExprPtr value, bool inline_first) {
  if (inline_first) {
    TRY_SET(value, filter(std::move(value)));
  }
  while (skip(Tok::kPipe)) {
    TRY_SET(value, filter(std::move(value)));
  }
  return value;
}

Result<ExprPtr> Parser::test(ExprPtr value) {
  const Token where = next();
  const bool negated = skip_word("not");
  const Token first = now();
  TRY_SET(const std::string name, dotted_name());
  ExprPtr e = make(ExprKind::kTest, where);
  e->name = name_id(first.text);
  e->entry = find_test(name);
  if (!e->entry) unknown_.push_back({str("test '", name, "'"), first.offset});
  e->operands.push_back(std::move(value));
  if (at(Tok::kLeftParen)) {
    TRY(arguments(*e));
  } else {
    const Tok t = now().type;
    const bool begins = t == Tok::kName || t == Tok::kString || t == Tok::kInteger || t == Tok::kFloat ||
                        t == Tok::kLeftBracket || t == Tok::kLeftBrace;
    if (begins && !at_any({"else", "or", "and"})) {
      if (at_word("is")) return fail(now(), "tests cannot be chained: use parentheses");
      TRY_SET(ExprPtr argument, primary());
      TRY_SET(argument, postfix(std::move(argument)));
      e->operands.push_back(std::move(argument));
    }
  }
  TRY_SET(e, finished(std::move(e)));
  if (!negated) return e;
  ExprPtr inverse = make(ExprKind::kNot, where);
  inverse->operands.push_back(std::move(e));
  return finished(std::move(inverse));
}

}  // namespace infer::text::jinja
