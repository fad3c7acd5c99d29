// Does a value satisfy a schema? For enum and const beside other keywords, and for the names of properties.
#include <algorithm>

#include "text/constraint/formats.h"
#include "text/constraint/schema_compiler.h"

namespace infer::text::json_schema {
namespace {

using Kind = Json::Kind;

constexpr int kMostDepth = 200;

bool within(int64_t n, int64_t least, int64_t most) { return n >= least && (most < 0 || n <= most); }

}  // namespace

std::string value_key(const Json& v) {
  switch (v.kind) {
    case Kind::kNull:
    case Kind::kBoolean:
    case Kind::kString:
      return json_dumps(v);
    case Kind::kNumber: {
      const Decimal d = Decimal::parse(v.text);
      return str(d.negative ? "-." : ".", d.digits, "e", d.exponent);
    }
    case Kind::kArray:
    case Kind::kObject:
      break;
  }
  std::vector<std::string> parts;
  for (size_t i = 0; i < v.items.size(); ++i)
    parts.push_back((v.is(Kind::kObject) ? "\"" + json_escaped(v.keys[i]) + "\":" : "") + value_key(v.items[i]));
  if (v.is(Kind::kObject)) std::sort(parts.begin(), parts.end());
  std::string out(1, v.is(Kind::kArray) ? '[' : '{');
  for (const std::string& part : parts) out += part + ",";
  return out + (v.is(Kind::kArray) ? "]" : "}");
}

uint8_t type_of(const Json& v) {
  switch (v.kind) {
    case Kind::kNull:
      return kNull;
    case Kind::kBoolean:
      return kBoolean;
    case Kind::kNumber:
      return Decimal::parse(v.text).integral() ? kInteger : kFraction;
    case Kind::kString:
      return kString;
    case Kind::kArray:
      return kArray;
    case Kind::kObject:
      break;
  }
  return kObject;
}

bool Compiler::takes(SchemaId id, const Json& v) {
  const Schema& s = d_[id];
  Conjunction place;
  place.path = s.path;
  if (!spend(place, 1)) return false;
  if (depth_ >= kMostDepth) return failed(place, "an enum's value meets too many schemas in one another"), false;
  ++depth_;
  const auto one = [&](SchemaId part) { return takes(part, v); };
  const bool ok = takes_itself(s, v) && std::all_of(s.all_of.begin(), s.all_of.end(), one) &&
                  (!s.has_any_of || std::any_of(s.any_of.begin(), s.any_of.end(), one)) &&
                  (!s.has_one_of || std::count_if(s.one_of.begin(), s.one_of.end(), one) == 1) &&
                  (!s.ref || one(*s.ref));
  --depth_;
  return ok;
}

bool Compiler::takes_itself(const Schema& s, const Json& v) {
  if (s.never || (s.types & type_of(v)) == 0) return false;
  if (s.values && !s.value_keys.contains(value_key(v))) return false;
  if (v.is(Kind::kString)) return takes_string(s, v);
  if (v.is(Kind::kObject)) return takes_object(s, v);
  if (v.is(Kind::kArray)) {
    if (!within(static_cast<int64_t>(v.items.size()), s.min_items, s.max_items)) return false;
    for (size_t i = 0; i < v.items.size(); ++i) {
      if (i < s.prefix.size() ? !takes(s.prefix[i], v.items[i]) : s.items && !takes(*s.items, v.items[i])) return false;
    }
    return true;
  }
  if (!v.is(Kind::kNumber)) return true;
  const Decimal d = Decimal::parse(v.text);
  if ((s.minimum && Decimal::compare(d, *s.minimum) < 0) || (s.maximum && Decimal::compare(d, *s.maximum) > 0) ||
      (s.above && Decimal::compare(d, *s.above) <= 0) || (s.below && Decimal::compare(d, *s.below) >= 0))
    return false;
  return !s.multiple_of || d.multiple_of(*s.multiple_of);
}

bool Compiler::takes_string(const Schema& s, const Json& v) {
  if (!within(static_cast<int64_t>(code_points_of(v.text).size()), s.min_length, s.max_length)) return false;
  const auto matches = [&](const std::string& pattern, bool search) {
    const Language* const l = pattern_language(pattern, search, s.path);
    if (!l) g_.fail(Status::unsupported(str("the pattern beside an enum needs too large an automaton (", s.path, ")")));
    return l && l->has(v.text);
  };
  if (s.pattern && !matches(*s.pattern, true)) return false;
  if (!s.format) return true;
  const auto format = format_pattern(*s.format);
  if (!format)
    g_.fail(Status::unsupported(str("the format '", shortened(*s.format), "' is not supported (", s.path, ")")));
  return format && matches(*format, false);
}

bool Compiler::takes_object(const Schema& s, const Json& v) {
  if (!within(static_cast<int64_t>(v.items.size()), s.min_properties, s.max_properties)) return false;
  if (std::any_of(s.required.begin(), s.required.end(), [&](const std::string& name) { return !v.find(name); }))
    return false;
  for (size_t i = 0; i < v.items.size(); ++i) {
    const std::string& name = v.keys[i];
    bool known = false;
    if (const SchemaId* own = s.property(name)) {
      known = true;
      if (!takes(*own, v.items[i])) return false;
    }
    for (const auto& [pattern, value] : s.pattern_properties) {
      const Language* const names = pattern_language(pattern, true, s.path);
      if (!names || !names->has(name)) continue;
      known = true;
      if (!takes(value, v.items[i])) return false;
    }
    if (!known && s.additional && !takes(*s.additional, v.items[i])) return false;
    if (s.names && !takes(*s.names, {.kind = Kind::kString, .text = name})) return false;
  }
  return true;
}

}  // namespace infer::text::json_schema
