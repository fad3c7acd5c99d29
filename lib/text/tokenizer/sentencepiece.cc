#include "text/tokenizer/sentencepiece.h"

#include "text/tokenizer/alphabet.h"

namespace infer::text {

void append_with_spaces(std::string_view text, std::string& out) {
  for (size_t at; (at = text.find(kSpaceMark)) != std::string_view::npos; text.remove_prefix(at + kSpaceMark.size())) {
    out.append(text, 0, at);
    out += ' ';
  }
  out += text;
}

SentencePiece::SentencePiece(std::shared_ptr<const TokenizerData> data, bool space_prefix)
    : Tokenizer(std::move(data)),
      space_prefix_(data_->add_space_prefix < 0 ? space_prefix : data_->add_space_prefix == 1) {}

bool SentencePiece::is_byte(size_t id) const {
  return data_->types.empty() ? byte_value(data_->tokens[id]) >= 0 : type(id) == TokenizerData::kByte;
}

Status SentencePiece::find_bytes() {
  byte_id_.fill(-1);
  for (size_t id = 0; id < data_->tokens.size(); ++id) {
    if (!is_byte(id)) continue;
    const int byte = byte_value(data_->tokens[id]);
    if (byte < 0) {
      return Status::corrupt(
          str("token ", id, " ('", data_->tokens[id], "') is marked as a byte but is not <0x00> to <0xFF>"));
    }
    byte_id_[static_cast<size_t>(byte)] = static_cast<int32_t>(id);
  }
  return {};
}

void SentencePiece::append_piece(int32_t id, bool special, bool first, std::string& out) const {
  std::string_view token = data_->tokens[static_cast<size_t>(id)];
  if (is_control(id)) {
    if (special) out += token;
  } else if (type(static_cast<size_t>(id)) == TokenizerData::kUserDefined) {
    out += token;
  } else if (is_byte(static_cast<size_t>(id))) {
    out += static_cast<char>(static_cast<uint8_t>(byte_value(token)));
  } else {
    if (first && space_prefix_ && token.starts_with(kSpaceMark)) token.remove_prefix(kSpaceMark.size());
    append_with_spaces(token, out);
  }
}

}  // namespace infer::text
