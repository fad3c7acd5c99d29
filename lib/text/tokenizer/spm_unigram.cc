#include "text/tokenizer/spm_unigram.h"

#include "base/utf8.h"

namespace infer::text {

Result<std::unique_ptr<SentencePieceUnigram>> SentencePieceUnigram::create(std::shared_ptr<const TokenizerData> data) {
  if (data->scores.empty()) return Status::corrupt("a Unigram vocabulary needs tokenizer.ggml.scores");
  std::unique_ptr<SentencePieceUnigram> t(new SentencePieceUnigram(std::move(data)));
  const std::vector<char>& map = t->data_->precompiled_charsmap;
  TRY_SET(t->charsmap_, Precompiled::create({map.data(), map.size()}));
  t->add_eos_ = true;
  return t;
}

Status SentencePieceUnigram::finish() {
  TRY(find_bytes());
  std::vector<Unigram::Piece> pieces;
  pieces.reserve(data_->tokens.size());
  Unigram::Unknown unknown{.id = data_->unk, .bytes = byte_id_};
  for (size_t id = 0; id < data_->tokens.size(); ++id) {
    const auto kind = type(id);
    if (kind == TokenizerData::kUnknown && unknown.id < 0) unknown.id = static_cast<int32_t>(id);
    if (kind != TokenizerData::kNormal || is_byte(id) || is_control(static_cast<int32_t>(id))) continue;
    pieces.push_back({data_->tokens[id], data_->scores[id], static_cast<int32_t>(id)});
  }
  TRY_SET(model_, Unigram::create(pieces, unknown));
  return {};
}

// As SentencePiece's normaliser: rules first, then, of the spaces that result, none at either end and one of several
// (where the file asks for that), one before everything (likewise), and U+2581 for each.
std::string SentencePieceUnigram::normalized(std::string_view text, bool more) const {
  const bool squeeze = data_->remove_extra_whitespaces == 1 && !more;
  std::string out;
  out.reserve(text.size() + text.size() / 2 + kSpaceMark.size());
  if (space_prefix_ && !more) out += kSpaceMark;
  bool after_space = squeeze;
  for (size_t at = 0; at < text.size();) {
    Precompiled::Match rule = charsmap_.longest(text.substr(at));
    if (rule.length == 0) {
      rule.length = decode_utf8(text, at).length;
      rule.replacement = text.substr(at, rule.length);
    }
    at += rule.length;
    for (const char c : rule.replacement) {
      if (c != ' ') {
        out += c;
      } else if (!after_space) {
        out += kSpaceMark;
      }
      after_space = squeeze && c == ' ';
    }
  }
  while (squeeze && out.ends_with(kSpaceMark)) out.resize(out.size() - kSpaceMark.size());
  return out;
}

void SentencePieceUnigram::encode_text(std::string_view text, bool more, std::vector<int32_t>& out) const {
  model_.append(normalized(text, more), out);
}

}  // namespace infer::text
