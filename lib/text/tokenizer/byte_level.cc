#include "text/tokenizer/byte_level.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/tokenizer/alphabet.h"
#include "text/tokenizer/merger.h"
#include "text/tokenizer/nfc.h"

namespace infer::text {
// Takes the pieces that the scanner cuts and appends their ids. Lives for one stretch of text.
class WordSink final : public PieceSink {
 public:
  WordSink(const ByteLevelBpe& bpe, std::vector<int32_t>& out) : bpe_(&bpe), out_(&out), cache_(bpe.caches_.take()) {}
  ~WordSink() { bpe_->caches_.give(std::move(cache_)); }
  WordSink(const WordSink&) = delete;

  void piece(std::string_view word) override {
    if (word.size() > EncodeCache::Word::kBytes) return merge(word);
    EncodeCache::Word& known = cache_->place_of(word);
    if (EncodeCache::is(known, word)) {
      out_->insert(out_->end(), known.ids, known.ids + known.n);
      return;
    }
    const size_t start = out_->size();
    merge(word);
    EncodeCache::put(known, word, std::span(*out_).subspan(start));
  }

 private:
  void merge(std::string_view word) {
    if (const int32_t id = bpe_->whole_word(word); id >= 0) return out_->push_back(id);
    if (!by_characters(word) || !run()) {
      symbols_.clear();
      add_bytes(word, 0, word.size());
      run();
    }
    for (const Symbol& s : symbols_) out_->push_back(s.id);
  }

  void add_bytes(std::string_view word, size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const int32_t id = bpe_->byte_id_[static_cast<uint8_t>(word[i])];
      if (id >= 0) symbols_.push_back({id, static_cast<uint32_t>(i), static_cast<uint32_t>(i + 1)});
    }
  }

  // Makes the word's symbols: one for each character that is one token, but bytes on both sides of a border that merges
  // may cross. False: it is to be merged from bytes, as it is not UTF-8, or bytes may be left out, so that others meet
  // than those that borders_ knows of.
  bool by_characters(std::string_view word) {
    if (!bpe_->all_bytes_) return false;
    symbols_.clear();
    bool crossed_before = false;
    for (size_t at = 0; at < word.size();) {
      const Utf8 c = decode_utf8(word, at);
      if (!c.valid) return false;
      const size_t end = at + c.length;
      const bool crossed_behind = end < word.size() && bpe_->borders_.crossed(word, end);
      const EncodeCache::Character* known = nullptr;
      if (c.length > 1 && !crossed_before && !crossed_behind) known = &character(word.substr(at, c.length), c.value);
      if (known && known->id >= 0) {
        symbols_.push_back({known->id, static_cast<uint32_t>(at), static_cast<uint32_t>(end), known->rank});
      } else {
        add_bytes(word, at, end);
      }
      crossed_before = crossed_behind;
      at = end;
    }
    return true;
  }

  const EncodeCache::Character& character(std::string_view bytes, char32_t c) {
    EncodeCache::Character& known = cache_->place_of(c);
    if (known.c == c) return known;
    std::vector<Symbol> before;
    before.swap(symbols_);
    add_bytes(bytes, 0, bytes.size());
    const bool whole = run() && symbols_.size() == 1 && symbols_[0].end - symbols_[0].begin == bytes.size();
    known = {c, whole ? symbols_[0].id : -1, whole ? symbols_[0].rank : 0};
    before.swap(symbols_);
    return known;
  }

  // False: a merge came before one of those that made its halves, so what was merged depends on where one began.
  bool run() {
    const MergeIndex& merges = bpe_->merges_;
    bool in_order = true;
    merger_.run(symbols_, [&](const Symbol& a, const Symbol& b) {
      const uint64_t hash = merges.hash(a.id, b.id);
      if (!merges.may_merge(hash)) return PairIndex::Found{UINT32_MAX, -1};
      const PairIndex::Found found =
          cache_->merge_of(a.id, b.id, hash, [&] { return bpe_->merge_of(a.id, b.id, hash, buffer_); });
      in_order = in_order && found.rank >= a.rank && found.rank >= b.rank;
      return found;
    });
    return in_order;
  }

