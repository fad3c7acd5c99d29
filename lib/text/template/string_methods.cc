// The methods of Python's str. Results are made of pieces of the receiver, so their bytes keep their marks.
#include <algorithm>

#include "text/template/letters.h"
#include "text/template/methods.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"
#include "text/template/string_predicates.h"

namespace infer::text::jinja {

namespace {

using std::string;
using std::string_view;

Result<Value> piece(Meter& m, const Value& self, size_t begin, size_t end) {
  if (begin == 0 && end == self.text().bytes.size()) return self;
  Builder out(m);
  out.add(self.text(), begin, end);
  return out.finish(self.text().safe);
}

Result<Value> stripped(Meter& m, const Value& self, const Args& args, bool left, bool right) {
  TRY_SET(const auto a, bind(args, "strip", {"chars"}));
  const string_view s = self.text().bytes;
  TRY(m.pass(s.size()));
  Extent keep = strip(s, left, right);
  if (a[0] && !a[0]->is(Kind::kNone)) {
    TRY_SET(const Text* set, need_text(*a[0], "strip"));
    TRY(m.step(static_cast<int64_t>((s.size() * set->bytes.size()) >> 10)));
    keep = strip(s, set->bytes, left, right);
  }
  return piece(m, self, keep.begin, keep.end);
}
Result<Value> str_strip(Meter& m, const Value& self, const Args& a) { return stripped(m, self, a, true, true); }
Result<Value> str_lstrip(Meter& m, const Value& self, const Args& a) { return stripped(m, self, a, true, false); }
Result<Value> str_rstrip(Meter& m, const Value& self, const Args& a) { return stripped(m, self, a, false, true); }

// Whether the capital sigma at byte i ends a word, where its small form is another: a letter stands before it and none
// behind, apostrophes, marks and the like aside.
bool ends_word(string_view s, size_t i) {
  size_t size, before = i;
  do {
    if (before == 0) return false;
    before = previous(s, before);
  } while (is_passed_over(decode(s, before, size)));
  if (!is_cased(decode(s, before, size))) return false;
  decode(s, i, size);
  for (i += size; i < s.size(); i += size) {
    if (const char32_t c = decode(s, i, size); !is_passed_over(c)) return !is_cased(c);
  }
  return true;
}

void lower_at(string_view s, char32_t c, size_t i, string& out) {
  constexpr char32_t kCapitalSigma = 0x3a3, kFinalSigma = 0x3c2;
  c == kCapitalSigma&& ends_word(s, i) ? encode(kFinalSigma, out) : to_lower(c, out);
}

template <class Map>
Result<Value> mapped(Meter& m, const Value& self, Map map) {
  Builder out(m);
  map_characters(out, self.text(), map);
  return out.finish(self.text().safe);
}
Result<Value> str_upper(Meter& m, const Value& self, const Args&) {
  return mapped(m, self, [](char32_t c, size_t, string& out) { to_upper(c, out); });
}
Result<Value> str_lower(Meter& m, const Value& self, const Args&) {
  return mapped(m, self,
                [s = string_view(self.text().bytes)](char32_t c, size_t i, string& out) { lower_at(s, c, i, out); });
}
Result<Value> str_swapcase(Meter& m, const Value& self, const Args&) {
  return mapped(m, self, [s = string_view(self.text().bytes)](char32_t c, size_t i, string& out) {
    is_upper(c) ? lower_at(s, c, i, out) : to_upper(c, out);
  });
}
Result<Value> str_capitalize(Meter& m, const Value& self, const Args&) {
  return mapped(m, self, [s = string_view(self.text().bytes)](char32_t c, size_t i, string& out) {
    i == 0 ? to_title(c, out) : lower_at(s, c, i, out);
  });
}
Result<Value> str_title(Meter& m, const Value& self, const Args&) {
  return mapped(m, self,
                [s = string_view(self.text().bytes), inside = false](char32_t c, size_t i, string& out) mutable {
                  inside ? lower_at(s, c, i, out) : to_title(c, out);
                  inside = is_cased(c);
                });
}

Result<Value> str_replace(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "replace", {"old", "new", "count"}, 2));
  TRY_SET(const Text* old, need_text(*a[0], "replace"));
  TRY_SET(const Text* fresh, need_text(*a[1], "replace"));
  int64_t count = -1;
  if (a[2]) {
    TRY_SET(count, need_int(*a[2], "the count of replace"));
    if (count < 0) count = -1;
  }
  const Text& t = self.text();
  Builder out(m);
  size_t at = 0, size;
  for (; count != 0 && out.ok(); count--) {
    TRY(m.step());
    TRY_SET(const size_t hit, find(m, t.bytes, old->bytes, at));
    if (hit == string::npos) break;
    out.add(t, at, hit);
    out.add(*fresh);
    at = hit + old->bytes.size();
    if (!old->bytes.empty()) continue;
    if (hit == t.bytes.size()) return out.finish(t.safe);  // an empty `old` is found between all characters
    decode(t.bytes, hit, size);
    out.add(t, hit, hit + size);
    at = hit + size;
  }
  out.add(t, at, t.bytes.size());
  return out.finish(t.safe);
}

