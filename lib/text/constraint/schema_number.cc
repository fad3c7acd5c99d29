// Numbers: the bounds of all schemas are one range.
#include "text/constraint/schema_compiler.h"

namespace infer::text::json_schema {

void NumberRange::raise(const Decimal& to, bool exclusive) {
  const int c = low ? Decimal::compare(to, *low) : 1;
  if (c > 0) low = to, above = false;
  if (c >= 0) above = above || exclusive;
}

void NumberRange::lower(const Decimal& to, bool exclusive) {
  const int c = high ? Decimal::compare(to, *high) : -1;
  if (c < 0) high = to, below = false;
  if (c <= 0) below = below || exclusive;
}

void NumberRange::tighten() {
  if (low) low = above && low->integral() ? low->next(true) : low->ceil();
  if (high) high = below && high->integral() ? high->next(false) : high->floor();
  above = below = false;
}

bool NumberRange::empty() const {
  if (!low || !high) return false;
  const int c = Decimal::compare(*low, *high);
  return c > 0 || (c == 0 && (above || below));
}

NumberRange Compiler::range(const Conjunction& c, bool whole) const {
  NumberRange r{.whole = whole};
  for (const SchemaId id : c.all) {
    const Schema& s = d_[id];
    if (s.minimum) r.raise(*s.minimum, false);
    if (s.above) r.raise(*s.above, true);
    if (s.maximum) r.lower(*s.maximum, false);
    if (s.below) r.lower(*s.below, true);
    if (s.multiple_of) r.multiples.push_back(*s.multiple_of);
  }
  if (whole) r.tighten();
  return r;
}

Grammar::Expr Compiler::number(const Conjunction& c) {
  Result<Expr> text = number_text(g_, range(c, (c.types & kFraction) == 0), c.path);
  if (text.ok()) return *text;
  g_.fail(text.status());
  return Grammar::kNothing;
}

}  // namespace infer::text::json_schema
