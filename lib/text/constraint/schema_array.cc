// Arrays: the first items may each be something of their own (prefixItems), the rest are alike.
#include <algorithm>

#include "text/constraint/schema_compiler.h"

namespace infer::text::json_schema {
namespace {

constexpr size_t kInOneRule = 64;  // items that are written in one another

}  // namespace

Compiler::ArrayFacts Compiler::array_facts(const Conjunction& c) const {
  ArrayFacts f;
  for (const SchemaId id : c.all) {
    const Schema& s = d_[id];
    f.least = std::max(f.least, s.min_items);
    if (s.max_items >= 0) f.most = f.most < 0 ? s.max_items : std::min(f.most, s.max_items);
    f.fixed = std::max(f.fixed, s.prefix.size());
  }
  return f;
}

Compiler::Conjunction Compiler::item(const Conjunction& c, size_t index) const {
  Conjunction one;
  for (const SchemaId id : c.all) {
    const Schema& s = d_[id];
    if (index < s.prefix.size()) {
      add(one, s.prefix[index]);
    } else if (s.items) {
      add(one, *s.items);
    }
  }
  return one;
}

// [ first, second, ... rest ]: from the end, each with all that may follow it.
Grammar::Expr Compiler::array(const Conjunction& c) {
  ArrayFacts f = array_facts(c);
  std::vector<Expr> first;
  for (size_t i = 0; i < f.fixed && (f.most < 0 || static_cast<int64_t>(i) < f.most); ++i) {
    if (!spend(c, static_cast<int64_t>(1 + c.all.size()))) return Grammar::kNothing;
    first.push_back(compile(item(c, i)));
    if (first.back() != Grammar::kNothing) continue;
    first.pop_back();
    f.most = static_cast<int64_t>(i);
  }
  const auto n = static_cast<int64_t>(first.size());
  const Expr rest = f.most < 0 || f.most > n ? compile(item(c, f.fixed)) : Grammar::kNothing;
  if (rest == Grammar::kNothing) f.most = f.most < 0 ? n : std::min(f.most, n);
  if (f.most >= 0 && f.least > f.most) return Grammar::kNothing;
  // After an item: so many more of the rest.
  const auto more = [&](int64_t before) -> Expr {
    const int64_t least = std::max<int64_t>(0, f.least - before), most = f.most < 0 ? -1 : f.most - before;
    if (rest == Grammar::kNothing || most == 0) return least > 0 ? Grammar::kNothing : Grammar::kEmpty;
    if (std::max(least, most) > g_.limits().repetition)
      return failed(c, str("an array of ", std::max(f.least, f.most), " items, more than ", g_.limits().repetition),
                    "use smaller minItems and maxItems");
    return g_.repeat(g_.sequence({text_.separator(), rest}), static_cast<int32_t>(least), static_cast<int32_t>(most));
  };
  if (n == 0) {
    const Expr inside = rest == Grammar::kNothing ? rest : g_.sequence({rest, more(1)});
    return text_.enclosed('[', inside, f.least == 0, ']');
  }
  Expr after = more(n);
  for (int64_t i = n - 1; i > 0; --i) {
    const Expr one = g_.sequence({text_.separator(), first[static_cast<size_t>(i)], after});
    after = i < f.least ? one : g_.optional(one);
    if (static_cast<size_t>(i) % kInOneRule == 0) after = text_.once(after, c.path);
  }
  return text_.enclosed('[', g_.sequence({first[0], after}), f.least == 0, ']');
}

}  // namespace infer::text::json_schema
