#include "text/template/value.h"

#include <algorithm>
#include <bit>

#include "text/template/loop.h"

namespace infer::text::jinja {

Status Meter::out_of_steps() const {
  return Status::invalid(str("the chat template does not end: it took more than ", limits_.steps, " steps"),
                         "use another template, or raise the limit 'steps'");
}

Status Meter::out_of_bytes() const {
  return Status::invalid(
      str("the chat template needs more than ", limits_.bytes, " bytes of memory for its text and lists"),
      "use another template or shorter messages, or raise the limit 'bytes'");
}

Status type_error(std::string message) { return Status::invalid(std::move(message)); }

Value Value::real(double v) { return Value(Kind::kFloat, std::bit_cast<int64_t>(v)); }

double Value::as_real() const {
  return kind_ == Kind::kFloat ? std::bit_cast<double>(scalar_) : static_cast<double>(scalar_);
}

const std::vector<Value>& Value::items() const { return as<List>().items; }
const Dict& Value::dict() const { return as<Dict>(); }

bool Value::truthy() const {
  switch (kind_) {
    case Kind::kUndefined:
    case Kind::kNone:
      return false;
    case Kind::kBool:
    case Kind::kInt:
      return scalar_ != 0;
    case Kind::kFloat:
      return as_real() != 0.0;
    case Kind::kString:
      return !text().bytes.empty();
    case Kind::kList:
    case Kind::kTuple:
      return !items().empty();
    case Kind::kDict:
      return !dict().entries.empty();
    case Kind::kRange:
      return as<Range>().count != 0;
    case Kind::kView:
      return as<View>().dict.truthy();
    default:
      return true;
  }
}

const char* type_name(const Value& v) {
  switch (v.kind()) {
    case Kind::kUndefined:
      return "Undefined";
    case Kind::kNone:
      return "NoneType";
    case Kind::kBool:
      return "bool";
    case Kind::kInt:
      return "int";
    case Kind::kFloat:
      return "float";
    case Kind::kString:
      return v.text().safe ? "Markup" : "str";
    case Kind::kList:
      return "list";
    case Kind::kTuple:
      return "tuple";
    case Kind::kDict:
      return "dict";
    case Kind::kRange:
      return "range";
    case Kind::kView:
      return "dict view";
    case Kind::kIterator:
      return "generator";
    case Kind::kNamespace:
      return "namespace";
    case Kind::kLoop:
      return "loop";
    case Kind::kFunction:
      return "function";
    case Kind::kMethod:
      return "method";
    case Kind::kMacro:
      return "macro";
    case Kind::kCycler:
      return "cycler";
    case Kind::kJoiner:
      return "joiner";
  }
  return "object";
}

int depth_of(const Value& v) {
  switch (v.kind()) {
    case Kind::kList:
    case Kind::kTuple:
      return v.as<List>().depth;
    case Kind::kDict:
      return v.dict().depth;
    case Kind::kView:
      return 1 + depth_of(v.as<View>().dict);
    case Kind::kMethod:
      return 1 + depth_of(v.as<Method>().self);
    case Kind::kIterator:
      return v.as<Iterator>().depth;
    case Kind::kCycler:
      return v.as<Cycler>().depth;
    case Kind::kJoiner:
      return 1 + depth_of(v.as<Joiner>().separator);
    case Kind::kLoop:
      return 1 + depth_of(v.as<Loop>().items.source());
    default:
      return 0;
  }
}

Status check_depth(const Meter& m, int depth) {
  if (depth <= m.limits().depth) return {};
  return Status::invalid(str("the chat template nests lists or dicts deeper than ", m.limits().depth, " levels"));
}

int depth_of(const std::vector<Value>& items) {
  int deepest = 0;
  for (const Value& v : items) deepest = std::max(deepest, depth_of(v));
  return deepest;
}

Result<Value> make_list(Meter& m, std::vector<Value> items, Kind kind) {
  TRY(m.step(1 + static_cast<int64_t>(items.size() >> 4)));
  TRY_SET(auto list, make<List>(m, static_cast<int64_t>(items.capacity() * sizeof(Value))));
  list->depth = depth_of(items) + 1;
  TRY(check_depth(m, list->depth));
  list->items = std::move(items);
  return Value(kind, std::move(list));
}

Result<Value> make_iterator(Meter& m, std::vector<Value> items) {
  TRY(m.step(1 + static_cast<int64_t>(items.size() >> 4)));
  TRY_SET(auto it, make<Iterator>(m, static_cast<int64_t>(items.capacity() * sizeof(Value))));
  it->depth = depth_of(items) + 1;
  TRY(check_depth(m, it->depth));
  it->items = std::move(items);
  return Value(Kind::kIterator, std::move(it));
}

Marks all_marks(const Text& t) {
  Marks all = 0;
  for (const Run& r : t.runs) all |= r.marks;
  return all;
}

Result<Value> make_string(Meter& m, std::string_view trusted) {
  TRY(m.pass(trusted.size()));
  TRY_SET(auto text, make<Text>(m, static_cast<int64_t>(trusted.size())));
  text->bytes = trusted;
  return Value(Kind::kString, std::move(text));
}

std::string why_undefined(const Value& v) {
  if (!v.is_undefined()) return {};
  if (!v.object()) return "a value is undefined";
  const auto& m = v.as<Missing>();
  if (!m.hint.empty()) return std::string(m.hint);
  if (m.owner) return str("'", m.owner, " object' has no attribute '", m.name, "'");
  return str("'", m.name, "' is undefined");
}

namespace {

Result<Value> undefined(Meter& m, std::string_view hint, const char* owner, std::string_view name) {
  TRY_SET(auto missing, make<Missing>(m, static_cast<int64_t>(name.size())));
  missing->hint = hint;
  missing->owner = owner;
  missing->name = name;
  return Value(Kind::kUndefined, std::move(missing));
}

}  // namespace

Result<Value> undefined_variable(Meter& m, std::string_view name) { return undefined(m, {}, nullptr, name); }
Result<Value> undefined_attribute(Meter& m, const Value& owner, std::string_view name) {
  return undefined(m, {}, type_name(owner), name.substr(0, 200));
}
Result<Value> undefined_because(Meter& m, std::string_view hint) { return undefined(m, hint, nullptr, {}); }

}  // namespace infer::text::jinja