Status add_piece(Meter& m, const Value& self, size_t begin, size_t end, std::vector<Value>& out) {
  TRY(m.step());
  if (out.size() == out.capacity()) {
    const int64_t room = static_cast<int64_t>(2 * out.capacity() * sizeof(Value));
    TRY(m.grow(room));
    m.shrink(room);
  }
  TRY_SET(Value v, piece(m, self, begin, end));
  out.push_back(std::move(v));
  return {};
}

// Between runs of white space; `most` < 0: all.
Result<std::vector<Value>> split_space(Meter& m, const Value& self, int64_t most) {
  const string_view s = self.text().bytes;
  TRY(m.pass(s.size()));
  std::vector<Value> out;
  size_t i = strip(s, true, false).begin, size;
  while (i < s.size()) {
    size_t end = i;
    if (most >= 0 && static_cast<int64_t>(out.size()) == most) {
      TRY(add_piece(m, self, i, s.size(), out));
      break;
    }
    while (end < s.size() && !is_space(decode(s, end, size))) end += size;
    TRY(add_piece(m, self, i, end, out));
    for (i = end; i < s.size() && is_space(decode(s, i, size));) i += size;
  }
  return out;
}

// The same from the right; pieces come last first.
Result<std::vector<Value>> rsplit_space(Meter& m, const Value& self, int64_t most) {
  const string_view s = self.text().bytes;
  TRY(m.pass(s.size()));
  std::vector<Value> out;
  size_t end = strip(s, false, true).end, size;
  while (end > 0) {
    if (most >= 0 && static_cast<int64_t>(out.size()) == most) {
      TRY(add_piece(m, self, 0, end, out));
      break;
    }
    size_t begin = end;
    while (begin > 0 && !is_space(decode(s, previous(s, begin), size))) begin = previous(s, begin);
    TRY(add_piece(m, self, begin, end, out));
    for (end = begin; end > 0 && is_space(decode(s, previous(s, end), size));) end = previous(s, end);
  }
  return out;
}

Result<Value> split_by(Meter& m, const Value& self, const Args& args, bool from_right) {
  TRY_SET(const auto a, bind(args, "split", {"sep", "maxsplit"}));
  int64_t most = -1;
  if (a[1]) {
    TRY_SET(most, need_int(*a[1], "the maxsplit of split"));
  }
  std::vector<Value> out;
  if (!a[0] || a[0]->is(Kind::kNone)) {
    TRY_SET(out, from_right ? rsplit_space(m, self, most) : split_space(m, self, most));
    if (from_right) std::reverse(out.begin(), out.end());
    return make_list(m, std::move(out));
  }
  TRY_SET(const Text* sep, need_text(*a[0], "split"));
  if (sep->bytes.empty()) return type_error("split cannot separate at an empty string");
  const string_view s = self.text().bytes;
  const size_t width = sep->bytes.size();
  if (!from_right || most < 0) {
    size_t at = 0;
    while (most < 0 || static_cast<int64_t>(out.size()) < most) {
      TRY_SET(const size_t hit, find(m, s, sep->bytes, at));
      if (hit == string::npos) break;
      TRY(add_piece(m, self, at, hit, out));
      at = hit + width;
    }
    TRY(add_piece(m, self, at, s.size(), out));
    return make_list(m, std::move(out));
  }
  size_t end = s.size();
  while (static_cast<int64_t>(out.size()) < most) {
    TRY(m.step(1 + static_cast<int64_t>((end * width) >> 10)));
    const size_t hit = end < width ? string::npos : s.rfind(sep->bytes, end - width);
    if (hit == string::npos) break;
    TRY(add_piece(m, self, hit + width, end, out));
    end = hit;
  }
  TRY(add_piece(m, self, 0, end, out));
  std::reverse(out.begin(), out.end());
  return make_list(m, std::move(out));
}
Result<Value> str_split(Meter& m, const Value& self, const Args& a) { return split_by(m, self, a, false); }
Result<Value> str_rsplit(Meter& m, const Value& self, const Args& a) { return split_by(m, self, a, true); }

