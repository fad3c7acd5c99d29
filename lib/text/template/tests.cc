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

Answer is_defined(Meter&, const Value& v, const Args&) { return Value::boolean(!v.is_undefined()); }
Answer is_undefined(Meter&, const Value& v, const Args&) { return Value::boolean(v.is_undefined()); }
Answer is_none(Meter&, const Value& v, const Args&) { return Value::boolean(v.is(Kind::kNone)); }
Answer is_boolean(Meter&, const Value& v, const Args&) { return Value::boolean(v.is(Kind::kBool)); }
Answer is_true(Meter&, const Value& v, const Args&) { return Value::boolean(v.is(Kind::kBool) && v.as_int()); }
Answer is_false(Meter&, const Value& v, const Args&) { return Value::boolean(v.is(Kind::kBool) && !v.as_int()); }
Answer is_integer(Meter&, const Value& v, const Args&) { return Value::boolean(v.is(Kind::kInt)); }
Answer is_float(Meter&, const Value& v, const Args&) { return Value::boolean(v.is(Kind::kFloat)); }
Answer is_number(Meter&, const Value& v, const Args&) { return Value::boolean(v.is_number()); }
Answer is_string(Meter&, const Value& v, const Args&) { return Value::boolean(v.is_string()); }
Answer is_mapping(Meter&, const Value& v, const Args&) { return Value::boolean(v.is(Kind::kDict)); }
Answer is_sequence(Meter&, const Value& v, const Args&) {
  return Value::boolean(is_iterable(v) && !v.is(Kind::kView) && !v.is(Kind::kIterator));
}
Answer is_iterable_test(Meter&, const Value& v, const Args&) { return Value::boolean(is_iterable(v)); }
Answer is_callable(Meter&, const Value& v, const Args&) {
  return Value::boolean(v.is_undefined() || v.is(Kind::kFunction) || v.is(Kind::kMethod) || v.is(Kind::kMacro) ||
                        v.is(Kind::kLoop) || v.is(Kind::kJoiner));
}
Answer is_escaped(Meter&, const Value& v, const Args&) { return Value::boolean(v.is_string() && v.text().safe); }
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

// "upper" is filter: the name of one?
Answer names(Meter& m, const Value& v, const Entry* (*find)(std::string_view)) {
  TRY(check_hashable(m, v));
  return Value::boolean(v.is_string() && find(v.text().bytes) != nullptr);
}
Answer is_filter(Meter& m, const Value& v, const Args&) { return names(m, v, find_filter); }
Answer is_test(Meter& m, const Value& v, const Args&) { return names(m, v, find_test); }

constexpr Entry kTests[] = {
    {"!=", compares<Op::kNe>},
    {"<", compares<Op::kLt>},
    {"<=", compares<Op::kLe>},
    {"==", compares<Op::kEq>},
    {">", compares<Op::kGt>},
    {">=", compares<Op::kGe>},
    {"boolean", is_boolean, kBare},
    {"callable", is_callable, kBare},
    {"defined", is_defined, kBare},
    {"divisibleby", is_divisible},
    {"eq", compares<Op::kEq>},
    {"equalto", compares<Op::kEq>},
    {"escaped", is_escaped, kBare},
    {"even", is_even, kBare},
    {"false", is_false, kBare},
    {"filter", is_filter, kBare},
    {"float", is_float, kBare},
    {"ge", compares<Op::kGe>},
    {"greaterthan", compares<Op::kGt>},
    {"gt", compares<Op::kGt>},
    {"in", compares<Op::kIn>},
    {"integer", is_integer, kBare},
    {"iterable", is_iterable_test, kBare},
    {"le", compares<Op::kLe>},
    {"lessthan", compares<Op::kLt>},
    {"lower", is_lower_test, kBare},
    {"lt", compares<Op::kLt>},
    {"mapping", is_mapping, kBare},
    {"ne", compares<Op::kNe>},
    {"none", is_none, kBare},
    {"number", is_number, kBare},
    {"odd", is_odd, kBare},
    {"sameas", is_same},
    {"sequence", is_sequence, kBare},
    {"string", is_string, kBare},
    {"test", is_test, kBare},
    {"true", is_true, kBare},
    {"undefined", is_undefined, kBare},
    {"upper", is_upper_test, kBare},
};

}  // namespace

const Entry* find_test(std::string_view name) {
  const auto row = std::lower_bound(std::begin(kTests), std::end(kTests), name,
                                    [](const Entry& e, std::string_view n) { return e.name < n; });
  return row != std::end(kTests) && row->name == name ? row : nullptr;
}

}  // namespace infer::text::jinja
