// Byte pair encoding as Hugging Face tokenizers does it: characters, each with the prefix or suffix of its place in the
// word; what is no token as bytes or as the unknown token; then merges, best rank first, leftmost of equals.
#include <array>
#include <optional>

#include "base/utf8.h"
#include "text/tokenizer/alphabet.h"
#include "text/tokenizer/pipeline/model.h"

namespace infer::text::pipeline {
namespace {

class Bpe final : public Model {
 public:
  void append(std::string_view piece, Scratch& scratch, std::vector<int32_t>& out) const override {
    if (whole_words_) {
      if (const int32_t id = vocabulary_->find(piece); id >= 0) return out.push_back(id);
    }
    split(piece, scratch);
    scratch.merger.run(scratch.symbols, [this](const Symbol& a, const Symbol& b) { return merges_.find(a.id, b.id); });
    for (const Symbol& s : scratch.symbols) out.push_back(s.id);
  }

  static Result<std::unique_ptr<const Model>> read(const Document& document, const Vocabulary& vocabulary) {
    std::unique_ptr<Bpe> bpe(new Bpe(vocabulary));
    const Spec spec = document.spec("model");
    if (const Spec dropout = spec.member("dropout"); !dropout.absent()) {
      TRY_SET(const int64_t none, spec.count_of("dropout", 0, 0));
      (void)none;  // with dropout the same text gives different ids each time
    }
    TRY_SET(bpe->prefix_, spec.text_of("continuing_subword_prefix", ""));
    TRY_SET(bpe->suffix_, spec.text_of("end_of_word_suffix", ""));
    TRY_SET(bpe->fuse_unknown_, spec.flag_of("fuse_unk", false));
    TRY_SET(bpe->whole_words_, spec.flag_of("ignore_merges", false));
    TRY_SET(const bool byte_fallback, spec.flag_of("byte_fallback", false));
    if (const Spec unknown = spec.member("unk_token"); !unknown.absent()) {
      TRY_SET(const std::string_view text, spec.text_of("unk_token"));
      bpe->unknown_ = bpe->vocabulary_->find_any(text);
      if (bpe->unknown_ < 0) return unknown.corrupt(str("'", text, "' is not in the vocabulary"));
    }
    bpe->bytes_.fill(-1);
    for (size_t b = 0; b < 256 && byte_fallback; ++b)
      bpe->bytes_[b] = bpe->vocabulary_->find(byte_token(static_cast<uint8_t>(b)));
    TRY(bpe->read_merges(document));
    return std::unique_ptr<const Model>(std::move(bpe));
  }

 private:
  explicit Bpe(const Vocabulary& vocabulary) : vocabulary_(&vocabulary) {}

  // In reverse, as of two that are the same the later one counts, and the index keeps what it is given first.
  Status read_merges(const Document& document) {
    merges_ = PairIndex(document.merges.size());
    std::string joined;
    for (size_t rank = document.merges.size(); rank-- > 0;) {
      const auto [left, right] = document.merges[rank];
      const int32_t a = vocabulary_->find_any(left), b = vocabulary_->find_any(right);
      const std::string_view tail = right.substr(std::min(prefix_.size(), right.size()));
      joined.assign(left).append(tail);
      const int32_t whole = vocabulary_->find_any(joined);
      const std::string_view missing = a < 0 ? left : b < 0 ? right : std::string_view(joined);
      if (a < 0 || b < 0 || whole < 0)
        return Status::corrupt(str("model.merges[", rank, "]: '", missing, "' is not in the vocabulary"));
      if (vocabulary_->find(joined) < 0) continue;  // text must not become a control token
      if (!merges_.insert(a, b, {static_cast<uint32_t>(rank), whole}))
        return Status::corrupt("model.merges: the merges collide; they look made for that");
    }
    return {};
  }

  // The symbols of a piece before any merge. Their places count what they spell, one after the other.
  void split(std::string_view piece, Scratch& scratch) const {
    std::vector<Symbol>& symbols = scratch.symbols;
    symbols.clear();
    uint32_t place = 0;
    const auto add = [&](int32_t id, size_t length) {
      symbols.push_back({id, place, place + static_cast<uint32_t>(length)});
      place += static_cast<uint32_t>(length);
    };
    size_t unknown = 0;  // bytes of unknown characters that wait for their token
    for (size_t at = 0; at < piece.size();) {
      const size_t length = decode_utf8(piece, at).length;
      std::string_view text = piece.substr(at, length);
      const bool first = at == 0, last = at + length == piece.size();
      if ((!first && !prefix_.empty()) || (last && !suffix_.empty())) {
        scratch.text.assign(first ? "" : prefix_).append(text).append(last ? suffix_ : "");
        text = scratch.text;
      }
      at += length;
      if (const int32_t id = vocabulary_->find(text); id >= 0) {
        if (unknown != 0) add(unknown_, unknown);
        unknown = 0;
        add(id, length);
        continue;
      }
      if (all_bytes(text)) {
        for (const char b : text) add(bytes_[static_cast<uint8_t>(b)], 1);
        continue;
      }
      if (unknown_ < 0) continue;  // left out
      if (unknown != 0 && !fuse_unknown_) add(unknown_, unknown);
      unknown = (fuse_unknown_ ? unknown : 0) + length;
    }
    if (unknown != 0) add(unknown_, unknown);
  }
  bool all_bytes(std::string_view text) const {
    for (const char b : text) {
      if (bytes_[static_cast<uint8_t>(b)] < 0) return false;
    }
    return true;
  }

  const Vocabulary* vocabulary_;
  PairIndex merges_;
  std::string prefix_, suffix_;
  int32_t unknown_ = -1;
  std::array<int32_t, 256> bytes_{};  // -1: no such token, or they are not wanted
  bool fuse_unknown_ = false, whole_words_ = false;
};

}  // namespace

Result<std::unique_ptr<const Model>> read_bpe(const Document& document, const Vocabulary& vocabulary) {
  return Bpe::read(document, vocabulary);
}

}  // namespace infer::text::pipeline