Result<Value> str_splitlines(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "splitlines", {"keepends"}));
  TRY_SET(const int64_t keep, a[0] ? need_int(*a[0], "the keepends of splitlines") : Result<int64_t>(int64_t{0}));
  const string_view s = self.text().bytes;
  std::vector<Value> out;
  size_t begin = 0, size;
  for (size_t i = 0; i < s.size(); i += size) {
    const char32_t c = decode(s, i, size);
    const bool ends = (c >= 10 && c <= 13) || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029;
    if (!ends) continue;
    if (c == '\r' && i + 1 < s.size() && s[i + 1] == '\n') size = 2;
    TRY(add_piece(m, self, begin, keep ? i + size : i, out));
    begin = i + size;
  }
  TRY(m.pass(s.size()));
  if (begin < s.size()) TRY(add_piece(m, self, begin, s.size(), out));
  return make_list(m, std::move(out));
}

// start and end of startswith, find and their kin: a window of the string in bytes.
Result<Extent> window(Meter& m, const Value& self, const Value* start, const Value* end) {
  const string_view s = self.text().bytes;
  Extent w{0, s.size()};
  if (!start && !end) return w;
  TRY_SET(const int64_t n, length(m, self));
  auto place = [&](const Value* v, int64_t absent) -> Result<int64_t> {
    if (!v || v->is(Kind::kNone)) return absent;
    TRY_SET(const int64_t i, need_int(*v, "a position in a string"));
    return i < 0 ? std::max<int64_t>(0, std::max(i, -n) + n) : i;
  };
  TRY_SET(const int64_t from, place(start, 0));
  TRY_SET(const int64_t to, place(end, n));
  if (from > n) return Extent{s.size() + 1, s.size()};
  w.begin = offset_of(s, static_cast<size_t>(from));
  w.end = offset_of(s, static_cast<size_t>(std::min(to, n)));
  return w;
}

Result<Value> has_edge(Meter& m, const Value& self, const Args& args, bool at_start) {
  const char* name = at_start ? "startswith" : "endswith";
  TRY_SET(const auto a, bind(args, name, {"prefix", "start", "end"}, 1));
  TRY_SET(const Extent w, window(m, self, a[1], a[2]));
  const bool outside = w.begin > w.end;
  const string_view s = string_view(self.text().bytes).substr(outside ? 0 : w.begin, outside ? 0 : w.end - w.begin);
  const Value* edges = a[0];
  const size_t n = edges->is(Kind::kTuple) ? edges->items().size() : 1;
  for (size_t i = 0; i < n; i++) {
    TRY_SET(const Text* edge, need_text(edges->is(Kind::kTuple) ? edges->items()[i] : *edges, name));
    TRY(m.pass(edge->bytes.size()));
    if (outside) continue;
    if (at_start ? s.starts_with(edge->bytes) : s.ends_with(edge->bytes)) return Value::boolean(true);
  }
  return Value::boolean(false);
}
Result<Value> str_startswith(Meter& m, const Value& self, const Args& a) { return has_edge(m, self, a, true); }
Result<Value> str_endswith(Meter& m, const Value& self, const Args& a) { return has_edge(m, self, a, false); }

// Character position of the first or last occurrence, -1 if there is none.
Result<int64_t> position(Meter& m, const Value& self, const Args& args, const char* name, bool last) {
  TRY_SET(const auto a, bind(args, name, {"sub", "start", "end"}, 1));
  TRY_SET(const Text* sub, need_text(*a[0], name));
  TRY_SET(const Extent w, window(m, self, a[1], a[2]));
  if (w.begin > w.end) return int64_t{-1};
  const string_view s = string_view(self.text().bytes).substr(0, w.end);
  size_t hit = string::npos;
  if (last) {
    TRY(m.step(static_cast<int64_t>((s.size() * (1 + sub->bytes.size())) >> 10)));
    hit = s.rfind(sub->bytes);
    if (hit != string::npos && hit < w.begin) hit = string::npos;
  } else {
    TRY_SET(hit, find(m, s, sub->bytes, w.begin));
  }
  if (hit == string::npos) return int64_t{-1};
  return static_cast<int64_t>(count_characters(s.substr(0, hit)));
}
Result<Value> found_at(Result<int64_t> where, bool must) {
  if (!where.ok()) return where.status();
  if (must && *where < 0) return Status::invalid("index() did not find the text in the string");
  return Value::integer(*where);
}
Result<Value> str_find(Meter& m, const Value& s, const Args& a) {
  return found_at(position(m, s, a, "find", false), false);
}
Result<Value> str_rfind(Meter& m, const Value& s, const Args& a) {
  return found_at(position(m, s, a, "rfind", true), false);
}
Result<Value> str_index(Meter& m, const Value& s, const Args& a) {
  return found_at(position(m, s, a, "index", false), true);
}
Result<Value> str_rindex(Meter& m, const Value& s, const Args& a) {
  return found_at(position(m, s, a, "rindex", true), true);
}

