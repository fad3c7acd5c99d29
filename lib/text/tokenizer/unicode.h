// Character properties as the tokenizers of the models saw them (make_unicode.py says which Unicode that is).
#pragma once
#include <cstddef>
#include <cstdint>

namespace infer::text {

enum CharFlag : uint16_t {
  kUpper = 1,          // Lu, Lt
  kLower = 2,          // Ll
  kOtherLetter = 4,    // Lm, Lo
  kMark = 8,           // M
  kNumber = 16,        // N
  kPunct = 32,         // P
  kSymbol = 64,        // S
  kSpace = 128,        // \s
  kDigitSplit = 256,   // what tokenizers' Digits() calls a digit
  kPunctSplit = 512,   // what tokenizers' Punctuation() calls punctuation
  kComposable = 1024,  // NFC may change a text that holds it
  kIgnored = 2048,     // BERT's normaliser leaves it out
  kAccent = 4096,      // ... and this where it strips accents
  kHan = 8192,         // of Han script
  kWord = 16384,       // \w: what has no word boundary beside another
  kDecimal = 32768,    // \d
  kLetter = kUpper | kLower | kOtherLetter,
};

extern const uint16_t kUnicodeKinds[];   // flags of each combination that occurs
extern const uint16_t kUnicodeBlocks[];  // [0x110000 / 128] -> block
extern const uint8_t kUnicodeOfBlock[];  // [block, 128] -> kind

extern const uint16_t kAsciiFlags[128];  // char_flags() of each

// c <= 0x10FFFF.
inline uint16_t char_flags(char32_t c) {
  return kUnicodeKinds[kUnicodeOfBlock[size_t{kUnicodeBlocks[c >> 7]} << 7 | (c & 127)]];
}

// Canonical data for nfc.cc; each table is sorted by its first fields.
struct CombiningClass {
  char32_t c;
  uint8_t value;
};
struct Decomposition {
  char32_t c;
  uint16_t at, length;  // in kDecomposedTo
};
struct Composition {
  char32_t first, second, composed;
};
// Lower case for bert_normalizer.cc: first, first + step, ... last each differ by `difference` from theirs.
struct LowerRun {
  char32_t first, last;
  uint8_t step;
  int32_t difference;
};
extern const CombiningClass kCombiningClasses[];
extern const size_t kCombiningClassCount;
extern const char32_t kDecomposedTo[];
extern const Decomposition kDecompositions[];
extern const size_t kDecompositionCount;
extern const Composition kCompositions[];
extern const size_t kCompositionCount;
extern const LowerRun kLowerRuns[];
extern const size_t kLowerRunCount;

}  // namespace infer::text
