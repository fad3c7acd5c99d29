// GPT-2's alphabet, in which byte-level vocabularies are written: bytes that print stand for themselves (as Latin-1);
// the others, in order, are U+0100, U+0101, ... And the other spellings of bytes: hexadecimal digits, <0x0A>.
#pragma once
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "base/utf8.h"

namespace infer::text {

struct Alphabet {
  char utf8[256][2] = {};       // of the character that stands for a byte
  uint8_t length[256] = {};     // 1 or 2
  int16_t byte_of[0x144] = {};  // of a character; -1: it stands for none

  constexpr std::string_view spelled(uint8_t byte) const { return {utf8[byte], length[byte]}; }
  // Moves `at` behind the character of `token` there. -1: it stands for no byte.
  int next_byte(std::string_view token, size_t& at) const {
    const Utf8 c = decode_utf8(token, at);
    at += c.length;
    return c.value < std::size(byte_of) ? byte_of[c.value] : -1;
  }
};

constexpr Alphabet make_alphabet() {
  const auto prints = [](int b) { return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE; };
  Alphabet a;
  for (auto& b : a.byte_of) b = -1;
  char16_t next = 0x100;
  for (int b = 0; b < 256; ++b) {
    const char16_t c = prints(b) ? static_cast<char16_t>(b) : next++;
    a.byte_of[c] = static_cast<int16_t>(b);
    a.length[b] = c < 0x80 ? 1 : 2;
    a.utf8[b][0] = static_cast<char>(static_cast<uint8_t>(c < 0x80 ? c : 0xC0 | c >> 6));
    a.utf8[b][1] = static_cast<char>(static_cast<uint8_t>(0x80 | (c & 0x3F)));
  }
  return a;
}

inline constexpr Alphabet kAlphabet = make_alphabet();

inline std::string spelled_in_alphabet(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 2);
  for (const char c : bytes) out += kAlphabet.spelled(static_cast<uint8_t>(c));
  return out;
}

// Appends the bytes that `token` spells. False, and nothing is appended: it is not written in the alphabet.
inline bool append_spelled_bytes(std::string_view token, std::string& out) {
  const size_t start = out.size();
  for (size_t at = 0; at < token.size();) {
    const int byte = kAlphabet.next_byte(token, at);
    if (byte < 0) {
      out.resize(start);
      return false;
    }
    out += static_cast<char>(static_cast<uint8_t>(byte));
  }
  return true;
}

// -1: none.
inline int hex_digit(char c) {
  const char low = static_cast<char>(c | 0x20);
  return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// "<0x0A>" for 10.
inline std::string byte_token(uint8_t byte) {
  constexpr const char* kHex = "0123456789ABCDEF";
  return {'<', '0', 'x', kHex[byte >> 4], kHex[byte & 15], '>'};
}
// "<0x0A>" -> 10, also of small letters; -1: not written so.
inline int byte_value(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  const int high = hex_digit(token[3]), low = hex_digit(token[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace infer::text
