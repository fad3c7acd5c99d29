#include "text/template/string_predicates.h"

#include "text/template/letters.h"

namespace infer::text::jinja {

using std::string_view;

template <class Predicate>
static Result<Value> all_characters(Meter& m, const Value& self, Predicate p) {
  const string_view s = self.text().bytes;
  TRY(m.pass(s.size()));
  size_t size;
  for (size_t i = 0; i < s.size(); i += size) {
    if (!p(decode(s, i, size))) return Value::boolean(false);
  }
  return Value::boolean(!s.empty());
}
Result<Value> str_isdigit(Meter& m, const Value& self, const Args&) { return all_characters(m, self, is_digit); }
Result<Value> str_isalpha(Meter& m, const Value& self, const Args&) { return all_characters(m, self, is_alpha); }
Result<Value> str_isspace(Meter& m, const Value& self, const Args&) { return all_characters(m, self, is_space); }
Result<Value> str_isalnum(Meter& m, const Value& self, const Args&) {
  return all_characters(m, self, [](char32_t c) { return is_alpha(c) || is_numeric(c); });
}
Result<Value> str_isdecimal(Meter& m, const Value& self, const Args&) { return all_characters(m, self, is_decimal); }
Result<Value> str_isnumeric(Meter& m, const Value& self, const Args&) { return all_characters(m, self, is_numeric); }
static Result<Value> or_empty(const Value& self, Result<Value> all) {
  return self.text().bytes.empty() ? Value::boolean(true) : std::move(all);
}
Result<Value> str_isascii(Meter& m, const Value& self, const Args&) {
  return or_empty(self, all_characters(m, self, [](char32_t c) { return c < 128; }));
}
Result<Value> str_isprintable(Meter& m, const Value& self, const Args&) {
  return or_empty(self, all_characters(m, self, is_printable));
}

// Every word begins with a capital and goes on without.
Result<Value> str_istitle(Meter& m, const Value& self, const Args&) {
  bool inside = false, any = false;
  const string_view s = self.text().bytes;
  TRY(m.pass(s.size()));
  size_t size;
  for (size_t i = 0; i < s.size(); i += size) {
    const char32_t c = decode(s, i, size);
    if (is_cased(c) && is_lower(c) != inside) return Value::boolean(false);
    inside = is_cased(c);
    any |= inside;
  }
  return Value::boolean(any);
}

// Has letters of one case and none of the other.
static Result<Value> all_cased(Meter& m, const Value& self, bool (*wanted)(char32_t)) {
  bool any = false;
  const string_view s = self.text().bytes;
  TRY(m.pass(s.size()));
  size_t size;
  for (size_t i = 0; i < s.size(); i += size) {
    const char32_t c = decode(s, i, size);
    if (!is_cased(c)) continue;
    if (!wanted(c)) return Value::boolean(false);
    any = true;
  }
  return Value::boolean(any);
}
Result<Value> str_isupper(Meter& m, const Value& self, const Args&) { return all_cased(m, self, is_upper); }
Result<Value> str_islower(Meter& m, const Value& self, const Args&) { return all_cased(m, self, is_lower); }

}  // namespace infer::text::jinja
