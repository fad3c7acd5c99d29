#include "text/tokenizer/byte_level.h"

#include <algorithm>
#include <iterator>

#include "base/utf8.h"
#include "text/tokenizer/merger.h"
#include "text/tokenizer/nfc.h"

namespace infer::text {
namespace {

// Bytes that print stand for themselves (as Latin-1); the others, in order, are U+0100, U+0101, ...
constexpr bool prints(int b) { return (b >= 0x21 && b <= 0x7E) || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE; }

struct Alphabet {
  char utf8[256][2] = {};       // of the character that stands for a byte
  uint8_t length[256] = {};     // 1 or 2
  int16_t byte_of[0x144] = {};  // of a character; -1: it stands for none
};

constexpr Alphabet make_alphabet() {
  Alphabet a;
  for (auto& b : a.byte_of) b = -1;
  char16_t next = 0x100;
  for (int b = 0; b < 256; ++b) {
    const char16_t c = prints(b) ? static_cast<char16_t>(b) : next++;
    a.byte_of[c] = static_cast<int16_t>(b);
    a.length[b] = c < 0x80 ? 1 : 2;
    a.utf8[b][0] = static_cast<char>(static_cast<uint8_t>(c < 0x80 ? c : 0xC0 | c >> 6));
    a.utf8[b][1] = static_cast<char>(static_cast<uint8_t>(0x80 | (c & 0x3F)));
  }
  return a;
}

constexpr Alphabet kAlphabet = make_alphabet();

std::string_view spelled(uint8_t byte) { return {kAlphabet.utf8[byte], kAlphabet.length[byte]}; }

}  // namespace

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
    symbols_.clear();
    for (size_t i = 0; i < word.size(); ++i) {
      const int32_t id = bpe_->byte_id_[static_cast<uint8_t>(word[i])];
      if (id >= 0) symbols_.push_back({id, static_cast<uint32_t>(i), static_cast<uint32_t>(i + 1)});
    }
    const MergeIndex& merges = bpe_->merges_;
    merger_.run(symbols_, [&](const Symbol& a, const Symbol& b) {
      const uint64_t hash = merges.hash(a.id, b.id);
      if (!merges.may_merge(hash)) return PairIndex::Found{UINT32_MAX, -1};
      return cache_->merge_of(a.id, b.id, hash, [&] { return bpe_->merge_of(a.id, b.id, hash, buffer_); });
    });
    for (const Symbol& s : symbols_) out_->push_back(s.id);
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
    const int32_t id = index_.find(spelled(static_cast<uint8_t>(b)));
    byte_id_[static_cast<size_t>(b)] = id >= 0 && !is_control(id) ? id : -1;
  }
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

void ByteLevelBpe::encode_text(std::string_view text, std::vector<int32_t>& out) const {
  WordSink sink(*this, out);
  if (pre_->nfc && may_change_under_nfc(text)) return run_stages(pre_->stages, nfc(text), sink);
  run_stages(pre_->stages, text, sink);
}

void ByteLevelBpe::append_piece(int32_t id, bool special, bool, std::string& out) const {
  const std::string_view token = data_->tokens[static_cast<size_t>(id)];
  if (is_control(id) && !special) return;
  const size_t start = out.size();
  const bool as_written = is_control(id) || type(static_cast<size_t>(id)) == TokenizerData::kUserDefined;
  for (size_t at = 0; at < token.size() && !as_written;) {
    const Utf8 c = decode_utf8(token, at);
    const int byte = c.value < std::size(kAlphabet.byte_of) ? kAlphabet.byte_of[c.value] : -1;
    if (byte < 0) {  // not written in the alphabet after all
      out.resize(start);
      out.append(token);
      return;
    }
    out += static_cast<char>(static_cast<uint8_t>(byte));
    at += c.length;
  }
  if (as_written) out.append(token);
}

}  // namespace infer::text
