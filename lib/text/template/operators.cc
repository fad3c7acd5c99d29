#include "text/template/operators.h"

#include <cmath>
#include <cstring>

#include "text/template/sequence.h"

namespace infer::text::jinja {

namespace {

Status unordered(const char* op, const Value& a, const Value& b) {
  for (const Value* v : {&a, &b}) {
    if (v->is_undefined()) return type_error(why_undefined(*v));
  }
  return type_error(str("'", op, "' does not work between '", type_name(a), "' and '", type_name(b), "'"));
}

Result<bool> equal_items(Meter& m, const std::vector<Value>& a, const std::vector<Value>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); i++) {
    TRY_SET(const bool same, equal(m, a[i], b[i]));
    if (!same) return false;
  }
  return true;
}

Result<bool> equal_dicts(Meter& m, const Dict& a, const Dict& b) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& e : a.entries) {
    TRY_SET(const Value* other, b.find(m, e.key));
    if (!other) return false;
    TRY_SET(const bool same, equal(m, e.value, *other));
    if (!same) return false;
  }
  return true;
}

// -1, 0, 1; 2 when a NaN is involved. Ints are compared as ints.
int order_numbers(const Value& a, const Value& b) {
  if (a.is_integral() && b.is_integral()) return a.as_int() < b.as_int() ? -1 : a.as_int() > b.as_int();
  const double x = a.as_real(), y = b.as_real();
  return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
}

}  // namespace

Result<bool> equal(Meter& m, const Value& a, const Value& b) {
  TRY(m.step());
  if (a.is_number() && b.is_number()) return order_numbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kUndefined:
    case Kind::kNone:
      return true;
    case Kind::kString:
      TRY(m.pass(a.text().bytes.size()));
      return a.text().bytes == b.text().bytes;
    case Kind::kList:
    case Kind::kTuple:
      return equal_items(m, a.items(), b.items());
    case Kind::kDict:
      return equal_dicts(m, a.dict(), b.dict());
    case Kind::kRange: {
      const auto &x = a.as<Range>(), &y = b.as<Range>();
      return x.count == y.count && (x.count == 0 || (x.start == y.start && (x.count == 1 || x.step == y.step)));
    }
    default:
      return a.object() == b.object();
  }
}

Result<bool> less(Meter& m, const Value& a, const Value& b) {
  TRY(m.step());
  if (a.is_number() && b.is_number()) return order_numbers(a, b) == -1;
  if (a.kind() != b.kind()) return unordered("<", a, b);
  if (a.is_string()) {
    TRY(m.pass(a.text().bytes.size()));
    return a.text().bytes < b.text().bytes;  // order of UTF-8 is order of code points
  }
  if (!a.is_list()) return unordered("<", a, b);
  const auto &x = a.items(), &y = b.items();
  for (size_t i = 0; i < x.size() && i < y.size(); i++) {
    TRY_SET(const bool same, equal(m, x[i], y[i]));
    if (!same) return less(m, x[i], y[i]);
  }
  return x.size() < y.size();
}

Result<bool> compare(Meter& m, Op op, const Value& a, const Value& b) {
  switch (op) {
    case Op::kEq:
      return equal(m, a, b);
    case Op::kNe: {
      TRY_SET(const bool same, equal(m, a, b));
      return !same;
    }
    case Op::kIn:
      return contains(m, b, a);
    case Op::kNotIn: {
      TRY_SET(const bool in, contains(m, b, a));
      return !in;
    }
    default:
      break;
  }
  if (a.is_number() && b.is_number()) {
    const int order = order_numbers(a, b);
    if (order == 2) return false;
    return op == Op::kLt ? order < 0 : op == Op::kLe ? order <= 0 : op == Op::kGt ? order > 0 : order >= 0;
  }
  const bool swap = op == Op::kGt || op == Op::kLe;  // a > b is b < a; a <= b is not b < a
  TRY_SET(const bool is_less, swap ? less(m, b, a) : less(m, a, b));
  return op == Op::kLe || op == Op::kGe ? !is_less : is_less;
}

Status check_hashable(Meter& m, const Value& v) {
  TRY(m.step());
  if (v.is(Kind::kList) || v.is(Kind::kDict)) return type_error(str("a '", type_name(v), "' cannot be a key"));
  for (size_t i = 0; v.is(Kind::kTuple) && i < v.items().size(); i++) TRY(check_hashable(m, v.items()[i]));
  return {};
}

