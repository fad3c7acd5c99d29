#include "text/template/json.h"

#include "base/written.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "text/template/letters.h"
#include "text/template/operators.h"
#include "text/template/sort.h"

namespace infer::text::jinja {

namespace {

void write_unit(Builder& out, unsigned unit, Marks marks) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out.add("\\u", marks);
  for (int shift = 12; shift >= 0; shift -= 4) out.add(kDigits[(unit >> shift) & 15], marks);
}

void write_string(Builder& out, const Text& t, bool ensure_ascii) {
  const std::string_view s = t.bytes;
  const Marks marks = all_marks(t);
  out.add('"');
  size_t plain = 0, size;
  for (size_t i = 0; i < s.size() && out.ok(); i += size) {
    const char32_t c = decode(s, i, size);
    if (c >= 32 && c != '"' && c != '\\' && (c < 127 || !ensure_ascii || c == 127)) continue;
    out.add(t, plain, i);
    plain = i + size;
    switch (c) {
      case '"':
        out.add("\\\"", marks);
        break;
      case '\\':
        out.add("\\\\", marks);
        break;
      case '\n':
        out.add("\\n", marks);
        break;
      case '\r':
        out.add("\\r", marks);
        break;
      case '\t':
        out.add("\\t", marks);
        break;
      case '\f':
        out.add("\\f", marks);
        break;
      case '\b':
        out.add("\\b", marks);
        break;
      default:
        if (c >= 0x10000) {
          write_unit(out, 0xd800 + ((c - 0x10000) >> 10), marks);
          write_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff), marks);
        } else {
          write_unit(out, c, marks);
        }
    }
  }
  out.add(t, plain, s.size());
  out.add('"');
}

class Writer {
 public:
  Writer(Builder& out, Meter& m, const JsonStyle& style) : out_(out), meter_(m), style_(style) {}

  void write(const Value& v, int level) {
    if (Status s = meter_.step(); !s.ok()) return out_.fail(std::move(s));
    switch (v.kind()) {
      case Kind::kNone:
        return out_.add("null");
      case Kind::kBool:
        return out_.add(v.as_int() ? "true" : "false");
      case Kind::kInt:
        return out_.add(format_int(v.as_int()));
      case Kind::kFloat:
        return out_.add(number(v.as_real()));
      case Kind::kString:
        return write_string(out_, v.text(), style_.ensure_ascii);
      case Kind::kList:
      case Kind::kTuple:
        return write_list(v.items(), level);
      case Kind::kDict:
        return write_dict(v.dict(), level);
      default:
        return out_.fail(type_error(v.is_undefined() ? str("tojson: ", why_undefined(v))
                                                     : str("tojson cannot write a '", type_name(v), "'")));
    }
  }

 private:
  static std::string number(double d) {
    return std::isnan(d) ? "NaN" : std::isinf(d) ? (d < 0 ? "-Infinity" : "Infinity") : python_float(d);
  }

  void new_line(int level) {
    if (!style_.indent) return;
    out_.add('\n');
    for (int i = 0; i < level && out_.ok(); i++) out_.add(*style_.indent);
  }

  void write_list(const std::vector<Value>& items, int level) {
    out_.add('[');
    for (size_t i = 0; i < items.size() && out_.ok(); i++) {
      if (i) out_.add(style_.item_separator);
      new_line(level + 1);
      write(items[i], level + 1);
    }
    if (!items.empty()) new_line(level);
    out_.add(']');
  }

  void write_dict(const Dict& d, int level) {
    std::vector<Sortable> order;
    for (size_t i = 0; i < d.entries.size(); i++) order.push_back({d.entries[i].key, i});
    if (style_.sort_keys) {
      if (Status s = sort(meter_, order, false); !s.ok()) return out_.fail(std::move(s));
    }
    out_.add('{');
    for (size_t i = 0; i < order.size() && out_.ok(); i++) {
      if (i) out_.add(style_.item_separator);
      new_line(level + 1);
      write_key(order[i].key);
      out_.add(style_.key_separator);
      write(d.entries[order[i].index].value, level + 1);
    }
    if (!order.empty()) new_line(level);
    out_.add('}');
  }

