#include "api/settings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/utf8.h"

namespace infer::api {
namespace {

constexpr size_t kMostEntries = 65536;    // of one list
constexpr size_t kMostBytes = 16u << 20;  // of one string

constexpr OptionRow kRows[] = {
#define OPTION(identifier, key, type, range, fallback, scope, help) \
  {key "|" type "|" range "|" fallback "|" scope "|" help, key, type, range, fallback, scope, help},
#include "api/options.def"
#undef OPTION
};
constexpr size_t kCount = std::size(kRows);

template <class T>
std::optional<T> number_from(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "least..most" as numbers.
template <class T>
std::pair<T, T> bounds(std::string_view range) {
  const size_t dots = range.find("..");
  return {*number_from<T>(range.substr(0, dots)), *number_from<T>(range.substr(dots + 2))};
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// The word before the first dot; empty without one.
std::string_view group(std::string_view key) {
  const size_t dot = key.find('.');
  return dot == std::string_view::npos ? std::string_view() : key.substr(0, dot);
}

// Does this key look like a backend's: "word.rest", word neither one of our groups nor a slip of the pen for one?
bool may_be_of_backend(std::string_view key) {
  const std::string_view word = group(key);
  const bool plain = std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
  if (word.empty() || word.size() + 1 >= key.size() || key.size() > 256 || !plain) return false;
  return std::none_of(std::begin(kRows), std::end(kRows), [&](const OptionRow& row) {
    const std::string_view ours = group(row.key);
    return !ours.empty() && edit_distance(word, ours) <= word.size() / 3;
  });
}

std::string shown(std::string_view text) { return str("'", text.substr(0, 100), text.size() > 100 ? "...'" : "'"); }
std::string shown(double v) {
  std::array<char, 32> buffer;
  return std::string(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), v).ptr);
}

Status wrong_type(const OptionRow& row, std::string_view given) {
  return Status::invalid(str("option '", row.key, "' takes ", row.type, ", not ", given),
                         "set it by the setter of its type, or give text to infer_options_parse");
}

}  // namespace

std::span<const OptionRow> option_rows() { return kRows; }

std::string nearest_key_hint(std::string_view key) {
  key = key.substr(0, 64);
  const OptionRow* best = kRows;
  size_t least = SIZE_MAX;
  for (const OptionRow& row : kRows) {
    const size_t d = edit_distance(key, row.key);
    if (d < least) least = d, best = &row;
  }
  return str("did you mean '", best->key, "'?");
}

Settings::Settings() : values_(kCount) {}

// Value by value: libstdc++ 12 takes a variant of these types for one that always holds something, so when memory runs
// out in its copy constructor it destroys what was not made.
Settings::Settings(const Settings& o) : values_(kCount), of_backends_(o.of_backends_) {
  for (size_t i = 0; i < values_.size(); ++i)
    std::visit(
        [&](const auto& v) {
          auto copy = v;
          values_[i] = std::move(copy);
        },
        o.values_[i]);
}

Settings& Settings::operator=(Settings o) noexcept {
  values_.swap(o.values_);
  of_backends_.swap(o.of_backends_);
  return *this;
}

void Settings::override_by(const Settings& o) {
  Settings copy(o);
  for (size_t i = 0; i < values_.size(); ++i)
    if (!std::holds_alternative<std::monostate>(copy.values_[i])) values_[i] = std::move(copy.values_[i]);
}

Status Settings::set_int(std::string_view key, int64_t value) { return set(key, value); }
Status Settings::set_num(std::string_view key, double value) { return set(key, value); }
Status Settings::set_str(std::string_view key, std::string_view value) { return set(key, std::string(value)); }

Status Settings::set(std::string_view key, Value value) {
  for (size_t i = 0; i < kCount; ++i) {
    if (kRows[i].key == key) return store(kRows[i], values_[i], std::move(value));
  }
  if (may_be_of_backend(key)) {
    if (const auto* n = std::get_if<int64_t>(&value)) return keep_for_backend(key, std::to_string(*n));
    if (const auto* d = std::get_if<double>(&value)) return keep_for_backend(key, shown(*d));
    if (auto* s = std::get_if<std::string>(&value)) return keep_for_backend(key, std::move(*s));
  }
  return Status::not_found(str("there is no option ", shown(key)), nearest_key_hint(key));
}

Status Settings::keep_for_backend(std::string_view key, std::string value) {
  for (auto& [k, v] : of_backends_) {
    if (k == key) {
      v = std::move(value);
      return {};
    }
  }
  of_backends_.emplace_back(key, std::move(value));
  return {};
}

// One value into its slot, converted where that loses nothing, held against the row's range.
Status Settings::store(const OptionRow& row, Value& slot, Value value) {
  const auto out_of_range = [&](std::string_view v) {
    return Status::invalid(str("option '", row.key, "': ", v, " is outside ", row.range),
                           str("give a value in ", row.range));
  };
  const auto* whole = std::get_if<int64_t>(&value);
  auto* string = std::get_if<std::string>(&value);
  if (string && (string->size() > kMostBytes || !valid_utf8(*string))) {
    return Status::invalid(str("option '", row.key, "': the text is not UTF-8, or longer than ", kMostBytes, " bytes"));
  }
  if (row.type == "int") {
    if (!whole) return wrong_type(row, string ? "text" : "a number with a fraction");
    const auto [least, most] = bounds<int64_t>(row.range);
    if (*whole < least || *whole > most) return out_of_range(std::to_string(*whole));
    slot = *whole;
  } else if (row.type == "num") {
    const auto* real = std::get_if<double>(&value);
    if (!real && !whole) return wrong_type(row, "text");
    const double v = real ? *real : static_cast<double>(*whole);
    const auto [least, most] = bounds<double>(row.range);
    if (!(v >= least && v <= most)) return out_of_range(shown(v));  // NaN too
    slot = v;
  } else if (row.type == "bool") {
    if (!whole) return wrong_type(row, string ? "text" : "a number with a fraction");
    if (*whole != 0 && *whole != 1)
      return Status::invalid(str("option '", row.key, "': ", *whole, " is neither 0 nor 1"));
    slot = *whole == 1;
  } else if (row.type == "str") {
    if (!string) return wrong_type(row, "a number");
    const std::string choices = str(",", row.range, ",");
    if (!row.range.empty() && (string->empty() || string->find(',') != std::string::npos ||
                               choices.find(str(",", *string, ",")) == std::string::npos)) {
      return Status::invalid(str("option '", row.key, "': ", shown(*string), " is none of ", row.range));
    }
    slot = std::move(*string);
  } else {  // list
    if (whole) value = std::to_string(*whole), string = std::get_if<std::string>(&value);
    if (!string) return wrong_type(row, "a number with a fraction");
    if (!std::holds_alternative<std::vector<std::string>>(slot)) slot = std::vector<std::string>();
    auto& list = std::get<std::vector<std::string>>(slot);
    if (list.size() >= kMostEntries)
      return Status::invalid(str("option '", row.key, "' has ", list.size(), " entries already"));
    list.push_back(std::move(*string));
  }
  return {};
}

Status Settings::parse(std::string_view key, std::string_view text) {
  const auto row = std::find_if(std::begin(kRows), std::end(kRows), [&](const OptionRow& r) { return r.key == key; });
  const std::string_view type = row == std::end(kRows) ? "str" : row->type;
  const auto bad = [&](std::string_view wanted) {
    return Status::invalid(str("option '", key, "': ", shown(text), " is not ", wanted),
                           row->range.empty() ? std::string() : str("give a value in ", row->range));
  };
  if (type == "int") {
    const auto v = number_from<int64_t>(text);
    return v ? set(key, *v) : bad("a whole number");
  }
  if (type == "num") {
    const auto v = number_from<double>(text);
    return v ? set(key, *v) : bad("a number");
  }
  if (type == "bool") {
    if (text == "true" || text == "1" || text == "yes" || text == "on") return set(key, int64_t{1});
    if (text == "false" || text == "0" || text == "no" || text == "off") return set(key, int64_t{0});
    return bad("true or false");
  }
  return set(key, std::string(text));
}

int64_t Settings::integer(Key key) const {
  const auto* v = std::get_if<int64_t>(&values_[static_cast<size_t>(key)]);
  return v ? *v : *number_from<int64_t>(kRows[static_cast<size_t>(key)].fallback);
}

double Settings::number(Key key) const {
  const auto* v = std::get_if<double>(&values_[static_cast<size_t>(key)]);
  return v ? *v : *number_from<double>(kRows[static_cast<size_t>(key)].fallback);
}

bool Settings::flag(Key key) const {
  const auto* v = std::get_if<bool>(&values_[static_cast<size_t>(key)]);
  return v ? *v : kRows[static_cast<size_t>(key)].fallback == "true";
}

std::string Settings::text(Key key) const {
  const auto* v = std::get_if<std::string>(&values_[static_cast<size_t>(key)]);
  return v ? *v : std::string(kRows[static_cast<size_t>(key)].fallback);
}

std::vector<std::string> Settings::list(Key key) const {
  const auto* v = std::get_if<std::vector<std::string>>(&values_[static_cast<size_t>(key)]);
  return v ? *v : std::vector<std::string>();
}

}  // namespace infer::api
