// Text <-> token ids.
//
// Linear time on any input (n log n inside one unbroken word). Bytes that are not UTF-8 are read as U+FFFD, one for
// each broken sequence, as every caller that goes through Unicode strings would read them.
//
// User text can never become a control token: only ranges that the caller declares trusted are searched for the text of
// control tokens. Tokens that a model's makers added as ordinary text (<think>, runs of spaces: "user-defined") are
// found anywhere, because the model knows that text only so.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/tokens.h"

namespace infer::text {

// Bytes [begin, end) of a text.
struct Range {
  size_t begin, end;
};

class SpecialTokens;

class Tokenizer {
 public:
  // Unknown kind or pre-tokenizer: E_UNSUPPORTED naming it. Inconsistent vocabulary: E_CORRUPT. `data` is kept.
  static Result<std::unique_ptr<const Tokenizer>> create(std::shared_ptr<const TokenizerData> data);
  virtual ~Tokenizer();

  // Appends ids of `text`. add_special: BOS/EOS as the model wants. `trusted`: sorted, disjoint; a control token's text
  // must lie wholly inside one of them to become that token. E_INVALID: ranges that are not so, or a text over 1 GiB.
  Status encode(std::string_view text, bool add_special, std::span<const Range> trusted,
                std::vector<int32_t>& out) const;
  Status encode(std::string_view text, bool add_special, bool parse_special, std::vector<int32_t>& out) const {
    const Range all{0, text.size()};
    return encode(text, add_special, std::span<const Range>(&all, parse_special ? 1 : 0), out);
  }

  // The same for a text that goes on behind another: no space is put before it where the tokenizer puts one before a
  // text.
  Status encode_more(std::string_view text, bool parse_special, std::vector<int32_t>& out) const;

  // Bytes that a token adds to a text. first: only control tokens stand before it (SPM drops the first token's space).
  // Control tokens give nothing unless `special`. id is in 0..n_vocab-1.
  virtual void append_piece(int32_t id, bool special, bool first, std::string& out) const = 0;
  // The same where the token before it is known: `previous` gave something (-1: none did). Few decoders ask for it.
  virtual void append_next(int32_t id, int32_t previous, bool special, bool first, std::string& out) const {
    (void)previous;
    append_piece(id, special, first, out);
  }
  std::string decode(std::span<const int32_t> ids, bool special) const;

  int32_t n_vocab() const { return static_cast<int32_t>(data_->tokens.size()); }
  bool is_control(int32_t id) const { return control_[static_cast<size_t>(id)]; }
  bool is_end(int32_t id) const {
    return end_[static_cast<size_t>(id)];
  }                                           // generation stops here: EOS, EOT, EOM and their kin by name
  bool adds_bos() const { return add_bos_; }  // whether add_special puts BOS (BERT: CLS) first
  bool adds_eos() const { return add_eos_; }
  std::span<const int32_t> before() const { return before_; }  // what add_special puts first: BOS, or more
  const TokenizerData& data() const { return *data_; }

 protected:
  explicit Tokenizer(std::shared_ptr<const TokenizerData> data);
  // Builds what encode_text needs; control_ is known by now.
  virtual Status finish() = 0;
  // Appends ids of a stretch between special tokens. text: valid UTF-8, not empty. more: it goes on behind other text.
  // Every kind has this or encode_all().
  virtual void encode_text(std::string_view, bool /*more*/, std::vector<int32_t>& /*out*/) const {}
  // Appends ids of a text: of the special tokens in it, and of what stands between by encode_text(). more: its first
  // stretch.
  virtual Status encode_all(std::string_view text, bool more, std::span<const Range> trusted,
                            std::vector<int32_t>& out) const;
  TokenizerData::TokenType type(size_t id) const {
    return data_->types.empty() ? TokenizerData::kNormal : static_cast<TokenizerData::TokenType>(data_->types[id]);
  }

  std::shared_ptr<const TokenizerData> data_;
  bool add_bos_ = false, add_eos_ = false;
  std::vector<int32_t> before_, after_;  // what add_special adds; unless the kind says, BOS and EOS

 private:
  static Result<std::unique_ptr<const Tokenizer>> finished(std::unique_ptr<Tokenizer> made);
  void classify();
  Status find_special();

  std::vector<bool> control_, end_;               // [n_vocab]
  std::unique_ptr<const SpecialTokens> special_;  // nullptr: the kind has its own encode_all()
};

// Streaming: bytes come out as soon as they are whole UTF-8 characters.
class Detokenizer {
 public:
  // first: nothing stands before; false when the text continues a prompt (SPM then keeps the first token's space).
  explicit Detokenizer(const Tokenizer& t, bool special = false, bool first = true)
      : tokenizer_(&t), special_(special), first_(first) {}
  // Appends to `out` the whole characters that `id` completes.
  void feed(int32_t id, std::string& out);
  // The end: what is held back comes out as U+FFFD, once per broken sequence.
  void finish(std::string& out);

 private:
  const Tokenizer* tokenizer_;
  bool special_, first_;
  int32_t previous_ = -1;  // the last token that gave something
  std::string held_;       // bytes of an unfinished character, at most 3
};

}  // namespace infer::text
