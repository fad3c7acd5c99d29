// What template expressions compute with: Python's values as far as chat templates meet them.
//
// Strings, lists and dicts never change once made, so they can be shared freely and cannot form a cycle. Only
// namespaces and iterators change; the interpreter empties the namespaces at the end. A container knows how deep it
// nests and is refused beyond the limit: that bounds every recursion over values, their destruction included.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/template/meter.h"

namespace infer::text::jinja {

enum class Kind : uint8_t {
  kUndefined,  // as jinja2's Undefined: prints as nothing, is false, and most other uses of it are errors
  kNone,
  kBool,
  kInt,
  kFloat,
  kString,
  kList,
  kTuple,
  kDict,
  kRange,
  kView,      // dict.keys(), .values(), .items()
  kIterator,  // what Python makes lazily (map, select, reversed ...): always true, has no length, can be read once
  kNamespace,
  kLoop,
  kFunction,  // range, raise_exception, ...
  kMethod,    // a method with its receiver
  kMacro,
  kCycler,  // cycler(...)
  kJoiner,  // joiner(...)
};

struct Object {
  Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() {
    if (meter) meter->shrink(charged);
  }
  Meter* meter = nullptr;  // null for what belongs to the template itself
  int64_t charged = 0;     // bytes to give back
};

// What is remembered of where a byte comes from, as a set.
using Marks = uint8_t;
inline constexpr Marks kInput = 1;      // from messages or other variables; the rest was written by the template
inline constexpr Marks kGenerated = 2;  // written inside {% generation %}

struct Run {
  size_t begin, end;  // bytes [begin, end)
  Marks marks;        // at least one
};

// A string and the marks of its bytes: `runs` are sorted and disjoint, and bytes without marks are in none.
struct Text : Object {
  std::string bytes;  // UTF-8, may be invalid: a stray byte counts as one character
  std::vector<Run> runs;
  bool safe = false;  // markupsafe's Markup: what is added to it is escaped
};

// Tells the marks of one byte after another, from the front.
class MarksOf {
 public:
  explicit MarksOf(const Text& t) : runs_(t.runs) {}
  Marks at(size_t i) {  // i never goes back
    while (next_ < runs_.size() && runs_[next_].end <= i) next_++;
    return next_ < runs_.size() && runs_[next_].begin <= i ? runs_[next_].marks : Marks{0};
  }

 private:
  const std::vector<Run>& runs_;
  size_t next_ = 0;
};
Marks all_marks(const Text&);  // of all bytes together

struct List;
struct Dict;
struct Range;
struct Missing;

class Value {
 public:
  Value() = default;  // undefined, without a story
  static Value none() { return Value(Kind::kNone, 0); }
  static Value boolean(bool v) { return Value(Kind::kBool, v); }
  static Value integer(int64_t v) { return Value(Kind::kInt, v); }
  static Value real(double v);
  Value(Kind kind, std::shared_ptr<const Object> object) : kind_(kind), object_(std::move(object)) {}

  Kind kind() const { return kind_; }
  bool is(Kind k) const { return kind_ == k; }
  bool is_undefined() const { return kind_ == Kind::kUndefined; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_list() const { return kind_ == Kind::kList || kind_ == Kind::kTuple; }
  bool is_number() const { return kind_ == Kind::kBool || kind_ == Kind::kInt || kind_ == Kind::kFloat; }
  bool is_integral() const { return kind_ == Kind::kBool || kind_ == Kind::kInt; }

  int64_t as_int() const { return scalar_; }  // of a bool or an int
  double as_real() const;                     // of any number
  bool truthy() const;

  template <class T>
  const T& as() const {
    return static_cast<const T&>(*object_);
  }
  const Text& text() const { return as<Text>(); }
  const std::vector<Value>& items() const;  // of a list or tuple
  const Dict& dict() const;
  const std::shared_ptr<const Object>& object() const { return object_; }

 private:
  Value(Kind kind, int64_t scalar) : kind_(kind), scalar_(scalar) {}
  Kind kind_ = Kind::kUndefined;
  int64_t scalar_ = 0;  // bool, int, or the bits of a float
  std::shared_ptr<const Object> object_;
};

struct Missing : Object {       // why a value is undefined
  std::string_view hint;        // static text, or empty
  const char* owner = nullptr;  // static: "dict object" when an attribute was missing, null when a variable was
  std::string name;
};

struct List : Object {
  std::vector<Value> items;
  int depth = 1;       // levels of containers, this one included
  bool group = false;  // a tuple of groupby, whose items are also .grouper and .list
};

struct Dict : Object {
  struct Entry {
    Value key, value;
  };
  std::vector<Entry> entries;                            // in order of insertion
  std::unordered_map<std::string_view, uint32_t> index;  // string keys, once there are many entries
  int depth = 1;

