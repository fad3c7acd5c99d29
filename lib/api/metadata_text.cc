#include "api/metadata_text.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/utf8.h"

namespace infer::api {
namespace {

constexpr size_t kShown = 8;         // elements of an array
constexpr size_t kShownBytes = 100;  // of a string inside an array

std::string text_of_number(double v) {
  std::array<char, 32> buffer;
  return std::string(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), v).ptr);
}

std::string quoted(std::string_view s) {
  std::string out = "\"";
  append_as_utf8(out, s.substr(0, kShownBytes));
  return out + (s.size() > kShownBytes ? "...\"" : "\"");
}

template <class V, class F>
std::string joined(const V& items, uint64_t size, F&& text) {
  std::string out = "[";
  size_t n = 0;
  for (auto it = items.begin(); it != items.end() && n < kShown; ++it, ++n) out += str(n ? ", " : "", text(*it));
  return out + (size > kShown ? str(", ... (", size, ")]") : "]");
}

std::string text_of_array(const formats::Array& a) {
  const formats::Array head(a.type(), std::min<uint64_t>(a.size(), kShown), a.packed());
  if (auto v = head.strings()) return joined(*v, a.size(), [](std::string_view s) { return quoted(s); });
  if (auto v = head.bools()) return joined(*v, a.size(), [](bool b) { return std::string(b ? "true" : "false"); });
  if (auto v = head.ints()) return joined(*v, a.size(), [](int64_t i) { return std::to_string(i); });
  if (auto v = head.nums()) return joined(*v, a.size(), [](double d) { return text_of_number(d); });
  return str("[... (", a.size(), ")]");
}

}  // namespace

std::string text_of(const formats::Value& value) {
  struct Visitor {
    std::string operator()(int64_t v) const { return std::to_string(v); }
    std::string operator()(uint64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return text_of_number(v); }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::string_view v) const {
      std::string out;
      append_as_utf8(out, v);
      return out;
    }
    std::string operator()(const formats::Array& v) const { return text_of_array(v); }
  };
  return std::visit(Visitor{}, value);
}

}  // namespace infer::api