  void write_key(const Value& key) {
    if (key.is_string()) return write_string(out_, key.text(), style_.ensure_ascii);
    if (!key.is_number() && !key.is(Kind::kNone)) {
      return out_.fail(type_error(str("tojson cannot write a '", type_name(key), "' as a key")));
    }
    out_.add('"');
    write(key, 0);
    out_.add('"');
  }

  Builder& out_;
  Meter& meter_;
  const JsonStyle& style_;
};

// Receives the parser's events and keeps the open containers on a stack of its own: nesting costs no recursion.
class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Reader(Meter& m) : meter_(m) {}
  Value result;
  Status status;

  bool null() override { return put(Value::none()); }
  bool boolean(bool v) override { return put(Value::boolean(v)); }
  bool number_integer(number_integer_t v) override { return put(Value::integer(v)); }
  bool number_unsigned(number_unsigned_t v) override {
    return put(v <= INT64_MAX ? Value::integer(static_cast<int64_t>(v)) : Value::real(static_cast<double>(v)));
  }
  bool number_float(number_float_t v, const string_t&) override { return put(Value::real(v)); }
  bool string(string_t& v) override {
    Value s;
    return text(v, s) && put(std::move(s));
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool key(string_t& v) override { return text(v, open_.back().key); }
  bool end_object() override {
    auto dict = open_.back().dict->finish();
    open_.pop_back();
    return dict.ok() ? put(dict.take()) : fail(dict.status());
  }
  bool end_array() override {
    auto list = make_list(meter_, std::move(open_.back().items));
    open_.pop_back();
    return list.ok() ? put(list.take()) : fail(list.status());
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return fail(Status::invalid(str("is not JSON: byte ", position, " is not what was expected")));
  }

 private:
  struct Open {
    std::unique_ptr<DictBuilder> dict;  // null: a list
    std::vector<Value> items;
    Value key;
  };

  bool fail(Status s) {
    if (status.ok()) status = std::move(s);
    return false;
  }
  bool text(const std::string& bytes, Value& out) {
    Builder b(meter_);
    b.add(bytes, kInput);
    auto s = b.finish();
    if (!s.ok()) return fail(s.status());
    out = s.take();
    return true;
  }
  bool open(bool dict) {
    if (static_cast<int>(open_.size()) >= meter_.limits().depth) {
      return fail(Status::invalid(str("nests deeper than ", meter_.limits().depth, " levels")));
    }
    open_.push_back({dict ? std::make_unique<DictBuilder>(meter_) : nullptr, {}, {}});
    return true;
  }
  bool put(Value v) {
    if (Status s = meter_.step(); !s.ok()) return fail(std::move(s));
    if (open_.empty()) {
      result = std::move(v);
      return true;
    }
    Open& top = open_.back();
    if (!top.dict) {
      if (Status s = grow(top.items); !s.ok()) return fail(std::move(s));
      top.items.push_back(std::move(v));
      return true;
    }
    Status s = top.dict->set(top.key, std::move(v));
    return s.ok() || fail(std::move(s));
  }
  // Room for a growing list is asked for before it is taken.
  Status grow(const std::vector<Value>& items) {
    if (items.size() < items.capacity()) return {};
    const int64_t room = static_cast<int64_t>((2 * items.size() + 1) * sizeof(Value));
    TRY(meter_.grow(room));
    meter_.shrink(room);
    return {};
  }

  Meter& meter_;
  std::vector<Open> open_;
};

}  // namespace

void write_json(Builder& out, Meter& m, const Value& v, const JsonStyle& style) {
  const size_t from = out.size();
  Writer(out, m, style).write(v, 0);
  out.taint_from(from);
}

Result<Value> parse_json(Meter& m, std::string_view json, std::string_view where) {
  TRY(m.pass(json.size()));
  Reader reader(m);
  const bool done = nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  if (!reader.status.ok())
    return Status(reader.status.code(), str(where, " ", reader.status.message()), std::string(reader.status.hint()));
  if (!done) return Status::invalid(str(where, " is not JSON"));
  return std::move(reader.result);
}

}  // namespace infer::text::jinja
