#include "text/tokenizer/rwkv.h"

#include "text/tokenizer/alphabet.h"

namespace infer::text {
namespace {

// The bytes that `written` stands for. What is not one of Python's escapes stands for itself.
void append_unescaped(std::string_view written, std::string& out) {
  for (size_t i = 0; i < written.size(); ++i) {
    const char next = written[i] == '\\' && i + 1 < written.size() ? written[i + 1] : '\0';
    if (next == 'x' && i + 3 < written.size() && hex_digit(written[i + 2]) >= 0 && hex_digit(written[i + 3]) >= 0) {
      out += static_cast<char>(hex_digit(written[i + 2]) * 16 + hex_digit(written[i + 3]));
      i += 3;
    } else if (next == 't' || next == 'n' || next == 'r' || next == '\\' || next == '\'' || next == '"') {
      out += next == 't' ? '\t' : next == 'n' ? '\n' : next == 'r' ? '\r' : next;
      ++i;
    } else {
      out += written[i];
    }
  }
}

}  // namespace

Result<std::unique_ptr<RwkvTokenizer>> RwkvTokenizer::create(std::shared_ptr<const TokenizerData> data) {
  return std::unique_ptr<RwkvTokenizer>(new RwkvTokenizer(std::move(data)));
}

Status RwkvTokenizer::finish() {
  std::string bytes;
  std::vector<size_t> ends;  // [n_vocab] in `bytes`
  for (size_t id = 0; id < data_->tokens.size(); ++id) {
    const auto kind = type(id);
    const bool in_text = kind == TokenizerData::kNormal && !is_control(static_cast<int32_t>(id));
    if (in_text) append_unescaped(data_->tokens[id], bytes);
    ends.push_back(bytes.size());
  }
  std::vector<PieceTrie::Entry> entries;
  for (size_t id = 0, begin = 0; id < ends.size(); begin = ends[id++]) {
    entries.push_back({std::string_view(bytes).substr(begin, ends[id] - begin), static_cast<int32_t>(id)});
  }
  TRY_SET(trie_, PieceTrie::create(entries));
  return {};
}

void RwkvTokenizer::encode_text(std::string_view text, bool /*more*/, std::vector<int32_t>& out) const {
  while (!text.empty()) {
    const PieceTrie::Match token = trie_.longest(text);
    if (token.id >= 0) {
      out.push_back(token.id);
    } else if (data_->unk >= 0) {
      out.push_back(data_->unk);
    }
    text.remove_prefix(token.id >= 0 ? token.length : 1);
  }
}

void RwkvTokenizer::append_piece(int32_t id, bool special, bool, std::string& out) const {
  const std::string_view token = data_->tokens[static_cast<size_t>(id)];
  if (is_control(id)) {
    if (special) out += token;
  } else if (type(static_cast<size_t>(id)) == TokenizerData::kUserDefined) {
    out += token;
  } else {
    append_unescaped(token, out);
  }
}

}  // namespace infer::text
