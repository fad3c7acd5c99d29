// Where byte-level merging may begin with whole characters instead of bytes, which saves most of its work outside of
// ASCII.
//
// It makes no difference when (1) no merge joins a part of a character with something beyond the character's border, so
// that until its bytes have become one token a character is on its own, and (2) a merge's rank is higher than those
// that made its two halves, so that nothing which a whole character takes part in comes before its bytes have merged.
// Of vocabularies trained on bytes (1) is nearly true: the exceptions are kept here, and the characters on both sides
// of a border where one of them may apply are merged from bytes. (2) is watched while a word is merged.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace infer::text {

class Borders {
 public:
  // merges: "left right" in GPT-2's alphabet.
  void learn(std::span<const std::string_view> merges);
  // Whether a merge may join a part of a character across the border at `at`, between two characters of `word` (which
  // may end inside the second).
  bool crossed(std::string_view word, size_t at) const {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(word[i]); };
    if (byte(at - 1) < 0x80 && byte(at) < 0x80) return false;
    const bool one = byte(at) < 0x80 || at + 1 == word.size();
    const size_t i = place(byte(at - 1), byte(at), one ? uint8_t{0} : byte(at + 1));
    return bits_[i / 64] >> i % 64 & 1;
  }

 private:
  // Of the last byte before a border and the first two behind it (an ASCII character and 0).
  static constexpr size_t place(uint8_t last, uint8_t first, uint8_t second) {
    return (uint32_t{last} << 16 | uint32_t{first} << 8 | second) * 0x9E3779B1u >> (32 - kBits);
  }
  void mark(uint8_t last, uint8_t first, uint8_t second) {
    const size_t i = place(last, first, second);
    bits_[i / 64] |= uint64_t{1} << i % 64;
  }

  static constexpr int kBits = 18;
  std::array<uint64_t, (size_t{1} << kBits) / 64> bits_{};  // 32 KiB; published vocabularies set about 2,700 bits
};

}  // namespace infer::text