  // Null when absent.
  const Value* find(std::string_view key) const;
  Result<const Value*> find(Meter&, const Value& key) const;
};

struct Range : Object {
  int64_t start = 0, stop = 0, step = 1, count = 0;
  Value at(int64_t i) const {  // the item fits, i * step need not
    const uint64_t offset = static_cast<uint64_t>(i) * static_cast<uint64_t>(step);
    return Value::integer(static_cast<int64_t>(static_cast<uint64_t>(start) + offset));
  }
};

struct View : Object {
  enum Part : uint8_t { kKeys, kValues, kItems } part = kKeys;
  Value dict;
};

struct Iterator : Object {
  std::vector<Value> items;
  int depth = 1;
  mutable size_t next = 0;  // the one thing that changes: items before it are used up
};

struct Namespace : Object {
  ~Namespace() override {
    if (meter) meter->shrink(room);
  }
  mutable std::vector<std::pair<std::string, Value>> attributes;
  mutable int64_t room = 0;  // bytes charged for the attributes
};
Status set_attribute(Meter&, const Namespace&, std::string_view name, Value value);

struct Cycler : Object {
  std::vector<Value> items;
  int depth = 1;
  mutable size_t now = 0;
};
struct Joiner : Object {
  Value separator;
  mutable bool used = false;  // the first call gives nothing
};

struct Method : Object {
  Value self;
  int id = 0;  // index into the table in methods.cc
};

// Names the type as Python does: "str", "dict".
const char* type_name(const Value&);

// Charged to the meter: room for the object and `extra` bytes that it will own.
template <class T>
Result<std::shared_ptr<T>> make(Meter& m, int64_t extra = 0) {
  const int64_t bytes = static_cast<int64_t>(sizeof(T)) + 32 + extra;
  TRY(m.grow(bytes));
  std::shared_ptr<T> object;
  try {
    object = std::make_shared<T>();
  } catch (...) {
    m.shrink(bytes);
    throw;
  }
  object->meter = &m;
  object->charged = bytes;
  return object;
}

// Levels of containers in a value; 0 for what is none.
int depth_of(const Value&);
int depth_of(const std::vector<Value>& items);  // of the deepest
Status check_depth(const Meter&, int depth);

Result<Value> make_list(Meter&, std::vector<Value> items, Kind kind = Kind::kList);
Result<Value> make_iterator(Meter&, std::vector<Value> items);
Result<Value> make_string(Meter&, std::string_view trusted);
// The message that using it gives; "" for other values.
std::string why_undefined(const Value&);
Result<Value> undefined_variable(Meter&, std::string_view name);
Result<Value> undefined_attribute(Meter&, const Value& owner, std::string_view name);
Result<Value> undefined_because(Meter&, std::string_view static_hint);

// Collects the entries of a dict; a later key replaces the value of an equal one.
class DictBuilder {
 public:
  explicit DictBuilder(Meter& m) : meter_(m) {}
  Status set(const Value& key, Value value);
  Result<Value> finish();

 private:
  Meter& meter_;
  std::shared_ptr<Dict> dict_;
};

// A value used where Python would raise TypeError.
Status type_error(std::string message);

}  // namespace infer::text::jinja
