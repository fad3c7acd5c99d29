// Whether it is certain that no value satisfies a conjunction: for branches of oneOf that exclude each other, and for
// members that can never be there. False means: not seen to be so.
#include <algorithm>

#include "text/constraint/schema_compiler.h"

namespace infer::text::json_schema {
namespace {

constexpr int kMostDepth = 5;      // of properties and items
constexpr size_t kMostItems = 64;  // that are looked at

}  // namespace

bool Compiler::empty(const Conjunction& c, int depth) {
  if (c.never) return true;
  if (c.all.empty() || depth > kMostDepth || !spend(c, static_cast<int64_t>(4 + c.all.size()))) return false;
  const auto has_values = [&](SchemaId id) { return d_[id].values.has_value(); };
  if (std::any_of(c.all.begin(), c.all.end(), has_values)) {
    if (values(c).empty()) return true;
  } else {
    bool some = false;
    for (const Type t : {kNull, kBoolean, kInteger, kFraction, kString, kArray, kObject})
      some = some || ((c.types & t) != 0 && !empty_type(c, t, depth));
    if (!some) return true;
  }
  for (const Choice& choice : c.choices) {
    Conjunction rest = c;
    std::erase(rest.choices, choice);
    const std::vector<SchemaId>& branches = choice.one ? d_[choice.id].one_of : d_[choice.id].any_of;
    if (std::all_of(branches.begin(), branches.end(), [&](SchemaId id) { return empty(with(rest, id), depth + 1); }))
      return true;
  }
  return false;
}

bool Compiler::empty_type(const Conjunction& c, Type type, int depth) {
  switch (type) {
    case kNull:
    case kBoolean:
    case kAnyType:
      return false;
    case kInteger:
    case kFraction: {
      const NumberRange r = range(c, type == kInteger);
      return r.empty() || (type == kFraction && r.low && r.high && *r.low == *r.high && r.low->integral());
    }
    case kString: {
      Conjunction plain = c;
      plain.choices.clear();
      const StringFacts f = string_facts(plain);
      if (f.most >= 0 && f.least > f.most) return true;
      if (f.patterns.empty() || (f.patterns.size() == 1 && f.least == 0 && f.most < 0)) return false;
      const auto language = string_language(plain, true);
      return language && language->none();
    }
    case kArray: {
      const ArrayFacts f = array_facts(c);
      if (f.most >= 0 && f.least > f.most) return true;
      const size_t n = std::min({static_cast<size_t>(f.least), f.fixed + 1, kMostItems});
      for (size_t i = 0; i < n; ++i)
        if (empty(item(c, i), depth + 1)) return true;
      return false;
    }
    case kObject:
      break;
  }
  const ObjectFacts f = object_facts(c);
  if (f.most >= 0 && (f.least > f.most || static_cast<int64_t>(f.required.size()) > f.most)) return true;
  return std::any_of(f.required.begin(), f.required.end(),
                     [&](const std::string& name) { return empty(member(c, name), depth + 1); });
}

}  // namespace infer::text::json_schema
