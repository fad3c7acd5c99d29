// Bytes by what grammars usually treat alike, so that many tokens can be looked at together: whether a grammar does is
// found out each time. Characters of more than one byte are one class, kText, made of the classes behind it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace infer::text {

struct ByteClasses {
  enum : uint8_t {
    kLower,
    kUpper,
    kDigit,
    kSpace,
    kMarks,
    kBrackets,
    kSlash,
    kLess,
    kQuote,
    kBackslash,
    kControl,  // ASCII
    kAscii,    // how many these are
    kLead2 = kAscii,
    kLeadE0,
    kLead3,
    kLeadED,
    kLeadEE,
    kLeadF0,
    kLead4,
    kLeadF4,  // first bytes, by which ones may follow
    kLow,
    kMiddle,
    kHigh,   // 80-8f, 90-9f, a0-bf
    kOther,  // never in UTF-8
    kAll
  };
  // Sets of classes: bits of the ASCII ones, and of these.
  static constexpr uint16_t kText = 1 << kAscii, kBroken = 1 << (kAscii + 1);
  // What stands for itself in strings of JSON and between tags.
  static constexpr uint16_t kPlain =
      kText | 1 << kLower | 1 << kUpper | 1 << kDigit | 1 << kSpace | 1 << kMarks | 1 << kBrackets | 1 << kSlash;

  // What may follow a first byte: that many bytes, the first of them of these classes, the others of any of the three.
  struct Follow {
    uint8_t n, first, last;
  };
  static constexpr Follow follow(uint8_t lead) {
    switch (lead) {
      case kLead2:
        return {1, kLow, kHigh};
      case kLeadE0:
        return {2, kHigh, kHigh};
      case kLead3:
      case kLeadEE:
        return {2, kLow, kHigh};
      case kLeadED:
        return {2, kLow, kMiddle};
      case kLeadF0:
        return {3, kMiddle, kHigh};
      case kLead4:
        return {3, kLow, kHigh};
      case kLeadF4:
        return {3, kLow, kLow};
      default:
        return {0, 0, 0};
    }
  }

  // Does a plain character begin with this byte?
  static bool plain(uint8_t b) {
    const uint8_t c = kOf[b];
    return c < kAscii ? (kPlain >> c & 1) != 0 : follow(c).n > 0;
  }

  static const std::array<uint8_t, 256> kOf;
  static const std::array<uint8_t, kAll> kOne, kLast;  // a byte of each, the first; the last

 private:
  static constexpr uint8_t of(uint8_t b) {
    if (b >= 'a' && b <= 'z') return kLower;
    if (b >= 'A' && b <= 'Z') return kUpper;
    if (b >= '0' && b <= '9') return kDigit;
    if (b < ' ') return kControl;
    switch (b) {
      case ' ':
        return kSpace;
      case '/':
        return kSlash;
      case '<':
        return kLess;
      case '"':
        return kQuote;
      case '\\':
        return kBackslash;
      case '(':
      case ')':
      case '[':
      case ']':
      case '{':
      case '}':
      case ',':
      case ':':
        return kBrackets;
      default:
        break;
    }
    if (b < 0x80) return kMarks;
    if (b < 0x90) return kLow;
    if (b < 0xa0) return kMiddle;
    if (b < 0xc0) return kHigh;
    if (b < 0xc2 || b > 0xf4) return kOther;
    if (b < 0xe0) return kLead2;
    if (b < 0xf0) return b == 0xe0 ? kLeadE0 : b < 0xed ? kLead3 : b == 0xed ? kLeadED : kLeadEE;
    return b == 0xf0 ? kLeadF0 : b == 0xf4 ? kLeadF4 : kLead4;
  }
};

inline constexpr std::array<uint8_t, 256> ByteClasses::kOf = [] {
  std::array<uint8_t, 256> all{};
  for (size_t b = 0; b < 256; ++b) all[b] = of(static_cast<uint8_t>(b));
  return all;
}();
inline constexpr std::array<uint8_t, ByteClasses::kAll> ByteClasses::kOne = [] {
  std::array<uint8_t, kAll> all{};
  for (size_t b = 256; b-- > 0;) all[kOf[b]] = static_cast<uint8_t>(b);
  return all;
}();
inline constexpr std::array<uint8_t, ByteClasses::kAll> ByteClasses::kLast = [] {
  std::array<uint8_t, kAll> all{};
  for (size_t b = 0; b < 256; ++b) all[kOf[b]] = static_cast<uint8_t>(b);
  return all;
}();

}  // namespace infer::text
