#include "formats/refusal.h"

#include "base/utf8.h"

namespace infer::formats {

Status detail::fill(const RefusalLine& line, const std::string* details, size_t n) {
  std::string message;
  size_t next = 0;
  for (const char c : line.text) {
    if (c == '%' && next < n) {
      message += details[next++];
    } else {
      message += c;
    }
  }
  return Status(line.status, std::move(message), std::string(line.hint));
}

std::string quoted(std::string_view text) {
  constexpr size_t kShown = 80;
  constexpr const char* kHex = "0123456789abcdef";
  std::string out = "'";
  size_t at = 0;
  while (at < text.size() && at < kShown) {
    const Utf8 c = decode_utf8(text, at);
    if (c.valid && c.value >= 0x20 && c.value != 0x7f) {
      out += text.substr(at, c.length);
    } else {
      for (const char byte : text.substr(at, c.length)) {
        out += "\\x";
        out += kHex[static_cast<uint8_t>(byte) >> 4];
        out += kHex[static_cast<uint8_t>(byte) & 15];
      }
    }
    at += c.length;
  }
  out += at < text.size() ? "...'" : "'";
  return out;
}

}  // namespace infer::formats
