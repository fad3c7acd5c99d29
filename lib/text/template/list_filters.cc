// Filters on sequences and dicts.
#include <algorithm>
#include <unordered_set>

#include "text/template/filters.h"
#include "text/template/methods.h"
#include "text/template/operators.h"
#include "text/template/sequence.h"
#include "text/template/sort.h"

namespace infer::text::jinja {

namespace {

using std::string_view;
using Values = std::vector<Value>;

// "a.b.0" walked from an item: names and numbers, as subscripts. `fallback` stands in for what is missing.
Result<Value> follow(Meter& m, Value item, const Value& path, const Value* fallback) {
  if (path.is(Kind::kNone)) return item;
  if (!path.is_string()) return subscript(m, item, path);
  string_view rest = path.text().bytes;
  for (bool more = true; more;) {
    const size_t dot = rest.find('.');
    const string_view part = rest.substr(0, dot);
    more = dot != rest.npos;
    if (more) rest.remove_prefix(dot + 1);
    const bool number = !part.empty() && part.size() < 10 &&
                        std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
    int64_t index = 0;
    for (char c : part.substr(0, number ? part.size() : 0)) index = index * 10 + (c - '0');
    Value key = Value::integer(index);
    if (!number) {
      TRY_SET(key, make_string(m, part));
    }
    TRY_SET(item, subscript(m, item, key));
    if (fallback && !fallback->is(Kind::kNone) && item.is_undefined()) item = *fallback;
  }
  return item;
}

// What sorting and comparing goes by: an attribute if one is named, lower case unless case matters.
Result<Value> sort_key(Meter& m, const Value& item, const Value* path, bool case_sensitive) {
  TRY_SET(Value key, path ? follow(m, item, *path, nullptr) : Result<Value>(item));
  if (case_sensitive || !key.is_string()) return key;
  return string_method(m, key, "lower", {});
}

// "a,b" sorts by several attributes.
Result<Value> sort_keys(Meter& m, const Value& item, const Value* paths, bool case_sensitive) {
  if (!paths || !paths->is_string()) return sort_key(m, item, paths, case_sensitive);
  TRY_SET(const Value comma, make_string(m, ","));
  TRY_SET(const Value split, string_method(m, *paths, "split", {{comma}, {}}));
  Values keys;
  for (const Value& path : split.items()) {
    TRY_SET(Value key, sort_key(m, item, &path, case_sensitive));
    keys.push_back(std::move(key));
  }
  return make_list(m, std::move(keys));
}

bool flag(const Value* v) { return v && v->truthy(); }

// The `reverse` of a sort, which Python takes as a number.
Result<bool> reversed(const Value* v) {
  if (!v) return false;
  TRY_SET(const int64_t n, need_int(*v, "the argument 'reverse'"));
  return n != 0;
}

Result<Value> f_length(Meter& m, const Value& v, const Args&) {
  TRY_SET(const int64_t n, length(m, v));
  return Value::integer(n);
}

Result<Value> f_list(Meter& m, const Value& v, const Args&) {
  TRY_SET(Values items, Sequence::collect(m, v));
  return make_list(m, std::move(items));
}

Result<Value> f_first(Meter& m, const Value& v, const Args&) {
  if (v.is(Kind::kIterator)) {
    const auto& it = v.as<Iterator>();
    if (it.next < it.items.size()) return it.items[it.next++];
  } else {
    TRY_SET(const Sequence all, Sequence::of(m, v));
    if (all.size() > 0) return all.at(m, 0);
  }
  return undefined_because(m, "No first item, sequence was empty.");
}

Result<Value> f_last(Meter& m, const Value& v, const Args&) {
  if (v.is(Kind::kIterator)) return type_error("last cannot look from the end of a generator: use |list first");
  TRY_SET(const Sequence all, Sequence::of(m, v));
  if (all.size() > 0) return all.at(m, all.size() - 1);
  return undefined_because(m, "No last item, sequence was empty.");
}

Result<Value> f_join(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "join", {"d", "attribute"}));
  TRY_SET(const Sequence all, Sequence::of(m, v));
  Value separator;
  if (a[0]) {
    TRY_SET(separator, to_string(m, *a[0]));
  }
  Builder out(m);
  for (int64_t i = 0; i < all.size() && out.ok(); i++) {
    TRY_SET(Value item, all.at(m, i));
    if (a[1] && !a[1]->is(Kind::kNone)) {
      TRY_SET(item, follow(m, item, *a[1], nullptr));
    }
    if (i && a[0]) out.add(separator.text());
    print(out, m, item);
  }
  return out.finish();
}

