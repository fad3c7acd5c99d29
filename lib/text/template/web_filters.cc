// Filters that write HTML and addresses.
#include "text/template/filters.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"

namespace infer::text::jinja {

namespace {

using std::string_view;

Result<Value> f_escape(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value s, to_string(m, v));
  if (s.text().safe) return s;
  Builder out(m);
  escape(out, s.text());
  return out.finish(true);
}
Result<Value> f_forceescape(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value s, to_string(m, v));
  Builder out(m);
  escape(out, s.text());
  return out.finish(true);
}
Result<Value> f_safe(Meter& m, const Value& v, const Args&) {
  TRY_SET(const Value s, to_string(m, v));
  Builder out(m);
  out.add(s.text());
  return out.finish(true);
}

// Every byte of str(v) but letters, digits and _.-~ as %XX; `query`: a space is a plus, and a slash is written as well.
Status quote_url(Builder& out, Meter& m, const Value& v, bool query) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  TRY_SET(const Value s, to_string(m, v));
  const Text& t = s.text();
  MarksOf marks(t);
  for (size_t i = 0; i < t.bytes.size() && out.ok(); i++) {
    const unsigned char c = static_cast<unsigned char>(t.bytes[i]);
    const bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == '.' ||
                       c == '-' || c == '~' || (c == '/' && !query);
    if (plain || (c == ' ' && query)) {
      out.add(plain ? static_cast<char>(c) : '+', marks.at(i));
    } else {
      const char escaped[] = {'%', kDigits[c >> 4], kDigits[c & 15]};
      out.add(string_view(escaped, 3), marks.at(i));
    }
  }
  return out.status();
}

// A string as one quoted text; a dict or pairs as key=value&key=value.
Result<Value> f_urlencode(Meter& m, const Value& v, const Args&) {
  Builder out(m);
  if (v.is_string() || !is_iterable(v)) {
    TRY(quote_url(out, m, v, false));
    return out.finish();
  }
  Value pairs = v;
  if (v.is(Kind::kDict)) {
    TRY_SET(pairs, find_filter("items")->call(m, v, {}));
  }
  TRY_SET(const Sequence all, Sequence::of(m, pairs));
  for (int64_t i = 0; i < all.size(); i++) {
    TRY_SET(const Value pair, all.at(m, i));
    TRY_SET(const std::vector<Value> two, Sequence::collect(m, pair));
    if (two.size() != 2) return type_error("urlencode needs pairs of a key and a value");
    if (i) out.add('&');
    TRY(quote_url(out, m, two[0], true));
    out.add('=');
    TRY(quote_url(out, m, two[1], true));
  }
  return out.finish();
}

// {"class": "a", "id": none} is ` class="a"`.
Result<Value> f_xmlattr(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "xmlattr", {"autospace"}));
  if (!v.is(Kind::kDict))
    return type_error(v.is_undefined() ? why_undefined(v) : str("xmlattr needs a dict, not a '", type_name(v), "'"));
  Builder out(m);
  for (const auto& [key, value] : v.dict().entries) {
    TRY(m.step());
    if (value.is(Kind::kNone) || value.is_undefined()) continue;
    TRY_SET(const Text* name, need_text(key, "xmlattr"));
    if (name->bytes.find_first_of(string_view(" \t\n\v\f\r/>=")) != name->bytes.npos)
      return type_error("an attribute's name may not hold white space, '/', '>' or '='");
    if (out.size() > 0 || !a[0] || a[0]->truthy()) out.add(' ');
    TRY_SET(const Value text, to_string(m, value));
    for (const Text* part : {name, &text.text()}) {
      part->safe ? out.add(*part) : escape(out, *part);
      out.add(part == name ? "=\"" : "\"");
    }
  }
  return out.finish();
}

constexpr Entry kFilters[] = {
    {"e", f_escape, kBare},  {"escape", f_escape, kBare},       {"forceescape", f_forceescape, kBare},
    {"safe", f_safe, kBare}, {"urlencode", f_urlencode, kBare}, {"xmlattr", f_xmlattr},
};

}  // namespace

std::span<const Entry> web_filters() { return kFilters; }

}  // namespace infer::text::jinja
