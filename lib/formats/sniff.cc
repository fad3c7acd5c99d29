#include "formats/sniff.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/utf8.h"
#include "formats/refusal.h"

namespace infer::formats {
namespace {

bool same_letters(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text.substr(0, lower_case.size()), lower_case,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// Text, as far as the first kilobyte shows.
bool is_text(std::string_view head) {
  head = head.substr(0, 1024);
  for (size_t at = 0; at < head.size();) {
    const Utf8 c = decode_utf8(head, at);
    if (!c.valid) return c.cut && at > 0;
    if (c.value < 0x20 && c.value != '\t' && c.value != '\n' && c.value != '\r') return false;
    at += c.length;
  }
  return true;
}

// safetensors: 8 bytes with the length of a JSON header, then the header.
bool is_safetensors(std::string_view head, uint64_t size) {
  uint64_t length = 0;
  if (head.size() < 10) return false;
  std::memcpy(&length, head.data(), sizeof length);
  return length >= 2 && length <= size - 8 && head[8] == '{' && (head[9] == '"' || head[9] == '}' || head[9] == ' ');
}

std::string hex(std::string_view bytes) {
  constexpr const char* kHex = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    if (!out.empty()) out += ' ';
    out += kHex[static_cast<uint8_t>(c) >> 4];
    out += kHex[static_cast<uint8_t>(c) & 15];
  }
  return out;
}

}  // namespace

Status not_gguf(std::span<const std::byte> bytes) {
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), std::min<size_t>(bytes.size(), 4096));
  const std::string_view words = head.substr(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  if (same_letters(words, "<!doctype html") || same_letters(words, "<html")) return refuse<Refusal::looks_html>();
  if (head.starts_with("version https://git-lfs")) return refuse<Refusal::looks_lfs>();
  if (head.starts_with("PK\x03\x04")) return refuse<Refusal::looks_zip>();
  if (head.starts_with("\x1f\x8b")) return refuse<Refusal::looks_gzip>();
  if (head.starts_with("\x80\x02") || head.starts_with("\x80\x04")) return refuse<Refusal::looks_pickle>();
  if (is_safetensors(head, bytes.size())) return refuse<Refusal::looks_safetensors>();
  for (const char* magic : {"lmgg", "fmgg", "tjgg", "algg"})  // ggml, ggmf, ggjt, ggla as little-endian words
    if (head.starts_with(magic)) return refuse<Refusal::looks_ggml>();
  if (is_text(head)) return refuse<Refusal::looks_text>();
  return refuse<Refusal::looks_like_nothing>(hex(head.substr(0, 4)));
}

}  // namespace infer::formats