Result<Value> f_items(Meter& m, const Value& v, const Args&) {
  if (v.is_undefined()) return make_iterator(m, {});
  if (!v.is(Kind::kDict)) return type_error(str("items needs a dict, not a '", type_name(v), "'"));
  Values out;
  for (const auto& e : v.dict().entries) {
    TRY_SET(Value pair, make_list(m, {e.key, e.value}, Kind::kTuple));
    out.push_back(std::move(pair));
  }
  return make_iterator(m, std::move(out));
}

Result<Value> f_dictsort(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "dictsort", {"case_sensitive", "by", "reverse"}));
  if (!v.is(Kind::kDict))
    return type_error(v.is_undefined() ? why_undefined(v) : str("dictsort needs a dict, not a '", type_name(v), "'"));
  const string_view by = a[1] && a[1]->is_string() ? string_view(a[1]->text().bytes) : "key";
  if (by != "key" && by != "value") return type_error("dictsort sorts by 'key' or 'value'");
  const auto& entries = v.dict().entries;
  std::vector<Sortable> order;
  for (size_t i = 0; i < entries.size(); i++) {
    TRY_SET(Value key, sort_key(m, by == "key" ? entries[i].key : entries[i].value, nullptr, flag(a[0])));
    order.push_back({std::move(key), i});
  }
  TRY_SET(const bool reverse, reversed(a[2]));
  TRY(sort(m, order, reverse));
  Values out;
  for (const Sortable& s : order) {
    TRY_SET(Value pair, make_list(m, {entries[s.index].key, entries[s.index].value}, Kind::kTuple));
    out.push_back(std::move(pair));
  }
  return make_list(m, std::move(out));
}

Result<Value> f_sort(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "sort", {"reverse", "case_sensitive", "attribute"}));
  TRY_SET(Values items, Sequence::collect(m, v));
  std::vector<Sortable> order;
  for (size_t i = 0; i < items.size(); i++) {
    TRY_SET(Value key, sort_keys(m, items[i], a[2], flag(a[1])));
    order.push_back({std::move(key), i});
  }
  TRY_SET(const bool reverse, reversed(a[0]));
  TRY(sort(m, order, reverse));
  Values out;
  for (const Sortable& s : order) out.push_back(items[s.index]);
  return make_list(m, std::move(out));
}

Result<Value> f_unique(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "unique", {"case_sensitive", "attribute"}));
  TRY_SET(Values items, Sequence::collect(m, v));
  std::unordered_set<std::string> texts;
  Values others, out;
  for (Value& item : items) {
    TRY_SET(Value key, sort_key(m, item, a[1], flag(a[0])));
    TRY(check_hashable(m, key));
    if (key.is_string()) {
      TRY(m.pass(key.text().bytes.size()));
      if (!texts.insert(key.text().bytes).second) continue;
    } else {
      bool seen = false;
      for (size_t i = 0; i < others.size() && !seen; i++) {
        TRY_SET(seen, equal(m, others[i], key));
      }
      if (seen) continue;
      others.push_back(std::move(key));
    }
    out.push_back(std::move(item));
  }
  return make_iterator(m, std::move(out));
}

Result<Value> extreme(Meter& m, const Value& v, const Args& args, bool largest) {
  TRY_SET(const auto a, bind(args, largest ? "max" : "min", {"case_sensitive", "attribute"}));
  TRY_SET(const Sequence all, Sequence::of(m, v));
  if (all.size() == 0) return undefined_because(m, "No aggregated item, sequence was empty.");
  TRY_SET(Value best, all.at(m, 0));
  TRY_SET(Value best_key, sort_key(m, best, a[1], flag(a[0])));
  for (int64_t i = 1; i < all.size(); i++) {
    TRY_SET(Value item, all.at(m, i));
    TRY_SET(Value key, sort_key(m, item, a[1], flag(a[0])));
    TRY_SET(const bool better, largest ? less(m, best_key, key) : less(m, key, best_key));
    if (better) best = std::move(item), best_key = std::move(key);
  }
  return best;
}
Result<Value> f_min(Meter& m, const Value& v, const Args& a) { return extreme(m, v, a, false); }
Result<Value> f_max(Meter& m, const Value& v, const Args& a) { return extreme(m, v, a, true); }

