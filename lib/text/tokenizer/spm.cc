#include "text/tokenizer/spm.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "base/utf8.h"
#include "text/tokenizer/merger.h"

namespace infer::text {
namespace {

// Ascending order of the result is descending order of the score.
uint32_t rank_of(float score) {
  const uint32_t bits = std::bit_cast<uint32_t>(score + 0.0f);  // -0 as 0
  const uint32_t ascending = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
  return std::min(~ascending, UINT32_MAX - 1);
}

bool space_after_other(std::string_view token) {
  for (size_t at = token.find(kSpaceMark); at != std::string_view::npos; at = token.find(kSpaceMark, at + 1)) {
    if (at > 0 && !token.substr(0, at).ends_with(kSpaceMark)) return true;
  }
  return false;
}

}  // namespace

// Merges one word after another and appends their ids. Lives for one stretch.
class PieceMerger {
 public:
  PieceMerger(const SentencePieceBpe& spm, std::string_view text, std::vector<int32_t>& out)
      : spm_(&spm), text_(text), out_(&out) {}

  void merge(size_t begin, size_t end) {
    symbols_.clear();
    for (size_t at = begin; at < end;) {
      const size_t next = at + decode_utf8(text_, at).length;
      symbols_.push_back({find(at, next), static_cast<uint32_t>(at), static_cast<uint32_t>(next)});
      at = next;
    }
    halves_.clear();
    merger_.run(symbols_, [this](const Symbol& a, const Symbol& b) { return join(a, b); });
    for (const Symbol& s : symbols_) emit(s);
  }

 private:
  int32_t find(size_t begin, size_t end) const {
    const int32_t id = spm_->index_.find(text_.substr(begin, end - begin));
    return spm_->usable(id) ? id : -1;
  }
  bool is_unused(int32_t id) const {
    return id >= 0 && spm_->unused_ && spm_->type(static_cast<size_t>(id)) == TokenizerData::kUnused;
  }
  PairIndex::Found join(const Symbol& a, const Symbol& b) {
    uint32_t rank = UINT32_MAX;
    if (!spm_->by_score_) {
      if (a.id >= 0 && b.id >= 0) rank = merge_rank(a.id, b.id);
      if (rank == UINT32_MAX) return {rank, -1};
    }
    const int32_t id = find(a.begin, b.end);
    if (id < 0) return {UINT32_MAX, -1};
    if (!spm_->by_score_) return {rank, id};
    if (is_unused(id)) halves_[id] = {a, b};
    return {spm_->rank_[static_cast<size_t>(id)], id};
  }
  uint32_t merge_rank(int32_t left, int32_t right) const {
    const uint64_t hash = spm_->merges_.hash(left, right);
    return spm_->merges_.may_merge(hash) ? spm_->merges_.find(left, right, hash) : UINT32_MAX;
  }
  void emit(const Symbol& symbol) {
    if (!is_unused(symbol.id)) return emit_piece(symbol);
    // What may not end the merging is taken apart again, the way it was put together.
    std::vector<Symbol> stack{symbol};
    while (!stack.empty()) {
      const Symbol s = stack.back();
      stack.pop_back();
      const auto it = halves_.find(s.id);
      if (!is_unused(s.id) || it == halves_.end()) {
        emit_piece(s);
        continue;
      }
      stack.push_back(it->second.second);
      stack.push_back(it->second.first);
    }
  }
  void emit_piece(const Symbol& s) {
    if (s.id >= 0) {
      unknown_ = false;
      return out_->push_back(s.id);
    }
    for (size_t at = s.begin; at < s.end; ++at) {
      const int32_t byte = spm_->byte_id_[static_cast<uint8_t>(text_[at])];
      if (byte >= 0) {
        unknown_ = false;
        out_->push_back(byte);
      } else if (!unknown_ && spm_->data().unk >= 0) {  // a run of unknown characters is one token
        unknown_ = true;
        out_->push_back(spm_->data().unk);
      }
    }
  }

  const SentencePieceBpe* spm_;
  std::string_view text_;
  std::vector<int32_t>* out_;
  std::vector<Symbol> symbols_;
  Merger merger_;
  std::unordered_map<int32_t, std::pair<Symbol, Symbol>> halves_;  // of unused tokens that a merge could make
  bool unknown_ = false;                                           // the last id out was the unknown token
};

bool SentencePieceBpe::is_pre(std::string_view name) {
  return name == "gemma4" || name == "granite-embed-multi-311m" || name == "sarvam-moe";
}

Result<std::unique_ptr<SentencePieceBpe>> SentencePieceBpe::create(std::shared_ptr<const TokenizerData> data) {
  const bool by_score = data->model == "llama";
  if (by_score && data->scores.empty()) {
    return Status::corrupt("a SentencePiece vocabulary needs tokenizer.ggml.scores");
  }
  std::unique_ptr<SentencePieceBpe> spm(new SentencePieceBpe(std::move(data), by_score));
  TRY_SET(spm->index_, TextIndex::create(spm->data_->tokens, "token"));
  if (!by_score) {
    TRY_SET(spm->merges_, MergeIndex::create(spm->data_->tokens, spm->data_->merges));
  }
  spm->add_bos_ = true;
  return spm;
}

Status SentencePieceBpe::finish() {
  TRY(find_bytes());
  const auto& tokens = data_->tokens;
  rank_.assign(tokens.size(), UINT32_MAX);
  words_ = true;
  for (size_t id = 0; id < tokens.size(); ++id) {
    if (is_byte(id) || is_control(static_cast<int32_t>(id))) continue;
    rank_[id] = by_score_ ? rank_of(data_->scores[id]) : 0;
    unused_ = unused_ || (by_score_ && type(id) == TokenizerData::kUnused);
    words_ = words_ && !space_after_other(tokens[id]);
  }
  return {};
}

std::string SentencePieceBpe::escaped(std::string_view text, bool more) const {
  const bool squeeze = data_->remove_extra_whitespaces == 1 && !more;
  if (squeeze) {
    const size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    text = text.substr(first, text.find_last_not_of(' ') + 1 - first);
  }
  std::string out;
  out.reserve(text.size() + text.size() / 2 + kSpaceMark.size());
  if (space_prefix_ && !more) out += kSpaceMark;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != ' ') {
      out += text[i];
    } else if (!squeeze || text[i - 1] != ' ') {
      out += kSpaceMark;
    }
  }
  return out;
}

void SentencePieceBpe::encode_text(std::string_view text, bool more, std::vector<int32_t>& out) const {
  const std::string all = escaped(text, more);
  PieceMerger merger(*this, all, out);
  size_t begin = 0;
  while (begin < all.size()) {
    size_t end = all.size();
    if (words_) {
      size_t word = begin;
      while (std::string_view(all).substr(word).starts_with(kSpaceMark)) word += kSpaceMark.size();
      end = std::min(all.find(kSpaceMark, word), all.size());
    }
    merger.merge(begin, end);
    begin = end;
  }
}

}  // namespace infer::text
