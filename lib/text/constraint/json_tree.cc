#include "text/constraint/json_tree.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "text/constraint/decimal.h"

namespace infer::text::json_schema {
namespace {

using Kind = Json::Kind;

class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  Reader(const JsonLimits& limits, std::string_view what) : limits_(limits), what_(what) {}
  Json root;
  Status status;

  bool null() override { return put({}); }
  bool boolean(bool v) override { return put({.kind = Kind::kBoolean, .truth = v}); }
  bool number_integer(number_integer_t v) override { return number(std::to_string(v)); }
  bool number_unsigned(number_unsigned_t v) override { return number(std::to_string(v)); }
  bool number_float(number_float_t, const string_t& written) override { return number(written); }
  bool string(string_t& v) override { return put({.kind = Kind::kString, .text = std::move(v)}); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return open(Kind::kObject); }
  bool start_array(size_t) override { return open(Kind::kArray); }
  bool key(string_t& v) override {
    open_.back().keys.push_back(std::move(v));
    return true;
  }
  bool end_object() override {
    std::vector<std::string_view> keys(open_.back().keys.begin(), open_.back().keys.end());
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end())
      return fail(str(what_, " has the key \"", shortened(std::string(*twice)), "\" twice in one object"));
    return close();
  }
  bool end_array() override { return close(); }
  bool parse_error(size_t at, const std::string&, const nlohmann::detail::exception&) override {
    return fail(str(what_, " is not JSON: byte ", at, " is not what was expected"));
  }

 private:
  bool fail(std::string why) {
    if (status.ok()) status = Status::invalid(std::move(why));
    return false;
  }
  bool number(std::string written) { return put({.kind = Kind::kNumber, .text = std::move(written)}); }
  bool open(Kind kind) {
    if (static_cast<int64_t>(open_.size()) >= limits_.depth)
      return fail(str(what_, " nests deeper than ", limits_.depth, " levels"));
    open_.push_back({.kind = kind});
    return true;
  }
  bool close() {
    Json done = std::move(open_.back());
    open_.pop_back();
    return put(std::move(done));
  }
  bool put(Json v) {
    if (open_.empty()) {
      root = std::move(v);
    } else {
      open_.back().items.push_back(std::move(v));
    }
    return true;
  }

  const JsonLimits limits_;
  const std::string_view what_;
  std::vector<Json> open_;
};

// As Python's repr of a float: the shortest digits that read as it.
std::string python_repr(double v) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::scientific).ptr;
  std::string_view s(buffer, static_cast<size_t>(end - buffer));
  std::string out;
  if (s.starts_with('-')) out = "-", s.remove_prefix(1);
  const size_t e = s.find('e');
  std::string digits(s.substr(0, e));
  int exponent = 0;
  const std::string_view power = s.substr(e + (s[e + 1] == '+' ? 2 : 1));
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  std::erase(digits, '.');
  const int n = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (n > 1) out += "." + digits.substr(1);
    const std::string size = std::to_string(exponent < 0 ? -exponent : exponent);
    return out + (exponent < 0 ? "e-" : "e+") + (size.size() < 2 ? "0" : "") + size;
  }
  if (exponent < 0) return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  if (n <= exponent + 1) return out + digits + std::string(static_cast<size_t>(exponent + 1 - n), '0') + ".0";
  return out + digits.substr(0, static_cast<size_t>(exponent) + 1) + "." +
         digits.substr(static_cast<size_t>(exponent) + 1);
}

}  // namespace

const Json* Json::find(std::string_view key) const {
  const auto at = std::find(keys.begin(), keys.end(), key);
  return at == keys.end() ? nullptr : &items[static_cast<size_t>(at - keys.begin())];
}

Result<Json> parse_json_tree(std::string_view text, const JsonLimits& limits, std::string_view what) {
  if (static_cast<int64_t>(text.size()) > limits.bytes)
    return Status::invalid(str(what, " has ", text.size(), " bytes, more than ", limits.bytes), "make it smaller");
  Reader reader(limits, what);
  const bool done = nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  TRY(reader.status);
  if (!done) return Status::invalid(str(what, " is not JSON"));
  return std::move(reader.root);
}

std::string value_key(const Json& v) {
  switch (v.kind) {
    case Kind::kNull:
    case Kind::kBoolean:
    case Kind::kString:
      return dumps(v);
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
    parts.push_back((v.is(Kind::kObject) ? "\"" + escaped(v.keys[i]) + "\":" : "") + value_key(v.items[i]));
  if (v.is(Kind::kObject)) std::sort(parts.begin(), parts.end());
  std::string out(1, v.is(Kind::kArray) ? '[' : '{');
  for (const std::string& part : parts) out += part + ",";
  return out + (v.is(Kind::kArray) ? "]" : "}");
}

std::string escaped(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    static constexpr std::string_view kNamed = "\b\t\n\f\r\"\\", kLetters = "btnfr\"\\";
    if (const size_t at = kNamed.find(c); at != kNamed.npos) {
      out += '\\';
      out += kLetters[at];
    } else if (static_cast<uint8_t>(c) < 0x20) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  return out;
}

std::string shortened(const std::string& text) {
  size_t n = 48;
  if (text.size() <= n) return escaped(text);
  while (n > 0 && (static_cast<uint8_t>(text[n]) & 0xc0) == 0x80) --n;
  return escaped(text.substr(0, n)) + "...";
}

std::string canonical_number(const std::string& written) {
  if (written.find_first_of(".eE") == std::string::npos) return written;
  double v = 0;
  std::from_chars(written.data(), written.data() + written.size(), v);
  return python_repr(v);
}

std::string dumps(const Json& v) {
  switch (v.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBoolean:
      return v.truth ? "true" : "false";
    case Kind::kNumber:
      return canonical_number(v.text);
    case Kind::kString:
      return "\"" + escaped(v.text) + "\"";
    case Kind::kArray:
    case Kind::kObject:
      break;
  }
  std::string out(1, v.is(Kind::kArray) ? '[' : '{');
  for (size_t i = 0; i < v.items.size(); ++i) {
    if (i) out += ", ";
    if (v.is(Kind::kObject)) out += "\"" + escaped(v.keys[i]) + "\": ";
    out += dumps(v.items[i]);
  }
  return out + (v.is(Kind::kArray) ? ']' : '}');
}

}  // namespace infer::text::json_schema