Result<bool> contains(Meter& m, const Value& container, const Value& item) {
  if (container.is_string()) {
    if (!item.is_string()) {
      return item.is_undefined()
                 ? type_error(why_undefined(item))
                 : type_error(str("'in <string>' needs a string on its left, not '", type_name(item), "'"));
    }
    TRY_SET(const size_t at, find(m, container.text().bytes, item.text().bytes));
    return at != std::string::npos;
  }
  if (container.is(Kind::kDict)) {
    TRY_SET(const Value* found, container.dict().find(m, item));
    return found != nullptr;
  }
  if (container.is(Kind::kRange)) {
    if (!item.is_number()) return false;
    const auto& r = container.as<Range>();
    const double d = item.as_real();
    if (!item.is_integral() && d != std::floor(d)) return false;
    if (r.count == 0) return false;
    if (!item.is_integral() && std::fabs(d) > 9e18) return false;
    const __int128 off = static_cast<__int128>(item.is_integral() ? item.as_int() : static_cast<int64_t>(d)) - r.start;
    return off % r.step == 0 && off / r.step >= 0 && off / r.step < r.count;
  }
  if (!is_iterable(container)) return type_error(str("'in' does not work on a '", type_name(container), "'"));
  TRY_SET(const Sequence all, Sequence::of(m, container));
  for (int64_t i = 0; i < all.size(); i++) {
    TRY_SET(const Value v, all.at(m, i));
    TRY_SET(const bool same, equal(m, v, item));
    if (same) return true;
  }
  return false;
}

Result<size_t> find(Meter& m, std::string_view text, std::string_view needle, size_t from) {
  if (needle.empty()) return from <= text.size() ? from : std::string::npos;
  size_t at = from, work = 0;
  while (at < text.size() && needle.size() <= text.size() - at) {
    const void* hit = std::memchr(text.data() + at, needle[0], text.size() - at - needle.size() + 1);
    const size_t start = at;
    at = hit ? static_cast<size_t>(static_cast<const char*>(hit) - text.data()) : text.size();
    work += at - start;
    if (!hit) break;
    size_t same = 1;
    constexpr size_t kChunk = 64;
    while (same + kChunk < needle.size() && std::memcmp(&text[at + same], &needle[same], kChunk) == 0) same += kChunk;
    while (same < needle.size() && text[at + same] == needle[same]) same++;
    work += same;
    if (work > 4096) {
      TRY(m.step(static_cast<int64_t>(work >> 8)));
      work &= 255;
    }
    if (same == needle.size()) return at;
    at++;
  }
  TRY(m.step(static_cast<int64_t>(work >> 8)));
  return std::string::npos;
}

namespace {

Result<Value> overflow() {
  return Status::invalid("an integer of the chat template does not fit 64 bits",
                         "templates compute with 64-bit integers");
}

Result<Value> zero_division() { return Status::invalid("the chat template divides by zero"); }

Result<Value> power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) return overflow();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return overflow();
  }
  return Value::integer(result);
}

Result<Value> integers(Op op, int64_t a, int64_t b) {
  int64_t r = 0;
  switch (op) {
    case Op::kAdd:
      return __builtin_add_overflow(a, b, &r) ? overflow() : Value::integer(r);
    case Op::kSub:
      return __builtin_sub_overflow(a, b, &r) ? overflow() : Value::integer(r);
    case Op::kMul:
      return __builtin_mul_overflow(a, b, &r) ? overflow() : Value::integer(r);
    case Op::kFloorDiv:
    case Op::kMod: {
      if (b == 0) return zero_division();
      if (b == -1) return op == Op::kMod ? Value::integer(0) : integers(Op::kSub, 0, a);
      const int64_t quotient = a / b, rest = a % b;
      const bool down = rest != 0 && (rest < 0) != (b < 0);  // Python rounds towards minus infinity
      return Value::integer(op == Op::kMod ? rest + (down ? b : 0) : quotient - (down ? 1 : 0));
    }
    default:
      break;
  }
  return Status::internal("not an integer operator");
}

