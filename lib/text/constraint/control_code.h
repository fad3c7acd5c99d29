// Tokens that add no text, control tokens most of all, as bytes: so that a grammar over bytes can speak of them, and
// the text so far holds them. A code begins with a byte that no UTF-8 has, four bytes of the token's number follow; the
// bytes of other tokens never have such a byte, so nothing that is written out is taken for a code.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infer::text {

struct ControlCode {
  static constexpr uint8_t kControl = 0xff, kEnd = 0xfe;  // first bytes: of a token, of one that ends an answer
  static constexpr size_t kBytes = 5;
  static constexpr int32_t kMostTokens = 1 << 24;  // that have one

  static void append(std::string& out, int32_t token, bool ends) {
    out += static_cast<char>(ends ? kEnd : kControl);
    for (int shift = 18; shift >= 0; shift -= 6) out += static_cast<char>(0x80 | (token >> shift & 63));
  }
  static bool begins(char c) { return static_cast<uint8_t>(c) >= kEnd; }
  static size_t find(std::string_view text) { return text.find_first_of("\xfe\xff"); }
  // The token whose code the text begins with.
  static std::optional<int32_t> read(std::string_view text) {
    if (text.size() < kBytes || !begins(text[0])) return {};
    int32_t token = 0;
    for (size_t i = 1; i < kBytes; ++i) token = token << 6 | (text[i] & 63);
    return token;
  }
  // Bytes that a text may have, for the two that it shall not have: neither is UTF-8.
  static void hide(std::string& text) {
    for (char& c : text)
      if (begins(c)) c = static_cast<char>(kEnd - 1);
  }
};

}  // namespace infer::text
