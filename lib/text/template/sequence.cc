#include "text/template/sequence.h"

#include <algorithm>

#include "text/template/letters.h"
#include "text/template/methods.h"
#include "text/template/operators.h"

namespace infer::text::jinja {

bool is_iterable(const Value& v) {
  switch (v.kind()) {
    case Kind::kUndefined:
    case Kind::kString:
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kDict:
    case Kind::kRange:
    case Kind::kView:
    case Kind::kIterator:
      return true;
    default:
      return false;
  }
}

// The characters of a string, each a string of its own (a plain one, also where the whole is markup).
static Result<Value> characters(Meter& m, const Value& v) {
  const Text& t = v.text();
  const size_t n = count_characters(t.bytes);
  TRY(m.step(static_cast<int64_t>(n)));
  const int64_t room = static_cast<int64_t>(n * (sizeof(Value) + sizeof(Text) + 32));
  TRY(m.grow(room));
  m.shrink(room);  // taken again piece by piece
  std::vector<Value> out;
  out.reserve(n);
  size_t size;
  for (size_t i = 0; i < t.bytes.size(); i += size) {
    decode(t.bytes, i, size);
    Builder one(m);
    one.add(t, i, i + size);
    TRY_SET(Value c, one.finish());
    out.push_back(std::move(c));
  }
  return make_list(m, std::move(out));
}

Result<Sequence> Sequence::of(Meter& m, const Value& v) {
  TRY(m.step());
  Sequence s;
  s.source_ = v;
  switch (v.kind()) {
    case Kind::kUndefined:
      break;
    case Kind::kString: {
      TRY_SET(s.source_, characters(m, v));
      s.size_ = static_cast<int64_t>(s.source_.items().size());
      break;
    }
    case Kind::kList:
    case Kind::kTuple:
      s.size_ = static_cast<int64_t>(v.items().size());
      break;
    case Kind::kDict:
      s.size_ = static_cast<int64_t>(v.dict().entries.size());
      break;
    case Kind::kRange:
      s.size_ = v.as<Range>().count;
      break;
    case Kind::kView:
      s.size_ = static_cast<int64_t>(v.as<View>().dict.dict().entries.size());
      break;
    case Kind::kIterator: {
      const auto& it = v.as<Iterator>();
      s.first_ = static_cast<int64_t>(it.next);
      s.size_ = static_cast<int64_t>(it.items.size() - it.next);
      it.next = it.items.size();
      break;
    }
    default:
      return type_error(str("a '", type_name(v), "' cannot be iterated over"));
  }
  return s;
}

Result<Value> Sequence::at(Meter& m, int64_t i) const {
  TRY(m.step());
  const size_t k = static_cast<size_t>(first_ + i);
  switch (source_.kind()) {
    case Kind::kList:
    case Kind::kTuple:
      return source_.items()[k];
    case Kind::kDict:
      return source_.dict().entries[k].key;
    case Kind::kRange:
      return source_.as<Range>().at(i);
    case Kind::kIterator:
      return source_.as<Iterator>().items[k];
    case Kind::kView: {
      const auto& view = source_.as<View>();
      const auto& e = view.dict.dict().entries[k];
      if (view.part == View::kItems) return make_list(m, {e.key, e.value}, Kind::kTuple);
      return view.part == View::kKeys ? e.key : e.value;
    }
    default:
      return Status::internal("no such item");
  }
}

Result<std::vector<Value>> Sequence::collect(Meter& m, const Value& v) {
  TRY_SET(const Sequence all, Sequence::of(m, v));
  if (all.size() > m.limits().bytes / static_cast<int64_t>(sizeof(Value))) return m.grow(INT64_MAX);
  const int64_t room = all.size() * static_cast<int64_t>(sizeof(Value));
  TRY(m.grow(room));
  m.shrink(room);  // whoever keeps the items takes it again
  std::vector<Value> out;
  out.reserve(static_cast<size_t>(all.size()));
  for (int64_t i = 0; i < all.size(); i++) {
    TRY_SET(Value item, all.at(m, i));
    out.push_back(std::move(item));
  }
  return out;
}

Result<int64_t> length(Meter& m, const Value& v) {
  switch (v.kind()) {
    case Kind::kUndefined:
      return int64_t{0};
    case Kind::kString:
      TRY(m.pass(v.text().bytes.size()));
      return static_cast<int64_t>(count_characters(v.text().bytes));
    case Kind::kList:
    case Kind::kTuple:
      return static_cast<int64_t>(v.items().size());
    case Kind::kDict:
      return static_cast<int64_t>(v.dict().entries.size());
    case Kind::kRange:
      return v.as<Range>().count;
    case Kind::kView:
      return static_cast<int64_t>(v.as<View>().dict.dict().entries.size());
    default:
      return type_error(str("a '", type_name(v), "' has no length"));
  }
}

Result<int64_t> need_int(const Value& v, std::string_view what) {
  if (v.is_integral()) return v.as_int();
  if (v.is_undefined()) return type_error(why_undefined(v));
  return type_error(str(what, " must be an integer, not a '", type_name(v), "'"));
}

// What obj[key] finds among the items; nullopt-like undefined without a story when there is none.
static Result<Value> item_of(Meter& m, const Value& object, const Value& key, bool& found) {
  found = true;
  if (object.is(Kind::kDict)) {
    if (!check_hashable(m, key).ok()) {
      found = false;
      return Value();
    }
    TRY_SET(const Value* v, object.dict().find(m, key));
    if (v) return *v;
  } else if (key.is_integral() && (object.is_list() || object.is(Kind::kRange))) {
    TRY_SET(const int64_t n, length(m, object));
    const int64_t i = key.as_int() < 0 ? key.as_int() + n : key.as_int();
    if (i >= 0 && i < n) return object.is_list() ? object.items()[static_cast<size_t>(i)] : object.as<Range>().at(i);
  } else if (key.is_integral() && object.is_string()) {
    const Text& t = object.text();
    TRY(m.pass(t.bytes.size()));
    const int64_t n = static_cast<int64_t>(count_characters(t.bytes));
    const int64_t i = key.as_int() < 0 ? key.as_int() + n : key.as_int();
    if (i >= 0 && i < n) {
      const size_t begin = offset_of(t.bytes, static_cast<size_t>(i));
      size_t size;
      decode(t.bytes, begin, size);
      Builder one(m);
      one.add(t, begin, begin + size);
      return one.finish(t.safe);
    }
  }
  found = false;
  return Value();
}

Result<Value> subscript(Meter& m, const Value& object, const Value& key) {
  TRY(m.step());
  if (object.is_undefined()) return type_error(why_undefined(object));
  bool found = false;
  TRY_SET(Value item, item_of(m, object, key, found));
  if (found) return item;
  if (key.is_string()) {
    const std::string_view name = key.text().bytes;
    TRY_SET(Value member, member_of(m, object, name, found));
    if (found) return member;
    return undefined_attribute(m, object, name);
  }
  Builder name(m);
  represent(name, m, key);
  TRY_SET(const Value shown, name.finish());
  return undefined_attribute(m, object, shown.text().bytes);
}

Result<Value> attribute(Meter& m, const Value& object, std::string_view name) {
  TRY(m.pass(name.size()));
  if (object.is_undefined()) return type_error(why_undefined(object));
  bool found = false;
  TRY_SET(Value member, member_of(m, object, name, found));
  if (found) return member;
  if (object.is(Kind::kDict)) {
    if (const Value* v = object.dict().find(name)) return *v;
  }
  return undefined_attribute(m, object, name);
}

// Python's rule: bounds count from the end when negative, and are clipped.
static Result<int64_t> bound(const Value* v, int64_t n, int64_t step, int64_t absent) {
  if (!v || v->is(Kind::kNone)) return absent;
  TRY_SET(int64_t i, need_int(*v, "a slice bound"));
  if (i < 0) i = std::max<int64_t>(i, -n - 1) + n;
  return step > 0 ? std::clamp<int64_t>(i, 0, n) : std::clamp<int64_t>(i, -1, n - 1);
}

// range(2, 12, 3)[1:] is range(5, 14, 3), as Python writes it.
static Result<Value> slice_range(Meter& m, const Range& r, int64_t from, int64_t to, int64_t by) {
  TRY_SET(auto out, make<Range>(m));
  const auto place = [&](int64_t i, int64_t& at) {
    return !__builtin_mul_overflow(i, r.step, &at) && !__builtin_add_overflow(at, r.start, &at);
  };
  if (!place(from, out->start) || !place(to, out->stop) || __builtin_mul_overflow(by, r.step, &out->step))
    return Status::invalid("a range of the chat template does not fit 64 bits");
  const int64_t span = by > 0 ? to - from : from - to, stride = by > 0 ? by : by == INT64_MIN ? INT64_MAX : -by;
  out->count = span > 0 ? (span - 1) / stride + 1 : 0;
  return Value(Kind::kRange, std::move(out));
}

Result<Value> slice(Meter& m, const Value& object, const Value* start, const Value* stop, const Value* step) {
  if (object.is_undefined()) return type_error(why_undefined(object));
  if (!object.is_string() && !object.is_list() && !object.is(Kind::kRange)) {
    return type_error(str("a '", type_name(object), "' cannot be sliced"));
  }
  int64_t by = 1;
  if (step && !step->is(Kind::kNone)) {
    TRY_SET(by, need_int(*step, "a slice step"));
  }
  if (by == 0) return type_error("a slice step cannot be zero");
  const int64_t by_given = by;
  TRY_SET(const int64_t n, length(m, object));
  by = std::clamp<int64_t>(by, -n - 1, n + 1);
  TRY_SET(const int64_t from, bound(start, n, by, by > 0 ? 0 : n - 1));
  TRY_SET(const int64_t to, bound(stop, n, by, by > 0 ? n : -1));
  if (object.is(Kind::kRange)) return slice_range(m, object.as<Range>(), from, to, by_given);
  if (object.is_string() && by == 1) {
    const Text& t = object.text();
    Builder out(m);
    const size_t begin = offset_of(t.bytes, static_cast<size_t>(from));
    const std::string_view rest = std::string_view(t.bytes).substr(begin);
    if (to > from) out.add(t, begin, begin + offset_of(rest, static_cast<size_t>(to - from)));
    return out.finish(t.safe);
  }
  TRY_SET(const std::vector<Value> all, Sequence::collect(m, object));
  std::vector<Value> picked;
  Builder text(m);
  for (int64_t i = from; by > 0 ? i < to : i > to; i += by) {
    TRY(m.step());
    const Value& v = all[static_cast<size_t>(i)];
    if (object.is_string()) {
      text.add(v.text());
    } else {
      picked.push_back(v);
    }
  }
  if (object.is_string()) return text.finish(object.text().safe);
  return make_list(m, std::move(picked), object.kind());
}

}  // namespace infer::text::jinja
