// Strings: a length alone is a counted repetition, a pattern alone is compiled as it is; more than that, and what is
// chosen among strings, is worked out as a Language.
#include <algorithm>
#include <array>

#include "text/constraint/formats.h"
#include "text/constraint/regex.h"
#include "text/constraint/schema_compiler.h"

namespace infer::text::json_schema {

using Expr = Grammar::Expr;

Compiler::StringFacts Compiler::string_facts(const Conjunction& c) {
  StringFacts f;
  for (const SchemaId id : c.all) {
    const Schema& s = d_[id];
    f.least = std::max(f.least, s.min_length);
    if (s.max_length >= 0) f.most = f.most < 0 ? s.max_length : std::min(f.most, s.max_length);
    if (s.pattern) f.patterns.emplace_back(*s.pattern, true);
    if (!s.format) continue;
    if (const auto pattern = format_pattern(*s.format)) {
      f.patterns.emplace_back(*pattern, false);
    } else {
      failed(c, str("the format '", shortened(*s.format), "' is not supported"), "leave it out, or write a pattern");
    }
  }
  std::sort(f.patterns.begin(), f.patterns.end());
  f.patterns.erase(std::unique(f.patterns.begin(), f.patterns.end()), f.patterns.end());
  return f;
}

static std::vector<uint32_t> key_of(const std::vector<CodeRange>& ranges) {
  std::vector<uint32_t> key;
  for (const CodeRange r : ranges) key.push_back(r.first), key.push_back(r.last);
  return key;
}

// What a class has of characters with escapes, of other ASCII, and of the rest: the first and the last are made once,
// as most classes have all of them.
Expr Compiler::characters(Grammar& g, const std::vector<CodeRange>& ranges, bool negated) {
  std::array<std::vector<CodeRange>, 3> kinds;
  constexpr std::pair<CodeRange, size_t> kStretches[] = {{{0, 0x1f}, 0},       {{0x20, 0x21}, 1}, {{0x22, 0x22}, 0},
                                                         {{0x23, 0x5b}, 1},    {{0x5c, 0x5c}, 0}, {{0x5d, 0x7f}, 1},
                                                         {{0x80, 0x10ffff}, 2}};
  for (const CodeRange r : tidy_ranges(ranges, negated)) {
    for (const auto& [stretch, kind] : kStretches) {
      const CodeRange part{std::max(r.first, stretch.first), std::min(r.last, stretch.last)};
      if (part.first <= part.last) kinds[kind].push_back(part);
    }
  }
  std::vector<Expr> options;
  for (const auto& part : kinds) {
    auto key = key_of(part);
    auto known = characters_.find(key);
    if (known == characters_.end())
      known = characters_.emplace(std::move(key), text_.once(json_code_points(g, part, false), "characters")).first;
    options.push_back(known->second);
  }
  return g.choice(options);
}

Expr Compiler::string(const Conjunction& c) {
  const StringFacts f = string_facts(c);
  if (f.most >= 0 && f.least > f.most) return Grammar::kNothing;
  const bool counted = f.least > 0 || f.most >= 0;
  if (f.patterns.empty()) {
    if (!counted) return text_.any_string();
    if (std::max(f.least, f.most) > g_.limits().repetition)
      return failed(c,
                    str("a string of ", std::max(f.least, f.most), " characters, more than ", g_.limits().repetition),
                    "use smaller minLength and maxLength");
    const auto least = static_cast<int32_t>(f.least), most = static_cast<int32_t>(f.most);
    return text_.quoted(g_.repeat(text_.character(), least, most));
  }
  if (f.patterns.size() == 1 && !counted) {
    const auto& [pattern, search] = f.patterns[0];
    const Result<Expr> inside = compile_regex(g_, pattern, {.search = search, .code_points = code_points()});
    if (inside.ok()) return text_.quoted(*inside);
    g_.fail(inside.status().in(c.path));
    return Grammar::kNothing;
  }
  const std::optional<Language> all = string_language(c);
  return all ? in_quotes(*all, c.path) : Grammar::kNothing;
}

// The end of a string is in the rules of what is before it: no place within a string is the end of a rule (masks.h).
Expr Compiler::in_quotes(const Language& language, const std::string& name) {
  const Expr quote = g_.literal("\"");
  const auto rest = [&](const std::vector<CodeRange>& ranges) {
    const auto [known, is_new] = rests_.try_emplace(key_of(ranges));
    if (is_new) {
      const Grammar::Rule rule = g_.declare("rest of a string");
      g_.define(rule, g_.sequence({g_.repeat(characters(g_, ranges, false), 0), quote}));
      known->second = g_.refer(rule);
    }
    return known->second;
  };
  return g_.sequence({quote, language.emit(g_, {code_points(), quote, rest}, name)});
}

const Language* Compiler::pattern_language(const std::string& pattern, bool search, const std::string& path) {
  const auto known = languages_.find({pattern, search});
  if (known != languages_.end()) return known->second ? &*known->second : nullptr;
  Result<std::optional<Language>> made = Language::pattern(pattern, search, g_.limits());
  if (!made.ok()) g_.fail(made.status().in(path));
  work_ += made.ok() && *made ? 200 + (*made)->size() : 30'000;
  auto& kept = languages_[{pattern, search}];
  if (made.ok()) kept = made.take();
  return kept ? &*kept : nullptr;
}

std::optional<Language> Compiler::string_language(const Conjunction& c, bool quiet) {
  if (c.never || (c.types & kString) == 0) return Language::of({});
  if (!c.choices.empty()) return chosen_language(c, quiet);
  for (const SchemaId id : c.all) {
    if (!d_[id].values) continue;
    std::vector<std::string> texts;
    for (const Json* v : values(c))
      if (v->is(Json::Kind::kString)) texts.push_back(v->text);
    return Language::of(std::move(texts));
  }
  const StringFacts f = string_facts(c);
  std::optional<Language> all = Language::all();
  for (const auto& [pattern, search] : f.patterns) {
    const Language* const one = all ? pattern_language(pattern, search, c.path) : nullptr;
    all = one ? spent(c, Language::both(*all, *one)) : std::nullopt;
  }
  if (all && (f.least > 0 || f.most >= 0) && !all->none()) {  // where the patterns do not say it already
    const auto [shortest, longest] = all->extent();
    const int64_t least = shortest >= f.least ? 0 : f.least,
                  most = f.most < 0 || (longest >= 0 && longest <= f.most) ? -1 : f.most;
    const std::optional<Language> lengths = Language::lengths(least, most);
    if (least > 0 || most >= 0) all = lengths ? spent(c, Language::both(*all, *lengths)) : std::nullopt;
  }
  if (!all && !quiet)
    failed(c, "'pattern', 'format', 'minLength' and 'maxLength' together, or names, need too large an automaton here",
           "use smaller bounds, or say it in one pattern");
  return all;
}

// anyOf: in one branch or more; oneOf: not in two.
std::optional<Language> Compiler::chosen_language(const Conjunction& c, bool quiet) {
  const auto either = [](bool x, bool y) { return x || y; };
  Conjunction rest = c;
  const Choice choice = rest.choices.front();
  rest.choices.erase(rest.choices.begin());
  std::optional<Language> some = Language::of({}), twice = Language::of({});
  for (const SchemaId id : choice.one ? d_[choice.id].one_of : d_[choice.id].any_of) {
    const std::optional<Language> branch = string_language(with(rest, id), quiet);
    if (!branch) return std::nullopt;
    const std::optional<Language> also = spent(c, Language::both(*some, *branch));
    if (!also || !(twice = spent(c, Language::combine(*twice, *also, either)))) return std::nullopt;
    if (!(some = spent(c, Language::combine(*some, *branch, either)))) return std::nullopt;
  }
  std::optional<Language> exact = choice.one ? Language::without(*some, *twice) : some;
  if (!exact && !quiet) failed(c, "anyOf and oneOf among strings need too large an automaton here");
  return exact;
}

}  // namespace infer::text::json_schema
