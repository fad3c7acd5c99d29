// Filters on strings.
#include <algorithm>

#include "text/template/filters.h"
#include "text/template/json.h"
#include "text/template/letters.h"
#include "text/template/methods.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

namespace {

using std::string_view;

Result<Value> f_upper(Meter& m, const Value& v, const Args& a) { return string_method(m, v, "upper", a); }
Result<Value> f_lower(Meter& m, const Value& v, const Args& a) { return string_method(m, v, "lower", a); }
Result<Value> f_capitalize(Meter& m, const Value& v, const Args& a) { return string_method(m, v, "capitalize", a); }
Result<Value> f_trim(Meter& m, const Value& v, const Args& a) { return string_method(m, v, "strip", a); }
Result<Value> f_string(Meter& m, const Value& v, const Args&) { return to_string(m, v); }

Result<Value> f_center(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "center", {"width"}));
  return string_method(m, v, "center", {{a[0] ? *a[0] : Value::integer(80)}, {}});
}

// Markup as a plain string.
Result<Value> plain_text(Meter& m, const Value& v) {
  if (!v.text().safe) return v;
  Builder out(m);
  out.add(v.text());
  return out.finish();
}

Result<Value> f_replace(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "replace", {"old", "new", "count"}, 2));
  Args plain;
  for (int i = 0; i < 2; i++) {
    TRY_SET(Value s, to_string(m, *a[static_cast<size_t>(i)]));
    plain.positional.push_back(std::move(s));
  }
  if (a[2] && !a[2]->is(Kind::kNone)) plain.positional.push_back(*a[2]);
  TRY_SET(const Value all, string_method(m, v, "replace", plain));
  return plain_text(m, all);
}

// A word begins after white space and any of -({[<.
Result<Value> f_title(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value s, to_string(m, v));
  Builder out(m);
  map_characters(out, s.text(), [inside = false](char32_t c, size_t, std::string& to) mutable {
    inside ? to_lower(c, to) : to_upper(c, to);
    inside = !(is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<');
  });
  return out.finish();
}

Result<Value> f_indent(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "indent", {"width", "first", "blank"}));
  TRY_SET(const Text* t, need_text(v, "indent"));
  const bool first = a[1] && a[1]->truthy(), blank = a[2] && a[2]->truthy();
  Value indention;
  if (a[0] && a[0]->is_string()) {
    indention = *a[0];
  } else {
    TRY_SET(const int64_t width, a[0] ? need_int(*a[0], "the width of indent") : Result<int64_t>(int64_t{4}));
    TRY_SET(const Value space, make_string(m, " "));
    TRY_SET(indention, arithmetic(m, Op::kMul, space, Value::integer(width)));
  }
  Builder closed(m);  // with the newline that makes an empty last line count
  closed.add(*t);
  closed.add('\n');
  TRY_SET(const Value all, closed.finish());
  TRY_SET(const Value lines, string_method(m, all, "splitlines", {}));
  Builder out(m);
  for (size_t i = 0; i < lines.items().size() && out.ok(); i++) {
    const Text& line = lines.items()[i].text();
    if (i) out.add('\n');
    if (i ? blank || !line.bytes.empty() : first) out.add(indention.text());
    out.add(line);
  }
  return out.finish(t->safe);
}

Result<Value> f_truncate(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "truncate", {"length", "killwords", "end", "leeway"}));
  TRY_SET(const Value dots, make_string(m, "..."));
  TRY_SET(const Text* end, need_text(a[2] ? *a[2] : dots, "truncate"));
  TRY_SET(const int64_t most, a[0] ? need_int(*a[0], "the length of truncate") : Result<int64_t>(int64_t{255}));
  TRY_SET(const int64_t leeway,
          a[3] && !a[3]->is(Kind::kNone) ? need_int(*a[3], "the leeway of truncate") : Result<int64_t>(int64_t{5}));
  TRY(m.pass(end->bytes.size()));
  const int64_t end_size = static_cast<int64_t>(count_characters(end->bytes));
  if (most < end_size || leeway < 0)
    return type_error("truncate needs a length of at least its end's, and no negative leeway");
  TRY_SET(const int64_t n, length(m, v));
  if (n - leeway <= most) return v;
  TRY_SET(const Text* t, need_text(v, "truncate"));
  size_t keep = offset_of(t->bytes, static_cast<size_t>(most - end_size));
  if (!(a[1] && a[1]->truthy())) {
    const size_t space = string_view(t->bytes).substr(0, keep).rfind(' ');
    if (space != string_view::npos) keep = space;
  }
  Builder out(m);
  out.add(*t, 0, keep);
  out.add(*end);
  return out.finish(t->safe);
}