Result<Value> str_count(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "count", {"sub", "start", "end"}, 1));
  TRY_SET(const Text* sub, need_text(*a[0], "count"));
  TRY_SET(const Extent w, window(m, self, a[1], a[2]));
  if (w.begin > w.end) return Value::integer(0);
  const string_view s = string_view(self.text().bytes).substr(w.begin, w.end - w.begin);
  if (sub->bytes.empty()) {
    TRY(m.pass(s.size()));
    return Value::integer(static_cast<int64_t>(count_characters(s)) + 1);
  }
  int64_t n = 0;
  for (size_t at = 0;; n++) {
    TRY(m.step());
    TRY_SET(const size_t hit, find(m, s, sub->bytes, at));
    if (hit == string::npos) return Value::integer(n);
    at = hit + sub->bytes.size();
  }
}

Result<Value> str_join(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "join", {"iterable"}, 1));
  TRY_SET(const Sequence all, Sequence::of(m, *a[0]));
  Builder out(m);
  for (int64_t i = 0; i < all.size() && out.ok(); i++) {
    TRY_SET(const Value v, all.at(m, i));
    TRY_SET(const Text* t, need_text(v, "join"));
    if (i) out.add(self.text());
    out.add(*t);
  }
  return out.finish(self.text().safe);
}

Result<Value> without(Meter& m, const Value& self, const Args& args, bool prefix) {
  TRY_SET(const auto a, bind(args, prefix ? "removeprefix" : "removesuffix", {"affix"}, 1));
  TRY_SET(const Text* affix, need_text(*a[0], "removeprefix"));
  const string_view s = self.text().bytes;
  const size_t n = affix->bytes.size();
  TRY(m.pass(n));
  if (prefix ? !s.starts_with(affix->bytes) : !s.ends_with(affix->bytes)) return self;
  return prefix ? piece(m, self, n, s.size()) : piece(m, self, 0, s.size() - n);
}
Result<Value> str_removeprefix(Meter& m, const Value& self, const Args& a) { return without(m, self, a, true); }
Result<Value> str_removesuffix(Meter& m, const Value& self, const Args& a) { return without(m, self, a, false); }

Result<Value> partitioned(Meter& m, const Value& self, const Args& args, bool last) {
  TRY_SET(const auto a, bind(args, "partition", {"sep"}, 1));
  TRY_SET(const Text* sep, need_text(*a[0], "partition"));
  if (sep->bytes.empty()) return type_error("partition cannot separate at an empty string");
  const string_view s = self.text().bytes;
  size_t hit;
  if (last) {
    TRY(m.step(static_cast<int64_t>((s.size() * sep->bytes.size()) >> 10)));
    hit = s.rfind(sep->bytes);
  } else {
    TRY_SET(hit, find(m, s, sep->bytes));
  }
  const size_t none = last ? 0 : s.size();  // where everything goes without a separator
  const size_t end = hit == string::npos ? none : hit, next = hit == string::npos ? none : hit + sep->bytes.size();
  TRY_SET(Value head, piece(m, self, 0, end));
  TRY_SET(Value middle, piece(m, self, end, next));
  TRY_SET(Value tail, piece(m, self, next, s.size()));
  return make_list(m, {std::move(head), std::move(middle), std::move(tail)}, Kind::kTuple);
}
Result<Value> str_partition(Meter& m, const Value& self, const Args& a) { return partitioned(m, self, a, false); }
Result<Value> str_rpartition(Meter& m, const Value& self, const Args& a) { return partitioned(m, self, a, true); }

Result<Value> str_format(Meter& m, const Value& self, const Args& args) { return format_braces(m, self, args); }

// Tabs become spaces up to the next multiple of the tab size.
Result<Value> str_expandtabs(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "expandtabs", {"tabsize"}));
  TRY_SET(const int64_t stop, a[0] ? need_int(*a[0], "the tabsize of expandtabs") : Result<int64_t>(int64_t{8}));
  TRY_SET(const Value space, make_string(m, " "));
  const Text& t = self.text();
  TRY(m.pass(t.bytes.size()));
  Builder out(m);
  int64_t column = 0;
  size_t size;
  for (size_t i = 0; i < t.bytes.size() && out.ok(); i += size) {
    const char32_t c = decode(t.bytes, i, size);
    if (c == '\t') {
      const int64_t fill = stop > 0 ? stop - column % stop : 0;
      out.repeat(space.text(), fill);
      column += fill;
    } else {
      out.add(t, i, i + size);
      column = c == '\n' || c == '\r' ? 0 : column + 1;
    }
  }
  return out.finish(t.safe);
}

