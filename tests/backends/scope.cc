#include "tests/backends/scope.h"

#include <cmath>
#include <cstdio>

#include "graph/signature.h"
#include "tests/backends/values.h"

namespace infer::conformance {
namespace {

using Values = std::vector<Scope::Value>;
// What one key of a row can be: the variables that it names, and each set of values for them.
struct Choice {
  std::vector<std::string> names;
  std::vector<Values> values;
};

std::string number_text(double v) {
  char text[32];
  if (v == std::floor(v) && std::abs(v) < 1e9)
    std::snprintf(text, sizeof text, "%.0f", v);
  else
    std::snprintf(text, sizeof text, "%g", v);
  return text;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> all;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    const size_t end = std::min(text.find(' '), text.size());
    all.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return all;
}

// "weights", "plain" and "kv" are many types.
Result<Values> types_of(const std::string& text) {
  Values all;
  for (const quant::Type t : weight_types())
    if (text == "weights" || (text == "plain" && plain(t)) ||
        (text == "kv" && graph::is_kv_type(static_cast<uint32_t>(t))))
      all.emplace_back(std::string(quant::info(t).name));
  if (all.empty() && quant::find_type(text)) all.emplace_back(text);
  if (all.empty()) return Status::invalid(str("there is no type '", text, "'"));
  return all;
}

Result<Values> values_of_json(const std::string& name, const Json& j) {
  if (j.is_array()) {
    Values all;
    for (const Json& one : j) {
      if (one.is_array()) return Status::invalid(str("'", name, "': a list in a list"));
      TRY_SET(const Values some, values_of_json(name, one));
      all.insert(all.end(), some.begin(), some.end());
    }
    if (all.empty()) return Status::invalid(str("'", name, "' has no values"));
    return all;
  }
  if (j.is_string()) {
    if (names_type(name)) return types_of(j.get<std::string>());
    return Values{j.get<std::string>()};
  }
  if (!j.is_number() || names_type(name)) return Status::invalid(str("'", name, "' is ", j.dump()));
  return Values{j.get<double>()};
}

Result<Choice> choice(const std::string& key, const Json& j) {
  Choice c{words(key), {}};
  if (c.names.empty()) return Status::invalid("a variable without a name");
  if (c.names.size() == 1) {
    TRY_SET(const Values all, values_of_json(key, j));
    for (const auto& v : all) c.values.push_back({v});
    return c;
  }
  if (!j.is_array() || j.empty()) return Status::invalid(str("'", key, "' needs a list of lists"));
  for (const Json& set : j) {
    if (!set.is_array() || set.size() != c.names.size())
      return Status::invalid(str("'", key, "': ", set.dump(), " is no list of ", c.names.size()));
    Values values;
    for (size_t i = 0; i < set.size(); ++i) {
      TRY_SET(const Values one, values_of_json(c.names[i], set[i]));
      if (one.size() != 1) return Status::invalid(str("'", c.names[i], "' in '", key, "' has several values"));
      values.push_back(one[0]);
    }
    c.values.push_back(std::move(values));
  }
  return c;
}

}  // namespace

bool names_type(std::string_view variable) { return variable.ends_with("type"); }

Result<double> Scope::number(std::string_view name) const {
  const size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    TRY_SET(const uint32_t t, type(name.substr(0, dot)));
    const std::string_view what = name.substr(dot + 1);
    if (what == "block") return static_cast<double>(graph::block_length(t));
    if (what == "plain") return graph::block_length(t) == 1 ? 1.0 : 0.0;
    if (what == "f32") return t == INFER_TYPE_F32 ? 1.0 : 0.0;
    return Status::invalid(str("a type has no '", what, "'"));
  }
  const auto found = values_.find(name);
  if (found == values_.end()) return Status::invalid(str("there is no variable '", name, "'"));
  used_.insert(found->first);
  if (const double* v = std::get_if<double>(&found->second)) return *v;
  if (names_type(name)) return Status::invalid(str("'", name, "' is a type, no number"));
  if (++depth_ > 20) return Status::invalid(str("'", name, "' needs itself"));
  Result<double> v = evaluate(std::get<std::string>(found->second), lookup());
  --depth_;
  return v;
}

Result<double> Scope::number(const Json& j) const {
  if (j.is_number()) return j.get<double>();
  if (j.is_string()) return evaluate(j.get<std::string>(), lookup());
  return Status::invalid(str(j.dump(), " is neither a number nor an expression"));
}

Result<int64_t> Scope::whole(const Json& j) const {
  if (j.is_string()) return evaluate_whole(j.get<std::string>(), lookup());
  if (!j.is_number_integer()) return Status::invalid(str(j.dump(), " is no whole number"));
  return j.get<int64_t>();
}

Result<uint32_t> Scope::type(std::string_view name) const {
  const auto found = values_.find(name);
  std::string_view type = name;
  if (found != values_.end() && names_type(name)) {
    used_.insert(found->first);
    type = std::get<std::string>(found->second);
  }
  const quant::TypeInfo* info = quant::find_type(type);
  if (!info) return Status::invalid(str("there is no type '", name, "'"));
  return static_cast<uint32_t>(info->type);
}

Result<std::string> Scope::text(std::string_view with_names) const {
  std::string out;
  while (true) {
    const size_t open = with_names.find('{');
    out += with_names.substr(0, open);
    if (open == std::string_view::npos) return out;
    const size_t close = with_names.find('}', open);
    if (close == std::string_view::npos) return Status::invalid("a '{' without '}'");
    const std::string_view inside = with_names.substr(open + 1, close - open - 1);
    const size_t mark = inside.find('?');
    const std::string_view name = inside.substr(0, mark);
    if (names_type(name)) {
      TRY_SET(const uint32_t t, type(name));
      out += graph::type_name(t);
    } else {
      TRY_SET(const double v, number(name));
      if (mark == std::string_view::npos)
        out += number_text(v);
      else if (v != 0)
        out += inside.substr(mark + 1);
    }
    with_names.remove_prefix(close + 1);
  }
}

Status Scope::all_used() const {
  for (const auto& [name, v] : values_)
    if (!used_.contains(name)) return Status::invalid(str("nothing reads the variable '", name, "'"));
  return {};
}

Result<std::vector<Scope>> expand(const Json& row) {
  if (!row.is_object()) return Status::invalid(str(row.dump(), " is no set of variables"));
  std::vector<Scope> all(1);
  for (const auto& [key, j] : row.items()) {
    TRY_SET(const Choice c, choice(key, j));
    if (all.size() * c.values.size() > 10000) return Status::invalid("more than 10000 cases");
    std::vector<Scope> more;
    for (const Scope& s : all)
      for (const Values& values : c.values) {
        more.push_back(s);
        for (size_t i = 0; i < values.size(); ++i)
          if (!more.back().set(c.names[i], values[i]))
            return Status::invalid(str("the variable '", c.names[i], "' is given twice"));
      }
    all = std::move(more);
  }
  return all;
}

}  // namespace infer::conformance
