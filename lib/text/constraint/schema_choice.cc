// anyOf, and oneOf: of branches that exclude each other it is the same. Else a branch is taken without what others also
// match, where that can be said: by types, and by required members that are absent. Strings are counted exactly.
#include <algorithm>

#include "text/constraint/schema_compiler.h"

namespace infer::text::json_schema {
namespace {

using Expr = Grammar::Expr;

constexpr size_t kMostChoices = 16;  // anyOf and oneOf that apply to one value
constexpr size_t kMostWays = 64;     // of one branch without the others

}  // namespace

Expr Compiler::build_choice(const Conjunction& c) {
  if (c.choices.size() > kMostChoices)
    return failed(c, str("more than ", kMostChoices, " of anyOf and oneOf apply here"));
  Conjunction rest = c;
  const Choice choice = rest.choices.front();
  rest.choices.erase(rest.choices.begin());
  if (choice.one) return exactly_one(c, rest, d_[choice.id].one_of);
  std::vector<Expr> options;
  for (const SchemaId id : d_[choice.id].any_of) options.push_back(compile(with(rest, id)));
  return g_.choice(options);
}

Expr Compiler::exactly_one(const Conjunction& c, const Conjunction& rest, const std::vector<SchemaId>& branches) {
  std::vector<Conjunction> all;
  for (const SchemaId id : branches) all.push_back(with(rest, id));
  std::vector<std::vector<size_t>> overlaps(all.size());
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t k = i + 1; k < all.size(); ++k) {
      if (!spend(c, static_cast<int64_t>(1 + all[i].all.size()))) return Grammar::kNothing;
      if (all[i].never || all[k].never || empty(with(all[i], branches[k]), 0)) continue;
      if (c.types == kString) {
        const auto language = string_language(c);
        return language ? in_quotes(*language, c.path) : Grammar::kNothing;
      }
      overlaps[i].push_back(k);
      overlaps[k].push_back(i);
    }
  }
  std::vector<Expr> options;
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<Conjunction> alone{all[i]};
    for (const size_t k : overlaps[i]) {
      const std::optional<Ways> ways = ways_not(branches[k]);
      if (!ways || !take_away(alone, *ways))
        return failed(c,
                      str("oneOf: branches ", i, " and ", k, " may both match: ", d_[branches[i]].path, " and ",
                          d_[branches[k]].path),
                      "make them differ by type, or by a required property with another const; or use anyOf");
    }
    for (const Conjunction& one : alone) options.push_back(compile(one));
  }
  return g_.choice(options);
}

// Each is split by the ways.
bool Compiler::take_away(std::vector<Conjunction>& from, const Ways& ways) {
  std::vector<Conjunction> rest;
  for (const Conjunction& one : from) {
    for (const auto& [types, absent] : ways) {
      Conjunction part = one;
      part.types &= types;
      if (!absent.empty()) part.absent.insert(absent);
      if (part.types == 0) continue;
      // A number that is not whole has no grammar of its own.
      if ((part.types & (kInteger | kFraction)) == kFraction || rest.size() == kMostWays) return false;
      rest.push_back(std::move(part));
    }
  }
  from = std::move(rest);
  return true;
}

std::optional<Compiler::Ways> Compiler::ways_not(SchemaId id) const {
  Conjunction c;
  add(c, id);
  if (c.never) return Ways{{kAnyType, ""}};
  if (!c.choices.empty()) return std::nullopt;
  Ways ways;
  if (c.types != kAnyType) ways.emplace_back(kAnyType & ~c.types, "");
  for (const SchemaId part : c.all) {
    Schema rest = d_[part];  // all else that it says
    rest.types = kAnyType;
    if ((c.types & kObject) != 0)
      for (const std::string& name : rest.required) ways.emplace_back(kObject, name);
    rest.required.clear();
    for (const auto& [name, value] : rest.properties) {
      Conjunction any;
      add(any, value);
      if (any.never || !any.all.empty()) return std::nullopt;
    }
    rest.properties.clear();
    if (rest.says_something()) return std::nullopt;
  }
  return ways;
}

}  // namespace infer::text::json_schema
