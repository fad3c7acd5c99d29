#include "base/utf8.h"

#include <cstring>

namespace infer {
namespace {

uint8_t byte_at(std::string_view s, size_t i) { return static_cast<uint8_t>(s[i]); }

}  // namespace

Utf8 decode_utf8(std::string_view s, size_t at) {
  const uint8_t lead = byte_at(s, at);
  if (lead < 0x80) return {lead, 1, true, false};
  const Utf8 bad{kReplacement, 1, false, false};
  if (lead < 0xC2 || lead > 0xF4) return bad;
  const uint32_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte alone decides about overlong forms, surrogates and the upper end.
  const uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  char32_t value = lead & (0x7Fu >> length);
  for (uint32_t i = 1; i < length; ++i) {
    if (at + i >= s.size()) return {kReplacement, i, false, true};
    const uint8_t b = byte_at(s, at + i);
    if (b < (i == 1 ? least : 0x80) || b > (i == 1 ? most : 0xBF)) return {kReplacement, i, false, false};
    value = value << 6 | (b & 0x3Fu);
  }
  return {value, length, true, false};
}

size_t utf8_before(std::string_view s, size_t end) {
  size_t lead = end - 1;
  while (lead > 0 && end - lead < 4 && (byte_at(s, lead) & 0xC0) == 0x80) --lead;
  return lead + decode_utf8(s, lead).length == end ? lead : end - 1;
}

void append_utf8(std::string& out, char32_t c) {
  if ((c >= 0xD800 && c < 0xE000) || c > 0x10FFFF) c = kReplacement;
  const auto put = [&](char32_t b) { out += static_cast<char>(static_cast<uint8_t>(b)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6), put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18), put(0x80 | (c >> 12 & 0x3F)), put(0x80 | (c >> 6 & 0x3F)), put(0x80 | (c & 0x3F));
  }
}

bool valid_utf8(std::string_view s) {
  for (size_t at = 0; at < s.size();) {
    uint64_t eight = 0x80;  // bytes; ASCII when none has its highest bit set
    if (s.size() - at >= 8) std::memcpy(&eight, s.data() + at, 8);
    if (!(eight & 0x8080808080808080u)) {
      at += 8;
      continue;
    }
    // Three bytes, of which the first alone says that any two that go on will do.
    const uint8_t lead = byte_at(s, at);
    if (lead > 0xE0 && lead < 0xF0 && lead != 0xED && s.size() - at >= 3) {
      if ((byte_at(s, at + 1) & 0xC0) != 0x80 || (byte_at(s, at + 2) & 0xC0) != 0x80) return false;
      at += 3;
      continue;
    }
    const Utf8 c = decode_utf8(s, at);
    if (!c.valid) return false;
    at += c.length;
  }
  return true;
}

void append_as_utf8(std::string& out, std::string_view s) {
  for (size_t at = 0; at < s.size();) {
    const Utf8 c = decode_utf8(s, at);
    if (c.valid) {
      out.append(s, at, c.length);
    } else {
      append_utf8(out, kReplacement);
    }
    at += c.length;
  }
}

}  // namespace infer
