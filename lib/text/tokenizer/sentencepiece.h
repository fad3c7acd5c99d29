// What the kinds that come from SentencePiece share: spaces written as U+2581, tokens that spell one byte, and how
// pieces become text again.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "text/tokenizer/tokenizer.h"

namespace infer::text {

inline constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

// Appends `text` with a space for each U+2581.
void append_with_spaces(std::string_view text, std::string& out);

class SentencePiece : public Tokenizer {
 public:
  void append_piece(int32_t id, bool special, bool first, std::string& out) const final;

 protected:
  // space_prefix: a space is put before each stretch of text, when the file does not say.
  SentencePiece(std::shared_ptr<const TokenizerData> data, bool space_prefix);
  // Fills byte_id_. E_CORRUPT: a token that is marked as a byte is none.
  Status find_bytes();
  bool is_byte(size_t id) const;

  std::array<int32_t, 256> byte_id_{};  // -1: there is no such byte token
  bool space_prefix_;
};

}  // namespace infer::text