Result<Value> f_format(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const Value s, to_string(m, v));
  if (args.named.empty()) return format_percent(m, s, args.positional, nullptr);
  if (!args.positional.empty()) return type_error("format cannot use arguments with and without names together");
  DictBuilder named(m);
  for (const NamedArg& a : args.named) {
    TRY_SET(const Value key, name_value(m, a));
    TRY(named.set(key, a.value));
  }
  TRY_SET(const Value dict, named.finish());
  return format_percent(m, s, {dict}, &dict);
}

// Whether an argument of tojson holds text that came from a chat.
bool styled_by_input(const Value* v) {
  if (!v) return false;
  if (v->is_string()) return all_marks(v->text()) & kInput;
  return v->is_list() &&
         std::any_of(v->items().begin(), v->items().end(), [](const Value& i) { return styled_by_input(&i); });
}

Result<Value> f_tojson(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "tojson", {"ensure_ascii", "indent", "separators", "sort_keys"}));
  JsonStyle style;
  std::string spaces;
  style.ensure_ascii = a[0] && a[0]->truthy();
  style.sort_keys = a[3] && a[3]->truthy();
  if (a[1] && a[1]->is_string()) {
    style.indent = a[1]->text().bytes;
  } else if (a[1] && !a[1]->is(Kind::kNone)) {
    TRY_SET(const int64_t width, need_int(*a[1], "the indent of tojson"));
    if (width > 1000) return type_error("tojson indents by at most 1000");
    spaces.assign(static_cast<size_t>(std::max<int64_t>(0, width)), ' ');
    style.indent = spaces;
  }
  if (style.indent) style.item_separator = ",";
  if (a[2] && !a[2]->is(Kind::kNone)) {
    if (!a[2]->is_list() || a[2]->items().size() != 2) return type_error("tojson needs two separators");
    TRY_SET(const Text* item, need_text(a[2]->items()[0], "tojson"));
    TRY_SET(const Text* key, need_text(a[2]->items()[1], "tojson"));
    style.item_separator = item->bytes;
    style.key_separator = key->bytes;
  }
  Builder out(m);
  write_json(out, m, v, style);
  if (styled_by_input(a[1]) || styled_by_input(a[2])) out.mark_from(0, kInput);
  return out.finish();
}

Result<Value> f_wordcount(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value s, to_string(m, v));
  const string_view text = s.text().bytes;
  TRY(m.pass(text.size()));
  int64_t n = 0;
  bool inside = false;
  size_t size;
  for (size_t i = 0; i < text.size(); i += size) {
    const char32_t c = decode(text, i, size);
    const bool word = is_word(c);
    n += word && !inside;
    inside = word;
  }
  return Value::integer(n);
}

Result<Value> f_default(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "default", {"default_value", "boolean"}));
  const bool replace = v.is_undefined() || (a[1] && a[1]->truthy() && !v.truthy());
  if (!replace) return v;
  return a[0] ? *a[0] : make_string(m, "");
}

constexpr Entry kFilters[] = {
    {"capitalize", f_capitalize, kBare},
    {"center", f_center},
    {"d", f_default},
    {"default", f_default},
    {"format", f_format},
    {"indent", f_indent},
    {"lower", f_lower, kBare},
    {"replace", f_replace},
    {"string", f_string, kBare},
    {"title", f_title, kBare},
    {"tojson", f_tojson},
    {"trim", f_trim},
    {"truncate", f_truncate},
    {"upper", f_upper, kBare},
    {"wordcount", f_wordcount, kBare},
};

}  // namespace

std::span<const Entry> text_filters() { return kFilters; }

const Entry* find_filter(std::string_view name) {
  for (const auto& table : {text_filters(), list_filters(), number_filters(), web_filters()}) {
    for (const Entry& e : table) {
      if (e.name == name) return &e;
    }
  }
  return nullptr;
}

}  // namespace infer::text::jinja
