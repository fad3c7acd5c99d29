#include "text/template/methods.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "text/template/interpreter.h"
#include "text/template/loop.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

namespace {

Result<Value> view(Meter& m, const Value& self, View::Part part) {
  TRY_SET(auto v, make<View>(m));
  v->part = part;
  v->dict = self;
  return Value(Kind::kView, std::move(v));
}

Result<Value> dict_keys(Meter& m, const Value& self, const Args&) { return view(m, self, View::kKeys); }
Result<Value> dict_values(Meter& m, const Value& self, const Args&) { return view(m, self, View::kValues); }
Result<Value> dict_items(Meter& m, const Value& self, const Args&) { return view(m, self, View::kItems); }
Result<Value> same(Meter&, const Value& self, const Args&) { return self; }

Result<Value> dict_get(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "get", {"key", "default"}, 1));
  TRY_SET(const Value* v, self.dict().find(m, *a[0]));
  return v ? *v : a[1] ? *a[1] : Value::none();
}

Result<Value> dict_fromkeys(Meter& m, const Value&, const Args& args) {
  TRY_SET(const auto a, bind(args, "fromkeys", {"iterable", "value"}, 1));
  TRY_SET(const Sequence keys, Sequence::of(m, *a[0]));
  DictBuilder dict(m);
  for (int64_t i = 0; i < keys.size(); i++) {
    TRY_SET(const Value key, keys.at(m, i));
    TRY(dict.set(key, a[1] ? *a[1] : Value::none()));
  }
  return dict.finish();
}

// Of lists, tuples and ranges.
Result<Value> list_index(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "index", {"value", "start", "stop"}, 1));
  TRY_SET(const Sequence all, Sequence::of(m, self));
  const int64_t n = all.size();
  int64_t bounds[] = {0, n};
  for (size_t k = 0; k < 2; k++) {
    if (!a[k + 1]) continue;
    TRY_SET(const int64_t i, need_int(*a[k + 1], "a position in a list"));
    bounds[k] = std::clamp<int64_t>(i < 0 ? std::max(i, -n) + n : i, 0, n);
  }
  for (int64_t i = bounds[0]; i < bounds[1]; i++) {
    TRY_SET(const Value item, all.at(m, i));
    TRY_SET(const bool found, equal(m, item, *a[0]));
    if (found) return Value::integer(i);
  }
  return Status::invalid("index() did not find the value in the list");
}

Result<Value> list_count(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "count", {"value"}, 1));
  TRY_SET(const Sequence all, Sequence::of(m, self));
  int64_t n = 0;
  for (int64_t i = 0; i < all.size(); i++) {
    TRY_SET(const Value item, all.at(m, i));
    TRY_SET(const bool is_same, equal(m, item, *a[0]));
    n += is_same;
  }
  return Value::integer(n);
}

uint64_t magnitude(int64_t v) { return v < 0 ? 0 - static_cast<uint64_t>(v) : static_cast<uint64_t>(v); }

Result<Value> loop_cycle(Meter&, const Value& self, const Args& args) {
  if (args.positional.empty()) return type_error("loop.cycle() needs values to cycle through");
  return args.positional[static_cast<size_t>(self.as<Loop>().index0) % args.positional.size()];
}

Result<Value> loop_changed(Meter& m, const Value& self, const Args& args) {
  const auto& loop = self.as<Loop>();
  bool same_values = loop.changed_called && loop.changed.size() == args.positional.size();
  for (size_t i = 0; same_values && i < loop.changed.size(); i++) {
    TRY_SET(same_values, equal(m, loop.changed[i], args.positional[i]));
  }
  if (!same_values && !loop.finished) loop.changed = args.positional;
  loop.changed_called = true;
  return Value::boolean(!same_values);
}

Result<Value> cycler_next(Meter&, const Value& self, const Args&) {
  const auto& c = self.as<Cycler>();
  const size_t now = c.now;
  c.now = (now + 1) % c.items.size();
  return c.items[now];
}
Result<Value> cycler_reset(Meter&, const Value& self, const Args&) {
  self.as<Cycler>().now = 0;
  return Value::none();
}

