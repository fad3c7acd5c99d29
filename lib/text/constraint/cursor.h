// A place in the source of an expression or a grammar, moved forward by whoever reads it, and where that is for a
// message. Sources are UTF-8 and of a limited size: check() comes first.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/utf8.h"

namespace infer::text {

class Cursor {
 public:
  explicit Cursor(std::string_view source) : source_(source) {}

  Status check(std::string_view what, int64_t most_bytes) const {
    if (static_cast<int64_t>(source_.size()) > most_bytes)
      return Status::invalid(str(what, ": ", source_.size(), " bytes, more than ", most_bytes));
    if (!valid_utf8(source_)) return Status::invalid(str(what, ": not UTF-8"));
    return {};
  }

  bool done() const { return at_ == source_.size(); }
  size_t at() const { return at_; }
  void back_to(size_t at) { at_ = at; }
  char peek(size_t ahead = 0) const { return ahead < source_.size() - at_ ? source_[at_ + ahead] : '\0'; }
  bool skip(std::string_view expected) {
    if (!source_.substr(at_).starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }
  std::string_view since(size_t begin) const { return source_.substr(begin, at_ - begin); }
  std::string quoted(size_t begin) const { return quoted(since(begin)); }
  // As a message has it: in quotes, and its beginning only if it is long.
  static std::string quoted(std::string_view s) {
    size_t n = std::min<size_t>(s.size(), 60);
    while (n < s.size() && n > 0 && (static_cast<uint8_t>(s[n]) & 0xc0) == 0x80) n--;
    return str("'", s.substr(0, n), n < s.size() ? "..'" : "'");
  }
  uint32_t next() {  // not done()
    const Utf8 c = decode_utf8(source_, at_);
    at_ += c.length;
    return c.value;
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  // The digits here, of which there may be none; kMany for all that is larger.
  static constexpr int32_t kMany = 1'000'000'000;
  std::optional<int32_t> number() {
    if (!is_digit(peek())) return {};
    int64_t n = 0;
    for (; is_digit(peek()); ++at_) n = std::min<int64_t>(n * 10 + (peek() - '0'), kMany);
    return static_cast<int32_t>(n);
  }

  // What follows \x (2 digits), \u (4 digits, {digits}, or two escapes that are one character in UTF-16) and \U (8).
  // Nothing if it is malformed or no character.
  std::optional<uint32_t> hex_escape(char letter) {
    std::optional<uint32_t> c;
    if (letter == 'u' && skip("{")) {
      c = hex(1, 8);
      if (!skip("}")) return {};
    } else {
      const size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
      c = hex(digits, digits);
      if (letter == 'u' && c && *c >= 0xd800 && *c < 0xdc00 && skip("\\u")) {
        const auto low = hex(4, 4);
        if (!low || *low < 0xdc00 || *low > 0xdfff) return {};
        c = 0x10000 + (*c - 0xd800) * 0x400 + (*low - 0xdc00);
      }
    }
    return if_character(c);
  }
  // Of 1 to 8 digits.
  std::optional<uint32_t> hex_character() { return if_character(hex(1, 8)); }

  // "3" and, for sources of several lines, "line 1, column 3"; in characters, from 1.
  std::string character(size_t at) const { return str(1 + characters(source_.substr(0, at))); }
  std::string line_and_column(size_t at) const {
    const std::string_view before = source_.substr(0, at);
    const size_t line = before.rfind('\n') + 1;  // npos + 1 is 0
    return str("line ", 1 + std::count(before.begin(), before.end(), '\n'), ", column ",
               1 + characters(before.substr(line)));
  }

 private:
  static int64_t characters(std::string_view s) {
    return std::count_if(s.begin(), s.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; });
  }
  static std::optional<uint32_t> if_character(std::optional<uint32_t> c) {
    if (c && (*c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))) c.reset();
    return c;
  }
  std::optional<uint32_t> hex(size_t least, size_t most) {
    uint32_t value = 0;
    size_t n = 0;
    for (; n < most; ++n, ++at_) {
      const char c = peek(), lower = static_cast<char>(c | 0x20);
      if (!is_digit(c) && !(lower >= 'a' && lower <= 'f')) break;
      value = value << 4 | static_cast<uint32_t>(is_digit(c) ? c - '0' : lower - 'a' + 10);
    }
    if (n < least) return {};
    return value;
  }

  std::string_view source_;
  size_t at_ = 0;
};

}  // namespace infer::text
