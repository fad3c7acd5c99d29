#include "text/constraint/schema.h"

#include <algorithm>

#include "text/constraint/schema_compiler.h"

namespace infer::text {
namespace json_schema {
namespace {

using Expr = Grammar::Expr;

constexpr int64_t kMostWork = 4'000'000;  // steps of all kinds
constexpr int64_t kTooLarge = 30'000;     // steps until a language was

// Types of values that the schema's keywords speak of.
uint8_t constrained(const Schema& s) {
  uint8_t t = 0;
  if (s.minimum || s.maximum || s.above || s.below || s.multiple_of) t |= kInteger | kFraction;
  if (s.min_length > 0 || s.max_length >= 0 || s.pattern || s.format) t |= kString;
  if (s.min_items > 0 || s.max_items >= 0 || !s.prefix.empty() || s.items) t |= kArray;
  if (s.min_properties > 0 || s.max_properties >= 0 || !s.properties.empty() || !s.pattern_properties.empty() ||
      s.additional || s.names || !s.required.empty())
    t |= kObject;
  return t;
}

}  // namespace

void Compiler::add(Conjunction& c, SchemaId first) const {
  if (c.path.empty()) c.path = d_[first].path;
  std::vector<SchemaId> todo{first}, seen;
  while (!todo.empty()) {
    const SchemaId id = todo.back();
    todo.pop_back();
    if (std::find(seen.begin(), seen.end(), id) != seen.end()) continue;
    seen.push_back(id);
    const Schema& s = d_[id];
    const bool chooses = s.has_any_of || s.has_one_of;
    if ((s.says_something() || chooses) && std::find(c.all.begin(), c.all.end(), id) == c.all.end()) {
      c.all.push_back(id);
      c.types &= s.types;
      c.never = c.never || s.never || c.types == 0;
      if (s.has_any_of) c.choices.push_back({id, false});
      if (s.has_one_of) c.choices.push_back({id, true});
    }
    if (s.ref) c.named = true, todo.push_back(*s.ref);
    todo.insert(todo.end(), s.all_of.rbegin(), s.all_of.rend());
  }
}

Compiler::Conjunction Compiler::with(const Conjunction& c, SchemaId id) const {
  Conjunction more = c;
  more.named = false;
  add(more, id);
  return more;
}

Expr Compiler::failed(const Conjunction& c, const std::string& why, const std::string& hint) {
  g_.fail(Status::unsupported(str(why, " (", c.path, ")"), hint));
  return Grammar::kNothing;
}

bool Compiler::spend(const Conjunction& c, int64_t work) {
  if ((work_ += work) <= kMostWork) return true;
  failed(c, "the schema is too large in its combinations", "use fewer anyOf, oneOf and allOf in one another");
  return false;
}

std::optional<Language> Compiler::spent(const Conjunction& c, std::optional<Language> made) {
  return spend(c, made ? 200 + made->size() : kTooLarge) ? std::move(made) : std::nullopt;
}

Expr Compiler::compile(const Conjunction& c) {
  if (c.never) return Grammar::kNothing;
  if (c.all.empty()) return text_.any_value();
  if (!spend(c, static_cast<int64_t>(16 * (1 + c.all.size() + c.choices.size())))) return Grammar::kNothing;
  Key key{c.all, c.choices, c.types, c.absent};
  std::sort(key.all.begin(), key.all.end());
  std::sort(key.choices.begin(), key.choices.end());
  if (const auto known = made_.find(key); known != made_.end()) return known->second;
  if (!c.named) {
    const Expr e = text_.once(build(c), c.path);
    return made_.emplace(std::move(key), e).first->second;
  }
  if (empty(c, 0)) return made_[key] = Grammar::kNothing;
  const Grammar::Rule rule = g_.declare(c.path);
  queue_.emplace_back(rule, c);
  return made_[key] = g_.refer(rule);
}

Expr Compiler::build(const Conjunction& c) {
  if (!c.choices.empty()) return build_choice(c);
  uint8_t spoken_of = c.absent.empty() ? 0 : kObject;
  for (const SchemaId id : c.all) {
    if (d_[id].values) return build_values(c);
    spoken_of |= constrained(d_[id]);
  }
  if (c.types == kAnyType && spoken_of == 0) return text_.any_value();
  std::vector<Expr> options;
  const auto put = [&](uint8_t types, Expr (JsonText::*any)(), Expr (Compiler::*some)(const Conjunction&)) {
    if ((c.types & types) == 0) return;
    options.push_back((spoken_of & types) != 0 ? (this->*some)(c) : (text_.*any)());
  };
  put(kObject, &JsonText::any_object, &Compiler::object);
  put(kArray, &JsonText::any_array, &Compiler::array);
  put(kString, &JsonText::any_string, &Compiler::string);
  put(kInteger | kFraction, c.types & kFraction ? &JsonText::any_number : &JsonText::any_integer, &Compiler::number);
  if (c.types & kBoolean) options.push_back(g_.choice({g_.literal("true"), g_.literal("false")}));
  if (c.types & kNull) options.push_back(g_.literal("null"));
  return g_.choice(options);
}

std::vector<const Json*> Compiler::values(const Conjunction& c) {
  const Schema* from = nullptr;  // the shortest list
  for (const SchemaId id : c.all)
    if (d_[id].values && (!from || d_[id].values->size() < from->values->size())) from = &d_[id];
  std::vector<const Json*> all = *from->values;
  if (!spend(c, static_cast<int64_t>(all.size() * c.all.size()))) return {};
  std::erase_if(all, [&](const Json* v) {
    const auto is_there = [&](const std::string& name) { return v->find(name) != nullptr; };
    if ((c.types & type_of(*v)) == 0 || std::any_of(c.absent.begin(), c.absent.end(), is_there)) return true;
    return std::any_of(c.all.begin(), c.all.end(), [&](SchemaId id) { return !takes_itself(d_[id], *v); });
  });
  return all;
}

// Equal numbers may be written 2 and 2.0: integers as they are, others both ways.
Expr Compiler::build_values(const Conjunction& c) {
  const std::vector<const Json*> all = values(c);
  std::vector<std::string> texts;
  std::vector<Expr> options;
  for (const Json* v : all) {
    if (v->is(Json::Kind::kArray) || v->is(Json::Kind::kObject)) {
      options.push_back(text_.value(*v));
      continue;
    }
    const bool number = v->is(Json::Kind::kNumber);
    const Decimal d = number ? Decimal::parse(v->text) : Decimal();
    const bool whole = number && d.integral() && d.exponent <= 21;
    if (whole) texts.push_back((d.negative ? "-" : "") + d.whole());
    if (!whole || (v->text.find_first_of(".eE") != std::string::npos && (c.types & kFraction) != 0))
      texts.push_back(json_dumps(*v));
  }
  options.push_back(g_.texts(std::move(texts)));
  return g_.choice(options);
}

Expr Compiler::run() {
  const Grammar::Rule root = g_.declare("the schema");
  Conjunction c;
  add(c, 0);
  c.named = true;  // so that it is known to what refers to it
  const Expr value = compile(c);
  for (size_t i = 0; i < queue_.size(); ++i) {
    const auto [rule, what] = queue_[i];
    g_.define(rule, build(what));
  }
  g_.define(root, g_.sequence({text_.space(), value, text_.space()}));
  return g_.refer(root);
}

}  // namespace json_schema

Result<Grammar::Expr> compile_schema(Grammar& g, std::string_view schema_json, const SchemaOptions& options) {
  TRY_SET(Json schema, parse_json_tree(schema_json, {g.limits().source_bytes, g.limits().depth}, "the schema"));
  return compile_schema(g, std::move(schema), options);
}

Result<Grammar::Expr> compile_schema(Grammar& g, Json schema, const SchemaOptions& options) {
  TRY_SET(const json_schema::Document document, json_schema::Document::read(std::move(schema), g.limits()));
  return json_schema::Compiler(g, document, options).run();
}

Grammar::Expr compile_any_json(Grammar& g, bool object_only, const SchemaOptions& options) {
  json_schema::JsonText text(g, options);
  const Grammar::Expr value = object_only ? text.any_object() : text.any_value();
  return g.sequence({text.space(), value, text.space()});
}

}  // namespace infer::text