Result<Value> int_bit_length(Meter&, const Value& self, const Args&) {
  return Value::integer(std::bit_width(magnitude(self.as_int())));
}
Result<Value> int_bit_count(Meter&, const Value& self, const Args&) {
  return Value::integer(std::popcount(magnitude(self.as_int())));
}
Result<Value> int_ratio(Meter& m, const Value& self, const Args&) {
  return make_list(m, {Value::integer(self.as_int()), Value::integer(1)}, Kind::kTuple);
}
Result<Value> int_conjugate(Meter&, const Value& self, const Args&) { return Value::integer(self.as_int()); }
Result<Value> float_is_integer(Meter&, const Value& self, const Args&) {
  return Value::boolean(std::isfinite(self.as_real()) && std::floor(self.as_real()) == self.as_real());
}

// Rows without a function are methods that Python has and templates may not use or this interpreter lacks.
constexpr Entry kIntMethods[] = {
    {"as_integer_ratio", int_ratio, kBare},
    {"bit_count", int_bit_count, kBare},
    {"bit_length", int_bit_length, kBare},
    {"conjugate", int_conjugate, kBare},
    {"from_bytes", nullptr},
    {"to_bytes", nullptr},
};
constexpr Entry kFloatMethods[] = {
    {"as_integer_ratio", nullptr},           {"conjugate", same, kBare}, {"fromhex", nullptr}, {"hex", nullptr},
    {"is_integer", float_is_integer, kBare},
};
constexpr Entry kCyclerMethods[] = {{"next", cycler_next, kBare}, {"reset", cycler_reset, kBare}};
constexpr Entry kDictMethods[] = {
    {"clear", nullptr},  {"copy", same, kBare},          {"fromkeys", dict_fromkeys},
    {"get", dict_get},   {"items", dict_items, kBare},   {"keys", dict_keys, kBare},
    {"pop", nullptr},    {"popitem", nullptr},           {"setdefault", nullptr},
    {"update", nullptr}, {"values", dict_values, kBare},
};
constexpr Entry kListMethods[] = {
    {"append", nullptr}, {"clear", nullptr},    {"copy", same, kBare}, {"count", list_count},
    {"extend", nullptr}, {"index", list_index}, {"insert", nullptr},   {"pop", nullptr},
    {"remove", nullptr}, {"reverse", nullptr},  {"sort", nullptr},
};
constexpr Entry kTupleMethods[] = {{"count", list_count}, {"index", list_index}};
constexpr Entry kLoopMethods[] = {{"changed", loop_changed}, {"cycle", loop_cycle}};

std::span<const Entry> methods_of(const Value& v) {
  switch (v.kind()) {
    case Kind::kString:
      return string_methods();
    case Kind::kDict:
      return kDictMethods;
    case Kind::kList:
      return kListMethods;
    case Kind::kTuple:
    case Kind::kRange:
      return kTupleMethods;
    case Kind::kLoop:
      return kLoopMethods;
    case Kind::kCycler:
      return kCyclerMethods;
    case Kind::kBool:
    case Kind::kInt:
      return kIntMethods;
    case Kind::kFloat:
      return kFloatMethods;
    default:
      return {};
  }
}

Result<Value> loop_attribute(Meter& m, const Loop& loop, std::string_view name, bool& found) {
  found = true;
  const int64_t i = loop.index0, n = loop.items.size();
  if (name == "index") return Value::integer(i + 1);
  if (name == "index0") return Value::integer(i);
  if (name == "revindex") return Value::integer(n - i);
  if (name == "revindex0") return Value::integer(n - i - 1);
  if (name == "first") return Value::boolean(i == 0);
  if (name == "last") return Value::boolean(i + 1 == n);
  if (name == "length") return Value::integer(n);
  if (name == "depth") return Value::integer(loop.depth0 + 1);
  if (name == "depth0") return Value::integer(loop.depth0);
  if (name == "previtem") return i > 0 ? loop.items.at(m, i - 1) : undefined_because(m, "there is no previous item");
  if (name == "nextitem") return i + 1 < n ? loop.items.at(m, i + 1) : undefined_because(m, "there is no next item");
  found = false;
  return Value();
}

