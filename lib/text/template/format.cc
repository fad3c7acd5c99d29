// Python's two ways to format: "%s of %d" % (a, b) and "{} of {name:>5}".format(a, name=b).
//
// What is inserted keeps its marks. How one value is written is in field.h.
#include <algorithm>
#include <cmath>

#include "text/template/field.h"
#include "text/template/letters.h"
#include "text/template/methods.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

namespace {

using std::string_view;

// The value that "name.attr[key]" or "0" or "" stands for.
Result<Value> field_value(Meter& m, string_view name, const Args& args, const Dict* names, size_t& automatic) {
  TRY(m.step(static_cast<int64_t>(1 + (args.named.size() >> 4))));
  const size_t head_end = std::min(name.find_first_of(".["), name.size());
  const string_view head = name.substr(0, head_end);
  Value v;
  size_t i = 0;
  int64_t index = 0;
  if (head.empty() || (take_number(head, i, index) && i == head.size())) {
    const size_t n = head.empty() ? automatic++ : static_cast<size_t>(index);
    if (n >= args.positional.size()) return type_error(str("format has no argument number ", n));
    v = args.positional[n];
  } else if (const Value* found = names ? names->find(head) : nullptr) {
    v = *found;
  } else {
    const auto row = std::find_if(args.named.begin(), args.named.end(), [&](const auto& a) { return a.name == head; });
    if (row == args.named.end()) return type_error(str("format has no argument '", head.substr(0, 100), "'"));
    v = row->value;
  }
  for (string_view rest = name.substr(head_end); !rest.empty();) {
    if (rest[0] == '.') {
      const size_t end = std::min(rest.find_first_of(".[", 1), rest.size());
      TRY_SET(v, attribute(m, v, rest.substr(1, end - 1)));
      rest.remove_prefix(end);
    } else {
      const size_t close = rest.find(']');
      if (rest[0] != '[' || close == rest.npos) return bad_format(name);
      const string_view text = rest.substr(1, close - 1);
      i = 0;
      Value key;
      if (take_number(text, i, index) && i == text.size()) {
        key = Value::integer(index);
      } else {
        TRY_SET(key, make_string(m, text));
      }
      TRY_SET(v, subscript(m, v, key));
      rest.remove_prefix(close + 1);
    }
  }
  return v;
}

// repr(v), or ascii(v).
Result<Value> shown(Meter& m, const Value& v, char how) {
  Builder plain(m);
  represent(plain, m, v);
  TRY_SET(Value all, plain.finish());
  if (how == 'r') return all;
  Builder out(m);
  map_characters(out, all.text(), [](char32_t c, size_t, std::string& to) {
    c < 128 ? to.push_back(static_cast<char>(c)) : hex_escape(c, to);
  });
  return out.finish();
}

}  // namespace

Result<Value> format_braces(Meter& m, const Value& format, const Args& args, const Dict* names) {
  const Text& t = format.text();
  const string_view s = t.bytes;
  const Marks marks = all_marks(t);
  TRY(m.pass(s.size()));
  Builder out(m);
  size_t automatic = 0;
  for (size_t i = 0; i < s.size() && out.ok();) {
    const size_t next = std::min(s.find_first_of("{}", i), s.size());
    out.add(t, i, next);
    i = next;
    if (i == s.size()) break;
    if (i + 1 < s.size() && s[i + 1] == s[i]) {
      out.add(t, i, i + 1);
      i += 2;
      continue;
    }
    const size_t close = s.find('}', i);
    if (s[i] == '}' || close == s.npos) return bad_format(s.substr(i));
    string_view field = s.substr(i + 1, close - i - 1), spec;
    if (field.find('{') != field.npos) return bad_format(field);
    if (const size_t colon = field.find(':'); colon != field.npos)
      spec = field.substr(colon + 1), field = field.substr(0, colon);
    char conversion = 0;
    if (field.size() >= 2 && field[field.size() - 2] == '!') conversion = field.back(), field.remove_suffix(2);
    TRY_SET(Value v, field_value(m, field, args, names, automatic));
    if (conversion == 'r' || conversion == 'a') {
      TRY_SET(v, shown(m, v, conversion));
    } else if (conversion == 's') {
      TRY_SET(v, to_string(m, v));
    } else if (conversion) {
      return bad_format(field);
    }
    if (spec.empty()) {
      print(out, m, v);
    } else {
      TRY_SET(Field f, parse_spec(spec));
      f.marks = marks;
      TRY(add_field(out, m, v, std::move(f)));
    }
    i = close + 1;
  }
  return out.finish(t.safe);
}

