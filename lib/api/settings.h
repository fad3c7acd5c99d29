// What an infer_options holds: values by key, checked against options.def as they are set.
//
// Keys with a dot whose first word is none of ours ("cpu.threads") belong to a backend: kept as text, checked when a
// runtime is made.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

namespace infer::api {

enum class Key : int32_t {
#define OPTION(identifier, key, type, range, fallback, scope, help) identifier,
#include "api/options.def"
#undef OPTION
};

struct OptionRow {
  const char* text;  // "key|type|range|default|scope|help"
  std::string_view key, type, range, fallback, scope, help;
};
std::span<const OptionRow> option_rows();

class Settings {
 public:
  Status set_int(std::string_view key, int64_t value);
  Status set_num(std::string_view key, double value);
  Status set_str(std::string_view key, std::string_view value);  // lists append
  Status parse(std::string_view key, std::string_view text);     // by the key's own type

  // What `o` sets replaces what is set here.
  void override_by(const Settings& o);

  // The value set, else the default. The key's type must fit (a fault of libinfer otherwise).
  int64_t integer(Key key) const;
  double number(Key key) const;
  bool flag(Key key) const;
  std::string text(Key key) const;
  std::vector<std::string> list(Key key) const;
  bool is_set(Key key) const { return !std::holds_alternative<std::monostate>(values_[static_cast<size_t>(key)]); }

  const std::vector<std::pair<std::string, std::string>>& of_backends() const { return of_backends_; }

  Settings();
  Settings(const Settings& o);
  Settings(Settings&& o) noexcept = default;
  Settings& operator=(Settings o) noexcept;

 private:
  using Value = std::variant<std::monostate, int64_t, double, bool, std::string, std::vector<std::string>>;
  Status set(std::string_view key, Value value);
  Status store(const OptionRow& row, Value& slot, Value value);
  Status keep_for_backend(std::string_view key, std::string value);

  std::vector<Value> values_;  // [options], monostate: not set
  std::vector<std::pair<std::string, std::string>> of_backends_;
};

// "did you mean 'temperature'?" for a key that does not exist.
std::string nearest_key_hint(std::string_view key);

}  // namespace infer::api