Result<Value> macro_attribute(Meter& m, const MacroValue& macro, std::string_view name, bool& found) {
  found = true;
  const Macro& source = *macro.macro;
  if (name == "catch_kwargs") return Value::boolean(source.takes_more_named);
  if (name == "catch_varargs") return Value::boolean(source.takes_more);
  if (name == "caller") return Value::boolean(source.takes_caller);
  if (name == "name") return source.has_name ? make_string(m, macro.program->names[source.name]) : Value::none();
  found = name == "arguments";
  std::vector<Value> parameters;
  for (size_t i = 0; found && i < source.parameters.size(); i++) {
    TRY_SET(Value p, make_string(m, macro.program->names[source.parameters[i]]));
    parameters.push_back(std::move(p));
  }
  return make_list(m, std::move(parameters), Kind::kTuple);
}

// The data attributes of a value; methods are in the tables.
Result<Value> attribute_of(Meter& m, const Value& object, std::string_view name, bool& found) {
  found = true;
  switch (object.kind()) {
    case Kind::kNamespace:
      TRY(m.step(static_cast<int64_t>(object.as<Namespace>().attributes.size() >> 4)));
      for (const auto& [key, value] : object.as<Namespace>().attributes) {
        if (key == name) return value;
      }
      break;
    case Kind::kRange: {
      const auto& r = object.as<Range>();
      if (name == "start") return Value::integer(r.start);
      if (name == "stop") return Value::integer(r.stop);
      if (name == "step") return Value::integer(r.step);
      break;
    }
    case Kind::kLoop:
      return loop_attribute(m, object.as<Loop>(), name, found);
    case Kind::kMacro:
      return macro_attribute(m, object.as<MacroValue>(), name, found);
    case Kind::kCycler:
      if (name == "current") return object.as<Cycler>().items[object.as<Cycler>().now];
      break;
    case Kind::kTuple:
      if (!object.as<List>().group) break;
      if (name == "grouper") return object.items()[0];
      if (name == "list") return object.items()[1];
      break;
    case Kind::kBool:
    case Kind::kInt:
      if (name == "real" || name == "numerator") return Value::integer(object.as_int());
      if (name == "imag") return Value::integer(0);
      if (name == "denominator") return Value::integer(1);
      break;
    case Kind::kFloat:
      if (name == "real") return object;
      if (name == "imag") return Value::real(0);
      break;
    default:
      break;
  }
  found = false;
  return Value();
}

}  // namespace

Result<Value> member_of(Meter& m, const Value& object, std::string_view name, bool& found) {
  TRY_SET(Value v, attribute_of(m, object, name, found));
  if (found) return v;
  const auto table = methods_of(object);
  const auto row = std::find_if(table.begin(), table.end(), [&](const Entry& e) { return e.name == name; });
  found = row != table.end();
  if (!found) return Value();
  if (!row->call && (object.is_list() || object.is(Kind::kDict)))
    return undefined_because(m, "templates cannot change a list or a dict");
  TRY_SET(auto method, make<Method>(m));
  method->self = object;
  method->id = static_cast<int>(row - table.begin());
  return Value(Kind::kMethod, std::move(method));
}

Result<Value> call_method(Meter& m, const Method& method, const Args& args) {
  const Entry& row = methods_of(method.self)[static_cast<size_t>(method.id)];
  if (!row.call) {
    return Status::unsupported(
        str("chat templates cannot use the method '", row.name, "' of a '", type_name(method.self), "' here"));
  }
  static constexpr std::string_view kTakeNames[] = {"expandtabs", "format", "replace", "rsplit", "splitlines", "split"};
  if (!args.named.empty() && std::find(std::begin(kTakeNames), std::end(kTakeNames), row.name) == std::end(kTakeNames))
    return type_error(str(row.name, "() takes no arguments by name"));
  return invoke(row, m, method.self, args);
}

Result<Value> string_method(Meter& m, const Value& any, std::string_view name, const Args& args) {
  TRY_SET(const Value self, to_string(m, any));
  for (const Entry& e : string_methods()) {
    if (e.name == name && e.call) return invoke(e, m, self, args);
  }
  return Status::internal(str("no string method '", name, "'"));
}

}  // namespace infer::text::jinja
