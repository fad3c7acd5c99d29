// Objects: the listed members in order, each with what all schemas say of its name, then others. Other names are a
// Language without the listed ones, in parts that the same patternProperties apply to. Names are written with the
// escapes that they need and no others, so that no name has two spellings.
#include <algorithm>

#include "text/constraint/schema_compiler.h"

namespace infer::text::json_schema {
namespace {

using Expr = Grammar::Expr;

constexpr size_t kMostParts = 64;       // of other names
constexpr int64_t kMostCounted = 1000;  // listed members times their count, where it is bounded

}  // namespace

Compiler::ObjectFacts Compiler::object_facts(const Conjunction& c) const {
  ObjectFacts f;
  std::set<std::string_view> listed, required;
  for (const SchemaId id : c.all) {
    const Schema& s = d_[id];
    f.least = std::max(f.least, s.min_properties);
    if (s.max_properties >= 0) f.most = f.most < 0 ? s.max_properties : std::min(f.most, s.max_properties);
    for (const auto& [name, value] : s.properties)
      if (listed.insert(name).second) f.names.push_back(name);
    f.closed = f.closed || (s.additional && d_[*s.additional].never && s.pattern_properties.empty());
  }
  for (const std::string& name : c.absent)  // listed, so that it is none of the others
    if (listed.insert(name).second) f.names.push_back(name);
  for (const SchemaId id : c.all) {
    for (const std::string& name : d_[id].required) {
      if (listed.insert(name).second) f.names.push_back(name);
      if (required.insert(name).second) f.required.push_back(name);
    }
  }
  return f;
}

// What the member's value must be.
Compiler::Conjunction Compiler::member(const Conjunction& c, const std::string& name) {
  Conjunction one;
  one.never = c.absent.contains(name);
  for (const SchemaId id : c.all) {
    const Schema& s = d_[id];
    bool known = false;
    if (const SchemaId* value = s.property(name)) add(one, *value), known = true;
    for (const auto& [pattern, value] : s.pattern_properties) {
      const Language* const names = pattern_language(pattern, true, s.path);
      if (!names)
        failed(c, str("the pattern '", shortened(pattern), "' of patternProperties needs too large an automaton"));
      if (names && names->has(name)) add(one, value), known = true;
    }
    if (!known && s.additional) add(one, *s.additional);
    if (!s.names) continue;
    Json text{.kind = Json::Kind::kString, .text = name};
    one.never = one.never || !takes(*s.names, text);
  }
  return one;
}

std::optional<Language> Compiler::other_names(const Conjunction& c, const ObjectFacts& f) {
  Conjunction names;
  for (const SchemaId id : c.all)
    if (d_[id].names) add(names, *d_[id].names);
  if (names.all.empty() && !names.never) return Language::all_but(f.names);
  const std::optional<Language> all = string_language(names);
  return all ? spent(c, Language::without(*all, Language::of(f.names))) : std::nullopt;
}

// Into parts of names with the patterns that they match.
bool Compiler::split_names(const Conjunction& c, const ObjectFacts& f, const std::vector<std::string>& patterns,
                           std::vector<std::pair<Language, std::set<std::string>>>& parts) {
  std::optional<Language> names = other_names(c, f);
  if (!names) return false;
  parts.emplace_back(std::move(*names), std::set<std::string>());
  for (const std::string& pattern : patterns) {
    const Language* const matching = pattern_language(pattern, true, c.path);
    if (!matching) return false;
    for (size_t i = 0, n = parts.size(); i < n; ++i) {
      std::optional<Language> inside = spent(c, Language::both(parts[i].first, *matching));
      std::optional<Language> outside = spent(c, Language::without(parts[i].first, *matching));
      if (!inside || !outside || parts.size() > kMostParts) return false;
      std::set<std::string> matched = parts[i].second;
      parts[i].first = std::move(*outside);
      matched.insert(pattern);
      if (!inside->none()) parts.emplace_back(std::move(*inside), std::move(matched));
    }
  }
  return true;
}

Expr Compiler::other_members(const Conjunction& c, const ObjectFacts& f) {
  if (f.closed) return Grammar::kNothing;
  bool plain = f.names.empty();
  std::vector<std::string> patterns;
  for (const SchemaId id : c.all) {
    plain = plain && !d_[id].names && d_[id].pattern_properties.empty();
    for (const auto& [pattern, value] : d_[id].pattern_properties)
      if (std::find(patterns.begin(), patterns.end(), pattern) == patterns.end()) patterns.push_back(pattern);
  }
  const auto value_of = [&](const std::set<std::string>& matched) {
    Conjunction one;
    for (const SchemaId id : c.all) {
      const Schema& s = d_[id];
      bool known = false;
      for (const auto& [pattern, value] : s.pattern_properties)
        if (matched.contains(pattern)) add(one, value), known = true;
      if (!known && s.additional) add(one, *s.additional);
    }
    return compile(one);
  };
  if (plain) return g_.sequence({text_.any_string(), text_.colon(), value_of({})});
  std::vector<std::pair<Language, std::set<std::string>>> parts;
  if (!split_names(c, f, patterns, parts))
    return failed(c, "the names of patternProperties, propertyNames and properties need too large an automaton here",
                  "use simpler patterns, or additionalProperties: false");
  std::vector<Expr> options;
  for (const auto& [language, matched] : parts) {
    const Expr value = value_of(matched);
    if (value == Grammar::kNothing || language.none()) continue;
    const Expr name = in_quotes(language, str("names in ", c.path));
    options.push_back(g_.sequence({name, text_.colon(), value}));
  }
  return g_.choice(options);
}

Expr Compiler::object(const Conjunction& c) {
  const ObjectFacts f = object_facts(c);
  const std::set<std::string_view> required(f.required.begin(), f.required.end());
  std::vector<Member> members;
  int64_t needed = 0;
  for (const std::string& name : f.names) {
    if (!spend(c, static_cast<int64_t>(1 + c.all.size()))) return Grammar::kNothing;
    const Expr value = compile(member(c, name));
    const bool must = required.contains(name);
    if (value == Grammar::kNothing && must) return Grammar::kNothing;
    if (value == Grammar::kNothing) continue;
    const Expr key = g_.literal("\"" + json_escaped(name) + "\"");
    members.push_back({text_.once(g_.sequence({key, text_.colon(), value}), c.path), must});
    needed += must ? 1 : 0;
  }
  Expr other = text_.once(other_members(c, f), c.path);
  const auto n = static_cast<int64_t>(members.size());
  if (f.most == n && needed == n) other = Grammar::kNothing;
  const bool bounded_above = f.most >= 0 && (f.most < n || other != Grammar::kNothing);
  if (f.least > needed || bounded_above) return counted(c, members, other, f.least, bounded_above ? f.most : -1);
  return text_.enclosed('{', any_number_of(members, other), needed == 0, '}');
}

// At least one member. Of a part of the list: `first` when nothing was written before it, and not empty; `more` when
// something was. Halves of halves, so that what is laid out grows with n log n.
Expr Compiler::any_number_of(const std::vector<Member>& members, Expr other) {
  struct Part {
    Expr first, more;
    bool may_be_empty;
  };
  std::vector<Part> parts;
  for (const Member& m : members) {
    const Expr more = g_.sequence({text_.separator(), m.text});
    parts.push_back({m.text, m.required ? more : g_.optional(more), !m.required});
  }
  if (other != Grammar::kNothing) {
    const Expr more = g_.repeat(g_.sequence({text_.separator(), other}), 0);
    parts.push_back({g_.sequence({other, more}), more, true});
  }
  if (parts.empty()) return Grammar::kNothing;
  while (parts.size() > 1) {
    std::vector<Part> halves;
    for (size_t i = 0; i < parts.size(); i += 2) {
      if (i + 1 == parts.size()) {
        halves.push_back(parts[i]);
        continue;
      }
      const Part &a = parts[i], &b = parts[i + 1];
      const Expr both = g_.sequence({a.first, b.more});
      halves.push_back({a.may_be_empty ? g_.choice({both, b.first}) : both, g_.sequence({a.more, b.more}),
                        a.may_be_empty && b.may_be_empty});
    }
    parts = std::move(halves);
  }
  return parts[0].first;
}

// Between least and most members: by the number that was written so far.
Expr Compiler::counted(const Conjunction& c, const std::vector<Member>& members, Expr other, int64_t least,
                       int64_t most) {
  const auto n = static_cast<int64_t>(members.size());
  const int64_t enough = std::max(least, most) + 1;  // counts from there on are alike
  if (std::max(least, most) > g_.limits().repetition || (n > 0 && (n + 1) * (std::min(n, enough) + 1) > kMostCounted))
    return failed(c, "minProperties and maxProperties count too many properties here",
                  "use fewer, or list them in required");
  const auto rest = [&](int64_t count) -> Expr {
    const int64_t need = std::max<int64_t>(0, least - count), room = most < 0 ? -1 : most - count;
    if (other == Grammar::kNothing || room == 0) return need > 0 ? Grammar::kNothing : Grammar::kEmpty;
    if (room >= 0 && need > room) return Grammar::kNothing;
    const auto more = [&](int64_t k) { return static_cast<int32_t>(std::max<int64_t>(k, -1)); };
    if (count > 0) return g_.repeat(g_.sequence({text_.separator(), other}), more(need), more(room));
    const Expr inside = g_.sequence({other, g_.repeat(g_.sequence({text_.separator(), other}),
                                                      more(std::max<int64_t>(need - 1, 0)), more(room - 1))});
    return need > 0 ? inside : g_.optional(inside);
  };
  // after[k]: what may follow when k of the members before were written.
  std::vector<Expr> after;
  for (int64_t k = 0; k <= n; ++k) after.push_back(most >= 0 && k > most ? Grammar::kNothing : rest(k));
  for (int64_t i = n - 1; i >= 0; --i) {
    const Member& m = members[static_cast<size_t>(i)];
    for (int64_t k = 0; k <= i; ++k) {
      const Expr then = after[static_cast<size_t>(k) + 1];
      const Expr written = g_.sequence({k > 0 ? text_.separator() : Grammar::kEmpty, m.text, then});
      const Expr e = m.required ? written : g_.choice({written, after[static_cast<size_t>(k)]});
      after[static_cast<size_t>(k)] = e == Grammar::kNothing ? e : text_.once(e, c.path);
    }
  }
  if (after[0] == Grammar::kNothing) return after[0];
  return g_.sequence({g_.literal("{"), text_.space(), after[0], text_.space(), g_.literal("}")});
}

}  // namespace infer::text::json_schema
