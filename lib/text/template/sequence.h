// One way to walk over everything that can be walked: lists, tuples, strings (characters), dicts (keys), ranges, views,
// iterators. Nothing is copied except a string's characters.
#pragma once
#include <vector>

#include "text/template/value.h"

namespace infer::text::jinja {

class Sequence {
 public:
  // Uses up an iterator. An undefined value is an empty sequence.
  static Result<Sequence> of(Meter&, const Value&);
  int64_t size() const { return size_; }
  const Value& source() const { return source_; }
  Result<Value> at(Meter&, int64_t i) const;
  // All items. Room for them is checked before they are made.
  static Result<std::vector<Value>> collect(Meter&, const Value&);

 private:
  Value source_;  // what is walked; a list for a string's characters
  int64_t first_ = 0, size_ = 0;
};

bool is_iterable(const Value&);
// len(); a failure for what has no length.
Result<int64_t> length(Meter&, const Value&);

// obj.name, obj[key], obj[start:stop:step] (undefined bounds are absent).
Result<Value> attribute(Meter&, const Value& object, std::string_view name);
Result<Value> subscript(Meter&, const Value& object, const Value& key);
Result<Value> slice(Meter&, const Value& object, const Value* start, const Value* stop, const Value* step);

// The value of a bound that must be an int.
Result<int64_t> need_int(const Value&, std::string_view what);

}  // namespace infer::text::jinja
