// A backend's own options ("threads|int|1..256|0|runtime|help") against what the user set ("cpu.threads" = "2").
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/nearest.h"
#include "device/plugin.h"
#include "device/plugin_call.h"

namespace infer::device {
namespace {

constexpr int32_t kMaxOptions = 1000;  // a table that does not end is cut here

struct Option {
  std::string_view key, type, range, standard;
};

std::string_view next_field(std::string_view& s) {
  const size_t at = s.find('|');
  const std::string_view field = s.substr(0, at);
  s.remove_prefix(at == std::string_view::npos ? s.size() : at + 1);
  return field;
}

std::vector<Option> options_of(const infer_backend& backend) {
  std::vector<Option> all;
  if (!INFER_HAS(&backend, option_at)) return all;
  for (int32_t i = 0; i < kMaxOptions; ++i) {
    const char* text = call_or<const char*>(nullptr, [&] { return backend.option_at(i); });
    if (!text) break;
    std::string_view rest = text;
    Option o;
    o.key = next_field(rest);
    o.type = next_field(rest);
    o.range = next_field(rest);
    o.standard = next_field(rest);
    all.push_back(o);
  }
  return all;
}

template <class T>
std::optional<T> parse(std::string_view s) {
  T v{};
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  return error == std::errc() && end == s.data() + s.size() ? std::optional<T>(v) : std::nullopt;
}

// "1..256"; a range that is not of this form allows everything. The default is always allowed ("0": decide yourself).
template <class T>
bool in_range(const Option& o, T v) {
  if (const auto standard = parse<T>(o.standard); standard && *standard == v) return true;
  const size_t dots = o.range.find("..");
  if (dots == std::string_view::npos) return true;
  const auto low = parse<T>(o.range.substr(0, dots)), high = parse<T>(o.range.substr(dots + 2));
  return (!low || v >= *low) && (!high || v <= *high);
}

bool value_fits(const Option& o, std::string_view value) {
  if (o.type == "int") {
    const auto v = parse<int64_t>(value);
    return v && in_range(o, *v);
  }
  if (o.type == "num") {
    const auto v = parse<double>(value);
    return v && std::isfinite(*v) && in_range(o, *v);
  }
  if (o.type == "bool") return value == "true" || value == "false" || value == "1" || value == "0";
  return true;
}

}  // namespace

Result<Settings> settings_of(const infer_backend& backend, const Settings& shared, const Settings& settings) {
  const std::string prefix = str(backend.name, ".");
  const std::vector<Option> options = options_of(backend);
  Settings own;
  for (const auto& [key, value] : shared)
    if (std::any_of(options.begin(), options.end(), [&](const Option& o) { return o.key == key; }))
      own.emplace_back(key, value);
  for (const auto& [full_key, value] : settings) {
    if (full_key.rfind(prefix, 0) != 0) continue;
    const std::string key = full_key.substr(prefix.size());
    const Option* option = nullptr;
    for (const Option& o : options)
      if (o.key == key) option = &o;
    if (!option) {
      std::vector<std::string_view> keys;
      for (const Option& o : options) keys.push_back(o.key);
      const std::string_view near = nearest(key, keys);
      return Status::not_found(
          str("backend '", backend.name, "' has no option '", full_key, "'"),
          near.empty() ? "this backend has no options" : str("did you mean '", prefix, near, "'?"));
    }
    if (!value_fits(*option, value))
      return Status::invalid(str("option '", full_key, "' cannot be '", value, "'"),
                             str("it takes ", option->type, " ", option->range));
    own.emplace_back(key, value);
  }
  return own;
}

}  // namespace infer::device