Result<Value> f_sum(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "sum", {"attribute", "start"}));
  TRY_SET(const Sequence all, Sequence::of(m, v));
  Value total = a[1] ? *a[1] : Value::integer(0);
  if (total.is_string()) return type_error("sum cannot add strings: use join");
  for (int64_t i = 0; i < all.size(); i++) {
    TRY_SET(Value item, all.at(m, i));
    if (a[0] && !a[0]->is(Kind::kNone)) {
      TRY_SET(item, follow(m, item, *a[0], nullptr));
    }
    TRY_SET(total, arithmetic(m, Op::kAdd, total, item));
  }
  return total;
}

Result<Value> f_reverse(Meter& m, const Value& v, const Args&) {
  TRY_SET(Values items, Sequence::collect(m, v));
  std::reverse(items.begin(), items.end());
  if (v.is(Kind::kIterator) || v.is_undefined()) return make_list(m, std::move(items));
  if (!v.is_string()) return make_iterator(m, std::move(items));
  Builder out(m);
  for (const Value& c : items) out.add(c.text());
  return out.finish(v.text().safe);
}

Result<Value> f_batch(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "batch", {"linecount", "fill_with"}, 1));
  TRY_SET(const int64_t width, need_int(*a[0], "the linecount of batch"));
  TRY_SET(const Values items, Sequence::collect(m, v));
  Values out, line;
  auto close = [&]() -> Status {
    TRY_SET(Value list, make_list(m, std::move(line)));
    out.push_back(std::move(list));
    line.clear();
    return {};
  };
  for (const Value& item : items) {
    if (static_cast<int64_t>(line.size()) == width) TRY(close());
    line.push_back(item);
  }
  if (!line.empty() && a[1] && !a[1]->is(Kind::kNone)) {
    for (int64_t n = static_cast<int64_t>(line.size()); n < width; n++) {
      TRY(m.step(16));
      line.push_back(*a[1]);
    }
  }
  if (!line.empty()) TRY(close());
  return make_iterator(m, std::move(out));
}

Result<Value> f_slice(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "slice", {"slices", "fill_with"}, 1));
  TRY_SET(const int64_t slices, need_int(*a[0], "the number of slices"));
  if (slices < 1) return type_error("slice needs at least one slice");
  TRY_SET(const Values items, Sequence::collect(m, v));
  const int64_t n = static_cast<int64_t>(items.size());
  Values out;
  int64_t at = 0;
  for (int64_t i = 0; i < slices; i++) {
    TRY(m.step(16));
    const int64_t size = n / slices + (i < n % slices);
    Values part(items.begin() + at, items.begin() + at + size);
    if (a[1] && !a[1]->is(Kind::kNone) && i >= n % slices) part.push_back(*a[1]);
    TRY_SET(Value list, make_list(m, std::move(part)));
    out.push_back(std::move(list));
    at += size;
  }
  return make_iterator(m, std::move(out));
}

// Items with equal keys together, in the order of the keys: (grouper, list) each.
Result<Value> f_groupby(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "groupby", {"attribute", "default", "case_sensitive"}, 1));
  TRY_SET(const Values items, Sequence::collect(m, v));
  const bool by_case = flag(a[2]);
  std::vector<Sortable> order;
  for (size_t i = 0; i < items.size(); i++) {
    TRY_SET(Value key, follow(m, items[i], *a[0], a[1]));
    TRY_SET(key, sort_key(m, key, nullptr, by_case));
    order.push_back({std::move(key), i});
  }
  TRY(sort(m, order, false));
  Values groups;
  for (size_t i = 0; i < order.size();) {
    Values members;
    const size_t first = i;
    for (bool same = true; same;) {
      members.push_back(items[order[i++].index]);
      same = i < order.size();
      if (same) {
        TRY_SET(same, equal(m, order[first].key, order[i].key));
      }
    }
    TRY_SET(Value key, follow(m, members[0], *a[0], a[1]));
    TRY_SET(Value list, make_list(m, std::move(members)));
    TRY_SET(const Value pair, make_list(m, {std::move(key), std::move(list)}, Kind::kTuple));
    const_cast<List&>(pair.as<List>()).group = true;  // still ours alone
    groups.push_back(pair);
  }
  return make_list(m, std::move(groups));
}