Result<Value> reals(Op op, double a, double b) {
  switch (op) {
    case Op::kAdd:
      return Value::real(a + b);
    case Op::kSub:
      return Value::real(a - b);
    case Op::kMul:
      return Value::real(a * b);
    case Op::kPow:
      if (a == 0 && b < 0) return zero_division();
      if (a < 0 && b != std::floor(b))
        return Status::unsupported("a root of a negative number: complex numbers are not supported");
      if (!std::isfinite(std::pow(a, b)) && std::isfinite(a) && std::isfinite(b)) return overflow();
      return Value::real(std::pow(a, b));
    default:
      break;
  }
  if (b == 0) return zero_division();
  if (op == Op::kDiv) return Value::real(a / b);
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  if (op == Op::kMod) return Value::real(rest == 0 ? std::copysign(0.0, b) : rest);
  const double quotient = (a - rest) / b, low = std::floor(quotient);
  if (quotient == 0) return Value::real(std::copysign(0.0, a / b));
  return Value::real(quotient - low > 0.5 ? low + 1 : low);
}

Result<Value> numbers(Op op, const Value& a, const Value& b) {
  const bool whole = a.is_integral() && b.is_integral();
  if (whole && op == Op::kPow && b.as_int() >= 0) return power(a.as_int(), b.as_int());
  if (whole && op != Op::kDiv && op != Op::kPow) return integers(op, a.as_int(), b.as_int());
  return reals(op, a.as_real(), b.as_real());
}

Result<Value> repeat(Meter& m, const Value& v, int64_t times) {
  if (v.is_string()) {
    Builder out(m);
    out.repeat(v.text(), times);
    return out.finish(v.text().safe);
  }
  const auto& items = v.items();
  size_t total = 0;
  times = std::max<int64_t>(times, 0);
  if (__builtin_mul_overflow(items.size(), static_cast<size_t>(times), &total)) total = SIZE_MAX;
  if (total > static_cast<size_t>(m.limits().bytes) / sizeof(Value)) return m.grow(INT64_MAX);
  const int64_t bytes = static_cast<int64_t>(total * sizeof(Value));
  TRY(m.grow(bytes));
  m.shrink(bytes);  // make_list takes it again
  TRY(m.step(static_cast<int64_t>(total)));
  std::vector<Value> out;
  out.reserve(total);
  for (int64_t i = 0; i < times && !items.empty(); i++) out.insert(out.end(), items.begin(), items.end());
  return make_list(m, std::move(out), v.kind());
}

}  // namespace

Result<Value> arithmetic(Meter& m, Op op, const Value& a, const Value& b) {
  TRY(m.step());
  if (a.is_number() && b.is_number()) return numbers(op, a, b);
  if (op == Op::kAdd && a.is_string() && b.is_string()) {
    Builder out(m);
    const bool safe = a.text().safe || b.text().safe;
    for (const Value* v : {&a, &b}) {
      if (safe && !v->text().safe) {
        escape(out, v->text());
      } else {
        out.add(v->text());
      }
    }
    return out.finish(safe);
  }
  if (op == Op::kAdd && a.is_list() && a.kind() == b.kind()) {
    std::vector<Value> all;
    const int64_t bytes = static_cast<int64_t>((a.items().size() + b.items().size()) * sizeof(Value));
    TRY(m.grow(bytes));
    m.shrink(bytes);  // make_list takes it again
    all.reserve(a.items().size() + b.items().size());
    all.insert(all.end(), a.items().begin(), a.items().end());
    all.insert(all.end(), b.items().begin(), b.items().end());
    return make_list(m, std::move(all), a.kind());
  }
  if (op == Op::kMul && (a.is_string() || a.is_list()) && b.is_integral()) return repeat(m, a, b.as_int());
  if (op == Op::kMul && (b.is_string() || b.is_list()) && a.is_integral()) return repeat(m, b, a.as_int());
  if (op == Op::kMod && a.is_string()) {
    if (b.is(Kind::kTuple)) return format_percent(m, a, b.items(), nullptr);
    return format_percent(m, a, {b}, b.is(Kind::kDict) ? &b : nullptr);
  }
  static constexpr const char* kNames[] = {"+", "-", "*", "/", "//", "%", "**"};
  return unordered(kNames[static_cast<int>(op)], a, b);
}

Result<Value> negate(Meter& m, const Value& v, bool minus) {
  TRY(m.step());
  if (v.is_integral()) return minus ? integers(Op::kSub, 0, v.as_int()) : Value::integer(v.as_int());
  if (v.is(Kind::kFloat)) return Value::real(minus ? -v.as_real() : v.as_real());
  if (v.is_undefined()) return type_error(why_undefined(v));
  return type_error(str("'", minus ? "-" : "+", "' does not work on a '", type_name(v), "'"));
}

}  // namespace infer::text::jinja
