// SentencePiece's precompiled_charsmap: rules that replace a sequence of bytes by another (NFKC and the like).
//
//   u32 n        bytes of the trie, little-endian
//   n bytes      a double array (Darts, as darts-clone writes it), one u32 a unit
//   the rest     replacements, each ends in NUL; a rule's value is where its replacement begins
//
// A unit: bit 31 set: a value in the other bits. Else bits 0-7 the byte that led here, bit 8 whether a rule ends here
// (its value is the child by byte 0), and the offset to the children in bits 10-30, shifted left by 8 when bit 9 is
// set; child = unit ^ offset ^ byte.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace infer::text {

class Precompiled {
 public:
  struct Match {
    size_t length = 0;  // bytes that are replaced; 0: no rule applies
    std::string_view replacement;
  };
  // Bytes of a rule and of a replacement; in published files at most 30 and 33. They keep normalising linear.
  static constexpr size_t kLongest = 256;
  // A replacement is at most so many times as long as what it stands for (in published files 11); else it is no rule.
  static constexpr size_t kMostGrowth = 16;

  Precompiled() = default;  // no rules
  // The bytes stay where they are. E_CORRUPT: they are not laid out as above.
  static Result<Precompiled> create(std::string_view blob);

  // The longest rule that `text` begins with: what SentencePiece applies.
  Match longest(std::string_view text) const;
  // The shortest: what Hugging Face's Precompiled takes for a whole grapheme.
  Match shortest(std::string_view text) const;

 private:
  Match find(std::string_view text, bool first) const;
  // 0 beyond the end: a unit that leads nowhere.
  uint32_t unit(size_t i) const;

  std::string_view units_, replacements_;
};

}  // namespace infer::text