Result<Value> f_attr(Meter& m, const Value& v, const Args& args) {
  TRY_SET(const auto a, bind(args, "attr", {"name"}, 1));
  TRY_SET(const Text* name, need_text(*a[0], "attr"));
  if (v.is_undefined()) return type_error(why_undefined(v));
  bool found = false;
  TRY_SET(Value member, member_of(m, v, name->bytes, found));
  if (found) return member;
  return undefined_attribute(m, v, name->bytes);
}

Result<Value> f_map(Meter& m, const Value& v, const Args& args) {
  if (!v.truthy()) return make_iterator(m, {});
  TRY_SET(Values items, Sequence::collect(m, v));
  if (args.positional.empty()) {
    TRY_SET(const auto a, bind(args, "map", {"attribute", "default"}, 1));
    for (Value& item : items) {
      TRY_SET(item, follow(m, item, *a[0], a[1]));
    }
    return make_iterator(m, std::move(items));
  }
  TRY_SET(const Text* name, need_text(args.positional[0], "map"));
  const Entry* filter = find_filter(name->bytes);
  if (!filter) return Status::unsupported(str("there is no filter '", name->bytes.substr(0, 100), "'"));
  if (filter->call == f_map) return Status::unsupported("map of map is not supported");
  const Args rest{{args.positional.begin() + 1, args.positional.end()}, args.named};
  for (Value& item : items) {
    TRY_SET(item, invoke(*filter, m, item, rest));
  }
  return make_iterator(m, std::move(items));
}

// select, reject and their attr forms: args are [attribute,] [test, its arguments...].
Result<Value> chosen(Meter& m, const Value& v, const Args& args, bool by_attribute, bool wanted) {
  if (!v.truthy()) return make_iterator(m, {});
  TRY_SET(Values items, Sequence::collect(m, v));
  const size_t off = by_attribute;
  if (by_attribute && args.positional.empty()) return type_error("selectattr needs the name of an attribute");
  const Entry* test = nullptr;
  Args rest;
  if (args.positional.size() > off) {
    TRY_SET(const Text* name, need_text(args.positional[off], "select"));
    test = find_test(name->bytes);
    if (!test) return Status::unsupported(str("there is no test '", name->bytes.substr(0, 100), "'"));
    rest = {{args.positional.begin() + static_cast<std::ptrdiff_t>(off) + 1, args.positional.end()}, args.named};
  }
  Values out;
  for (Value& item : items) {
    TRY_SET(Value subject, by_attribute ? follow(m, item, args.positional[0], nullptr) : Result<Value>(item));
    if (test) {
      TRY_SET(subject, invoke(*test, m, subject, rest));
    }
    if (subject.truthy() == wanted) out.push_back(std::move(item));
  }
  return make_iterator(m, std::move(out));
}
Result<Value> f_select(Meter& m, const Value& v, const Args& a) { return chosen(m, v, a, false, true); }
Result<Value> f_reject(Meter& m, const Value& v, const Args& a) { return chosen(m, v, a, false, false); }
Result<Value> f_selectattr(Meter& m, const Value& v, const Args& a) { return chosen(m, v, a, true, true); }
Result<Value> f_rejectattr(Meter& m, const Value& v, const Args& a) { return chosen(m, v, a, true, false); }

constexpr Entry kFilters[] = {
    {"attr", f_attr},
    {"batch", f_batch},
    {"count", f_length, kBare},
    {"dictsort", f_dictsort},
    {"first", f_first, kBare},
    {"groupby", f_groupby},
    {"items", f_items, kBare},
    {"join", f_join},
    {"last", f_last, kBare},
    {"length", f_length, kBare},
    {"list", f_list, kBare},
    {"map", f_map},
    {"max", f_max},
    {"min", f_min},
    {"reject", f_reject},
    {"rejectattr", f_rejectattr},
    {"reverse", f_reverse, kBare},
    {"select", f_select},
    {"selectattr", f_selectattr},
    {"slice", f_slice},
    {"sort", f_sort},
    {"sum", f_sum},
    {"unique", f_unique},
};

}  // namespace

std::span<const Entry> list_filters() { return kFilters; }

}  // namespace infer::text::jinja