Result<Value> str_format_map(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "format_map", {"mapping"}, 1));
  // What is no dict has no names, which is an error where one is asked for.
  return format_braces(m, self, {}, a[0]->is(Kind::kDict) ? &a[0]->dict() : nullptr);
}

// side: -1 pads on the right, 1 on the left, 0 on both.
Result<Value> padded(Meter& m, const Value& self, const Args& args, int side) {
  TRY_SET(const auto a, bind(args, "padding", {"width", "fillchar"}, 1));
  TRY_SET(const int64_t width, need_int(*a[0], "a width"));
  TRY_SET(const Value space, make_string(m, " "));
  TRY_SET(const Text* fill, need_text(a[1] ? *a[1] : space, "padding"));
  if (count_characters(fill->bytes) != 1) return type_error("padding needs a single character");
  TRY_SET(const int64_t n, length(m, self));
  const int64_t pad = width > n ? width - n : 0;
  // Python's center gives the odd one to the left only when the width is odd too.
  const int64_t left = side > 0 ? pad : side < 0 ? 0 : pad / 2 + (pad & width & 1);
  Builder out(m);
  out.repeat(*fill, left);
  out.add(self.text());
  out.repeat(*fill, pad - left);
  return out.finish(self.text().safe);
}
Result<Value> str_center(Meter& m, const Value& self, const Args& a) { return padded(m, self, a, 0); }
Result<Value> str_ljust(Meter& m, const Value& self, const Args& a) { return padded(m, self, a, -1); }
Result<Value> str_rjust(Meter& m, const Value& self, const Args& a) { return padded(m, self, a, 1); }

Result<Value> str_zfill(Meter& m, const Value& self, const Args& args) {
  TRY_SET(const auto a, bind(args, "zfill", {"width"}, 1));
  TRY_SET(const int64_t width, need_int(*a[0], "a width"));
  TRY_SET(const int64_t n, length(m, self));
  TRY_SET(const Value zero, make_string(m, "0"));
  const Text& t = self.text();
  const size_t sign = !t.bytes.empty() && (t.bytes[0] == '-' || t.bytes[0] == '+');
  Builder out(m);
  out.add(t, 0, sign);
  out.repeat(zero.text(), width > n ? width - n : 0);
  out.add(t, sign, t.bytes.size());
  return out.finish(t.safe);
}

// Rows without a function are methods of Python that no published template was seen to use: errors that name them.
constexpr Entry kMethods[] = {
    {"capitalize", str_capitalize, kBare},
    {"casefold", nullptr},
    {"center", str_center},
    {"count", str_count},
    {"encode", nullptr},
    {"endswith", str_endswith},
    {"expandtabs", str_expandtabs},
    {"find", str_find},
    {"format", str_format},
    {"format_map", str_format_map},
    {"index", str_index},
    {"isalnum", str_isalnum, kBare},
    {"isalpha", str_isalpha, kBare},
    {"isascii", str_isascii, kBare},
    {"isdecimal", str_isdecimal, kBare},
    {"isdigit", str_isdigit, kBare},
    {"isidentifier", nullptr},
    {"islower", str_islower, kBare},
    {"isnumeric", str_isnumeric, kBare},
    {"isprintable", str_isprintable, kBare},
    {"isspace", str_isspace, kBare},
    {"istitle", str_istitle, kBare},
    {"isupper", str_isupper, kBare},
    {"join", str_join},
    {"ljust", str_ljust},
    {"lower", str_lower, kBare},
    {"lstrip", str_lstrip},
    {"maketrans", nullptr},
    {"partition", str_partition},
    {"removeprefix", str_removeprefix},
    {"removesuffix", str_removesuffix},
    {"replace", str_replace},
    {"rfind", str_rfind},
    {"rindex", str_rindex},
    {"rjust", str_rjust},
    {"rpartition", str_rpartition},
    {"rsplit", str_rsplit},
    {"rstrip", str_rstrip},
    {"split", str_split},
    {"splitlines", str_splitlines},
    {"startswith", str_startswith},
    {"strip", str_strip},
    {"swapcase", str_swapcase, kBare},
    {"title", str_title, kBare},
    {"translate", nullptr},
    {"upper", str_upper, kBare},
    {"zfill", str_zfill},
};

}  // namespace

std::span<const Entry> string_methods() { return kMethods; }

}  // namespace infer::text::jinja
