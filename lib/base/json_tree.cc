#include "base/json_tree.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/written.h"

namespace infer {
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
    if (const auto twice = repeated_key(open_.back()))
      return fail(str(what_, " has the key \"", shortened(*twice), "\" twice in one object"));
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

}  // namespace

const Json* Json::find(std::string_view key) const {
  const auto at = std::find(keys.begin(), keys.end(), key);
  return at == keys.end() ? nullptr : &items[static_cast<size_t>(at - keys.begin())];
}

std::optional<std::string> repeated_key(const Json& object) {
  std::vector<std::string_view> keys(object.keys.begin(), object.keys.end());
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  return twice == keys.end() ? std::nullopt : std::optional<std::string>(*twice);
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

std::string json_escaped(std::string_view text) {
  std::string out;
  append_json_escaped(out, text);
  return out;
}

std::string shortened(const std::string& text) {
  size_t n = 48;
  if (text.size() <= n) return json_escaped(text);
  while (n > 0 && (static_cast<uint8_t>(text[n]) & 0xc0) == 0x80) --n;
  return json_escaped(text.substr(0, n)) + "...";
}

std::string canonical_number(const std::string& written) {
  if (written.find_first_of(".eE") == std::string::npos) return written;
  double v = 0;
  std::from_chars(written.data(), written.data() + written.size(), v);
  return python_float(v);
}

std::string json_dumps(const Json& v) {
  switch (v.kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBoolean:
      return v.truth ? "true" : "false";
    case Kind::kNumber:
      return canonical_number(v.text);
    case Kind::kString:
      return "\"" + json_escaped(v.text) + "\"";
    case Kind::kArray:
    case Kind::kObject:
      break;
  }
  std::string out(1, v.is(Kind::kArray) ? '[' : '{');
  for (size_t i = 0; i < v.items.size(); ++i) {
    if (i) out += ", ";
    if (v.is(Kind::kObject)) out += "\"" + json_escaped(v.keys[i]) + "\": ";
    out += json_dumps(v.items[i]);
  }
  return out + (v.is(Kind::kArray) ? ']' : '}');
}

}  // namespace infer