Result<Value> format_percent(Meter& m, const Value& format, const std::vector<Value>& args, const Value* named) {
  const Text& t = format.text();
  const string_view s = t.bytes;
  TRY(m.pass(s.size()));
  Builder out(m);
  size_t used = 0;
  for (size_t i = 0; i < s.size() && out.ok();) {
    const size_t next = std::min(s.find('%', i), s.size());
    out.add(t, i, next);
    i = next;
    if (i == s.size()) break;
    const size_t begin = i++;
    if (i < s.size() && s[i] == '%') {
      out.add(t, i, i + 1);
      i++;
      continue;
    }
    TRY(m.step());
    Value v;
    bool have = false;
    if (i < s.size() && s[i] == '(') {
      const size_t close = s.find(')', i);
      if (close == s.npos || !named) return bad_format(s.substr(begin));
      const Value* found = named->dict().find(s.substr(i + 1, close - i - 1));
      if (!found)
        return type_error(str("format has no argument '", s.substr(i + 1, std::min<size_t>(100, close - i - 1)), "'"));
      v = *found;
      have = true;
      i = close + 1;
    }
    Field f;
    f.printf = true;
    f.align = '>';
    for (; i < s.size() && string_view("-+ 0#").find(s[i]) != string_view::npos; i++) {
      if (s[i] == '-') f.align = '<';
      if (s[i] == '+' || (s[i] == ' ' && f.sign != '+')) f.sign = s[i];
      if (s[i] == '0') f.zeros = true;
      if (s[i] == '#') f.alternate = true;
    }
    f.zeros &= f.align == '>';
    take_number(s, i, f.width);
    if (i < s.size() && s[i] == '.') {
      int64_t p = 0;
      take_number(s, ++i, p);
      f.precision = p;
    }
    if (i == s.size() || string_view("sdiufFexXoEgGracr").find(s[i]) == string_view::npos)
      return bad_format(s.substr(begin));
    f.type = s[i] == 'i' || s[i] == 'u' ? 'd' : s[i];
    i++;
    if (!have) {
      if (used == args.size()) return type_error("a format string has more fields than there are values");
      v = args[used++];
    }
    if (f.type == 'r' || f.type == 'a') {
      TRY_SET(v, shown(m, v, f.type));
      f.type = 's';
    }
    if (f.type == 'c' && v.is_string()) {
      if (count_characters(v.text().bytes) != 1) return type_error("the format type 'c' needs one character");
      f.type = 's';
    }
    if (f.type == 'd' && v.is(Kind::kFloat)) {
      if (!(std::fabs(v.as_real()) < 9e18)) return Status::invalid("this number does not fit 64 bits");
      v = Value::integer(static_cast<int64_t>(v.as_real()));
    }
    TRY(add_field(out, m, v, std::move(f)));
  }
  // One value that has subscripts (not a tuple or a string) may stay unused: it could have been for %(name)s.
  const bool may_stay = used == 0 && args.size() == 1 && !args[0].is(Kind::kTuple) && !args[0].is_string() &&
                        !args[0].is_number() && !args[0].is(Kind::kNone);
  if (used < args.size() && !named && !may_stay) {
    return type_error("a format string has fewer fields than there are values");
  }
  return out.finish(t.safe);
}

}  // namespace infer::text::jinja
