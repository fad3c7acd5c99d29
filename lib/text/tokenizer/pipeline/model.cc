#include "text/tokenizer/pipeline/model.h"

#include <cmath>

#include "text/tokenizer/alphabet.h"
#include "text/tokenizer/unigram.h"
#include "text/tokenizer/wordpiece.h"

namespace infer::text::pipeline {
namespace {

// The unknown token's id, -1 where the model names none.
Result<int32_t> unknown_of(const Spec& spec, const Vocabulary& vocabulary) {
  if (spec.member("unk_token").absent()) return -1;
  TRY_SET(const std::string_view text, spec.text_of("unk_token"));
  return vocabulary.find_any(text);
}

class WordLevelModel final : public Model {
 public:
  static Result<std::unique_ptr<const Model>> read(const Document& document, const Vocabulary& vocabulary) {
    std::unique_ptr<WordLevelModel> model(new WordLevelModel(vocabulary));
    TRY_SET(model->unknown_, unknown_of(document.spec("model"), vocabulary));
    return std::unique_ptr<const Model>(std::move(model));
  }
  void append(std::string_view piece, Scratch&, std::vector<int32_t>& out) const override {
    const int32_t id = vocabulary_->find(piece);
    if (id >= 0 || unknown_ >= 0) out.push_back(id >= 0 ? id : unknown_);
  }

 private:
  explicit WordLevelModel(const Vocabulary& vocabulary) : vocabulary_(&vocabulary) {}
  const Vocabulary* vocabulary_;
  int32_t unknown_ = -1;
};

class WordPieceModel final : public Model {
 public:
  static Result<std::unique_ptr<const Model>> read(const Document& document, const Vocabulary& vocabulary) {
    const Spec spec = document.spec("model");
    WordPiece::Options options;
    TRY_SET(options.unknown, unknown_of(spec, vocabulary));
    TRY_SET(const int64_t most, spec.count_of("max_input_chars_per_word", 0, 1 << 30, 100));
    options.max_characters = static_cast<size_t>(most);
    TRY_SET(const std::string_view prefix, spec.text_of("continuing_subword_prefix", "##"));
    // Any token may begin a word; those with the prefix may also go on with one.
    std::vector<WordPiece::Piece> pieces;
    for (const Document::Token& t : document.vocabulary) {
      if (vocabulary.find(t.text) < 0) continue;
      pieces.push_back({t.text, t.id, false});
      if (t.text.starts_with(prefix)) pieces.push_back({t.text.substr(prefix.size()), t.id, true});
    }
    auto made = WordPiece::create(pieces, options);
    if (!made.ok()) return made.status().in("model.vocab");
    return std::unique_ptr<const Model>(new WordPieceModel(made.take()));
  }
  void append(std::string_view piece, Scratch&, std::vector<int32_t>& out) const override { words_.append(piece, out); }

 private:
  explicit WordPieceModel(WordPiece words) : words_(std::move(words)) {}
  WordPiece words_;
};

class UnigramModel final : public Model {
 public:
  static Result<std::unique_ptr<const Model>> read(const Document& document, const Vocabulary& vocabulary) {
    const Spec spec = document.spec("model");
    Unigram::Unknown unknown;
    const auto last = static_cast<int64_t>(document.vocabulary.size()) - 1;
    if (!spec.member("unk_id").absent()) {
      TRY_SET(const int64_t id, spec.count_of("unk_id", 0, last));
      unknown.id = static_cast<int32_t>(id);
    }
    TRY_SET(const bool byte_fallback, spec.flag_of("byte_fallback", false));
    for (size_t b = 0; b < 256 && byte_fallback; ++b)
      unknown.bytes[b] = vocabulary.find(byte_token(static_cast<uint8_t>(b)));
    std::vector<Unigram::Piece> pieces;
    for (const Document::Token& t : document.vocabulary) {
      if (!std::isfinite(t.score)) return spec.member("vocab").corrupt(str("the score of '", t.text, "' is no number"));
      if (t.id != unknown.id && vocabulary.find(t.text) >= 0) pieces.push_back({t.text, t.score, t.id});
    }
    auto made = Unigram::create(pieces, unknown);
    if (!made.ok()) return made.status().in("model.vocab");
    return std::unique_ptr<const Model>(new UnigramModel(made.take()));
  }
  void append(std::string_view piece, Scratch&, std::vector<int32_t>& out) const override {
    unigram_.append(piece, out);
  }

 private:
  explicit UnigramModel(Unigram unigram) : unigram_(std::move(unigram)) {}
  Unigram unigram_;
};

}  // namespace

Result<std::unique_ptr<Vocabulary>> Vocabulary::create(const Document& document) {
  std::unique_ptr<Vocabulary> out(new Vocabulary());
  const size_t n = document.vocabulary.size();
  out->texts_.reserve(n);
  out->ids_.reserve(n);
  for (const Document::Token& t : document.vocabulary) {
    out->texts_.push_back(t.text);
    out->ids_.push_back(t.id);
  }
  out->allowed_.assign(n, true);
  auto index = TextIndex::create(out->texts_, "token");
  if (!index.ok()) return index.status().in("model.vocab");
  out->index_ = index.take();
  return out;
}

void Vocabulary::forbid(const std::vector<bool>& is_control) {
  for (size_t i = 0; i < ids_.size(); ++i) allowed_[i] = !is_control[static_cast<size_t>(ids_[i])];
}

Result<std::unique_ptr<const Model>> Model::read(const Document& document, const Vocabulary& vocabulary) {
  const Spec spec = document.spec("model");
  // Files written before the type was: what else there is tells.
  const char* guess = document.has_scores                                 ? "Unigram"
                      : !spec.member("max_input_chars_per_word").absent() ? "WordPiece"
                      : !document.merges.empty()                          ? "BPE"
                                                                          : "WordLevel";
  TRY_SET(const std::string_view type, spec.text_of("type", guess));
  if (document.has_scores != (type == "Unigram"))
    return spec.member("vocab").corrupt(str("this is not the vocabulary of a model of type ", type));
  if (type == "BPE") return read_bpe(document, vocabulary);
  if (type == "Unigram") return UnigramModel::read(document, vocabulary);
  if (type == "WordPiece") return WordPieceModel::read(document, vocabulary);
  if (type == "WordLevel") return WordLevelModel::read(document, vocabulary);
  return spec.unsupported(str("the model '", type, "' is not supported"));
}

}  // namespace infer::text::pipeline
