#include "text/template/methods.h"

#include <algorithm>

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

Result<Value> list_index(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "index", {"value"}, 1));
  for (size_t i = 0; i < self.items().size(); i++) {
    TRY_SET(const bool found, equal(m, self.items()[i], *a[0]));
    if (found) return Value::integer(static_cast<int64_t>(i));
  }
  return Status::invalid("index() did not find the value in the list");
}

Result<Value> list_count(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "count", {"value"}, 1));
  int64_t n = 0;
  for (const Value& v : self.items()) {
    TRY_SET(const bool is_same, equal(m, v, *a[0]));
    n += is_same;
  }
  return Value::integer(n);
}

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

constexpr Entry kDictMethods[] = {
    {"clear", nullptr},      {"copy", same},      {"fromkeys", nullptr},   {"get", dict_get},
    {"items", dict_items},   {"keys", dict_keys}, {"pop", nullptr},        {"popitem", nullptr},
    {"setdefault", nullptr}, {"update", nullptr}, {"values", dict_values},
};
constexpr Entry kListMethods[] = {
    {"append", nullptr}, {"clear", nullptr},    {"copy", same},      {"count", list_count},
    {"extend", nullptr}, {"index", list_index}, {"insert", nullptr}, {"pop", nullptr},
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
      return kTupleMethods;
    case Kind::kLoop:
      return kLoopMethods;
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
  if (name == "depth") return Value::integer(1);
  if (name == "depth0") return Value::integer(0);
  if (name == "previtem") return i > 0 ? loop.items.at(m, i - 1) : undefined_because(m, "there is no previous item");
  if (name == "nextitem") return i + 1 < n ? loop.items.at(m, i + 1) : undefined_because(m, "there is no next item");
  found = false;
  return Value();
}

}  // namespace

Result<Value> member_of(Meter& m, const Value& object, std::string_view name, bool& found) {
  found = true;
  if (object.is(Kind::kNamespace)) {
    for (const auto& [key, value] : object.as<Namespace>().attributes) {
      if (key == name) return value;
    }
  }
  if (object.is(Kind::kRange)) {
    const auto& r = object.as<Range>();
    if (name == "start") return Value::integer(r.start);
    if (name == "step") return Value::integer(r.step);
  }
  if (object.is(Kind::kLoop)) {
    TRY_SET(Value v, loop_attribute(m, object.as<Loop>(), name, found));
    if (found) return v;
  }
  const auto table = methods_of(object);
  const auto row = std::find_if(table.begin(), table.end(), [&](const Entry& e) { return e.name == name; });
  found = row != table.end();
  if (!found) return Value();
  if (!row->call && !object.is_string()) return undefined_because(m, "templates cannot change a list or a dict");
  TRY_SET(auto method, make<Method>(m));
  method->self = object;
  method->id = static_cast<int>(row - table.begin());
  return Value(Kind::kMethod, std::move(method));
}

Result<Value> call_method(Meter& m, const Method& method, const Args& args) {
  const Entry& row = methods_of(method.self)[static_cast<size_t>(method.id)];
  if (!row.call) return Status::unsupported(str("chat templates cannot use the string method '", row.name, "' here"));
  return row.call(m, method.self, args);
}

Result<Value> string_method(Meter& m, const Value& any, std::string_view name, const Args& args) {
  TRY_SET(const Value self, to_string(m, any));
  for (const Entry& e : string_methods()) {
    if (e.name == name && e.call) return e.call(m, self, args);
  }
  return Status::internal(str("no string method '", name, "'"));
}

}  // namespace infer::text::jinja
