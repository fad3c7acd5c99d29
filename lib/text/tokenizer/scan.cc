#include "text/tokenizer/scan.h"

namespace infer::text {
namespace {

// Most of what is not ASCII has three bytes. That the second and third go on with a character is taken for granted.
inline Char three_bytes(std::string_view s, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<uint8_t>(s[at + i])); };
  const char32_t c = (byte(0) & 0xF) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  return {c, 3, char_flags(c)};
}

inline bool has_three_bytes(std::string_view s, size_t at) {
  return static_cast<uint8_t>(s[at]) >> 4 == 0xE && s.size() - at >= 3;
}

class StageSink final : public PieceSink {
 public:
  StageSink(std::span<const Stage> rest, PieceSink& out) : rest_(rest), out_(&out) {}
  void piece(std::string_view text) override { run_stages(rest_, text, *out_); }

 private:
  std::span<const Stage> rest_;
  PieceSink* out_;
};

}  // namespace

Char wide_char_at(std::string_view s, size_t at) {
  if (has_three_bytes(s, at)) return three_bytes(s, at);
  const Utf8 c = decode_utf8(s, at);
  return {c.value, c.length, char_flags(c.value)};
}

size_t run_of_flags(std::string_view s, size_t at, uint16_t any) {
  while (at < s.size()) {
    const uint8_t lead = static_cast<uint8_t>(s[at]);
    if (lead < 0x80) {
      if (!(kAsciiFlags[lead] & any)) return at;
      ++at;
      continue;
    }
    const Char c = has_three_bytes(s, at) ? three_bytes(s, at) : wide_char_at(s, at);
    if (!c.is(any)) return at;
    at += c.length;
  }
  return at;
}

void run_stages(std::span<const Stage> stages, std::string_view text, PieceSink& out) {
  if (stages.empty()) return out.piece(text);
  if (stages.size() == 1) return stages[0](text, out);
  StageSink next(stages.subspan(1), out);
  stages[0](text, next);
}

}  // namespace infer::text