  const ByteLevelBpe* bpe_;
  std::vector<int32_t>* out_;
  std::unique_ptr<EncodeCache> cache_;
  std::vector<Symbol> symbols_;
  Merger merger_;
  std::string buffer_;
};

Result<std::unique_ptr<ByteLevelBpe>> ByteLevelBpe::create(std::shared_ptr<const TokenizerData> data) {
  const PreTokenizer* pre = find_pretokenizer(data->pre);
  if (!pre) {
    return Status::unsupported(str("the pre-tokenizer '", data->pre, "' is not supported"),
                               "the model needs a libinfer that knows how its tokenizer cuts text into words");
  }
  std::unique_ptr<ByteLevelBpe> bpe(new ByteLevelBpe(std::move(data), *pre));
  TRY_SET(bpe->index_, TextIndex::create(bpe->data_->tokens, "token"));
  TRY_SET(bpe->merges_, MergeIndex::create(bpe->data_->tokens, bpe->data_->merges));
  bpe->add_bos_ = pre->adds_bos;
  return bpe;
}

Status ByteLevelBpe::finish() {
  for (int b = 0; b < 256; ++b) {
    const int32_t id = index_.find(kAlphabet.spelled(static_cast<uint8_t>(b)));
    byte_id_[static_cast<size_t>(b)] = id >= 0 && !is_control(id) ? id : -1;
    all_bytes_ = all_bytes_ && byte_id_[static_cast<size_t>(b)] >= 0;
  }
  borders_.learn(data_->merges);
  for (const std::string_view token : data_->tokens) longest_token_ = std::max(longest_token_, token.size());
  return {};
}

PairIndex::Found ByteLevelBpe::merge_of(int32_t left, int32_t right, uint64_t hash, std::string& buffer) const {
  const uint32_t rank = merges_.find(left, right, hash);
  if (rank == UINT32_MAX) return {rank, -1};
  buffer.assign(data_->tokens[static_cast<size_t>(left)]).append(data_->tokens[static_cast<size_t>(right)]);
  const int32_t id = index_.find(buffer);
  if (id < 0 || is_control(id))
    return {UINT32_MAX, -1};  // text must not become a control token, whatever the merges say
  return {rank, id};
}

// The token that spells the whole word, if the tokenizer asks for that before merging; -1 else.
int32_t ByteLevelBpe::whole_word(std::string_view word) const {
  if (!pre_->whole_words || word.size() > longest_token_) return -1;
  char small[256];
  std::string large;
  char* to = small;
  if (word.size() * 2 > sizeof small) {
    large.resize(word.size() * 2);
    to = large.data();
  }
  size_t n = 0;
  for (const char ch : word) {
    const uint8_t b = static_cast<uint8_t>(ch);
    to[n] = kAlphabet.utf8[b][0];
    if (kAlphabet.length[b] == 2) to[n + 1] = kAlphabet.utf8[b][1];
    n += kAlphabet.length[b];
  }
  const int32_t id = index_.find({to, n});
  return id >= 0 && !is_control(id) ? id : -1;
}

void ByteLevelBpe::encode_text(std::string_view text, bool /*more*/, std::vector<int32_t>& out) const {
  WordSink sink(*this, out);
  if (pre_->nfc && may_change_under_nfc(text)) return run_stages(pre_->stages, nfc(text), sink);
  run_stages(pre_->stages, text, sink);
}

void ByteLevelBpe::append_piece(int32_t id, bool special, bool, std::string& out) const {
  const std::string_view token = data_->tokens[static_cast<size_t>(id)];
  if (is_control(id) && !special) return;
  const bool as_written = is_control(id) || type(static_cast<size_t>(id)) == TokenizerData::kUserDefined;
  if (as_written || !append_spelled_bytes(token, out)) out.append(token);
}

}  // namespace infer::text
