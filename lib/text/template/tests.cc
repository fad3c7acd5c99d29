// The tests: `x is name(args)`.
#include <algorithm>
#include <cmath>

#include "text/template/call.h"
#include "text/template/methods.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

namespace {

using Answer = Result<Value>;

template <class Predicate>
Answer of(const Args& args, Predicate p) {
  if (!args.positional.empty() || !args.named.empty()) return type_error("this test takes no arguments");
  return Value::boolean(p());
}

Answer is_defined(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return !v.is_undefined(); });
}
Answer is_undefined(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is_undefined(); });
}
Answer is_none(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is(Kind::kNone); });
}
Answer is_boolean(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is(Kind::kBool); });
}
Answer is_true(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is(Kind::kBool) && v.as_int(); });
}
Answer is_false(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is(Kind::kBool) && !v.as_int(); });
}
Answer is_integer(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is(Kind::kInt); });
}
Answer is_float(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is(Kind::kFloat); });
}
Answer is_number(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is_number(); });
}
Answer is_string(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is_string(); });
}
Answer is_mapping(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is(Kind::kDict); });
}
Answer is_sequence(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return is_iterable(v) && !v.is(Kind::kView) && !v.is(Kind::kIterator); });
}
Answer is_iterable_test(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return is_iterable(v); });
}
Answer is_callable(Meter&, const Value& v, const Args& a) {
  return of(a, [&] {
    return v.is_undefined() || v.is(Kind::kFunction) || v.is(Kind::kMethod) || v.is(Kind::kMacro) || v.is(Kind::kLoop);
  });
}
Answer is_escaped(Meter&, const Value& v, const Args& a) {
  return of(a, [&] { return v.is_string() && v.text().safe; });
}
Answer is_upper_test(Meter& m, const Value& v, const Args& a) { return string_method(m, v, "isupper", a); }
Answer is_lower_test(Meter& m, const Value& v, const Args& a) { return string_method(m, v, "islower", a); }

Answer remainder_is(Meter& m, const Value& v, const Value& by, int64_t wanted) {
  TRY_SET(const Value rest, arithmetic(m, Op::kMod, v, by));
  TRY_SET(const bool same, equal(m, rest, Value::integer(wanted)));
  return Value::boolean(same);
}
Answer is_odd(Meter& m, const Value& v, const Args&) { return remainder_is(m, v, Value::integer(2), 1); }
Answer is_even(Meter& m, const Value& v, const Args&) { return remainder_is(m, v, Value::integer(2), 0); }
Answer is_divisible(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "divisibleby", {"num"}, 1));
  return remainder_is(m, v, *a[0], 0);
}

Answer is_same(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "sameas", {"other"}, 1));
  if (v.kind() != a[0]->kind()) return Value::boolean(false);
  if (v.object()) return Value::boolean(v.object() == a[0]->object());
  TRY_SET(const bool same, equal(m, v, *a[0]));
  return Value::boolean(same);
}

template <Op op>
Answer compares(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "the comparison", {"other"}, 1));
  TRY_SET(const bool holds, compare(m, op, v, *a[0]));
  return Value::boolean(holds);
}

Answer is_filter(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value name, to_string(m, v));
  return Value::boolean(find_filter(name.text().bytes) != nullptr);
}
Answer is_test(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value name, to_string(m, v));
  return Value::boolean(find_test(name.text().bytes) != nullptr);
}

constexpr Entry kTests[] = {
    {"!=", compares<Op::kNe>},
    {"<", compares<Op::kLt>},
    {"<=", compares<Op::kLe>},
    {"==", compares<Op::kEq>},
    {">", compares<Op::kGt>},
    {">=", compares<Op::kGe>},
    {"boolean", is_boolean},
    {"callable", is_callable},
    {"defined", is_defined},
    {"divisibleby", is_divisible},
    {"eq", compares<Op::kEq>},
    {"equalto", compares<Op::kEq>},
    {"escaped", is_escaped},
    {"even", is_even},
    {"false", is_false},
    {"filter", is_filter},
    {"float", is_float},
    {"ge", compares<Op::kGe>},
    {"greaterthan", compares<Op::kGt>},
    {"gt", compares<Op::kGt>},
    {"in", compares<Op::kIn>},
    {"integer", is_integer},
    {"iterable", is_iterable_test},
    {"le", compares<Op::kLe>},
    {"lessthan", compares<Op::kLt>},
    {"lower", is_lower_test},
    {"lt", compares<Op::kLt>},
    {"mapping", is_mapping},
    {"ne", compares<Op::kNe>},
    {"none", is_none},
    {"number", is_number},
    {"odd", is_odd},
    {"sameas", is_same},
    {"sequence", is_sequence},
    {"string", is_string},
    {"test", is_test},
    {"true", is_true},
    {"undefined", is_undefined},
    {"upper", is_upper_test},
};

}  // namespace

const Entry* find_test(std::string_view name) {
  const auto row = std::lower_bound(std::begin(kTests), std::end(kTests), name,
                                    [](const Entry& e, std::string_view n) { return e.name < n; });
  return row != std::end(kTests) && row->name == name ? row : nullptr;
}

}  // namespace infer::text::jinja
