// The text of a tokenizer.json, read once: its vocabulary and merges into flat lists, everything else, which is small,
// into a tree that answers questions and knows where each answer stands.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_tree.h"
#include "base/status.h"

namespace infer::text::pipeline {

// A value and its place ("pre_tokenizer.pretokenizers[1].pattern"), which is worked out when a message wants it.
class Spec {
 public:
  explicit Spec(const Json& root) : root_(&root), value_(&root) {}
  bool absent() const { return !value_ || value_->kind == Json::Kind::kNull; }
  bool is(Json::Kind kind) const { return value_ && value_->kind == kind; }
  std::string path() const;
  std::string_view text() const { return value_->text; }  // is(kString)

  Spec member(std::string_view key) const;  // absent() if there is none, or this is no object
  // Of members; E_CORRUPT when it is of another kind, or absent and no fallback is given. Texts are views.
  Result<std::string_view> text_of(std::string_view key) const;
  Result<std::string_view> text_of(std::string_view key, std::string_view fallback) const;
  Result<bool> flag_of(std::string_view key, bool fallback) const;
  Result<int64_t> count(int64_t least, int64_t most) const;  // this
  Result<int64_t> count_of(std::string_view key, int64_t least, int64_t most) const {
    return member(key).count(least, most);
  }
  Result<int64_t> count_of(std::string_view key, int64_t least, int64_t most, int64_t fallback) const;
  Result<std::vector<Spec>> list_of(std::string_view key) const;  // empty if absent

  Status unsupported(std::string_view what) const;
  Status corrupt(std::string_view what) const;

 private:
  const Json* root_;
  const Json* value_;             // nullptr: there is none
  const Json* holder_ = nullptr;  // of the value; nullptr: this is the root
  std::string_view key_ = {};     // in the holder; of a list's element: none
};

struct Document {
  struct Token {
    std::string_view text;
    int32_t id;
    double score;  // Unigram
  };
  struct Merge {
    std::string_view left, right;
  };
  std::vector<Token> vocabulary;             // in the order of the file
  std::vector<Merge> merges;                 // by rank
  bool has_scores = false;                   // the vocabulary is a list of texts and scores (Unigram)
  Json root;                                 // without those two
  std::unique_ptr<const std::string> texts;  // what the views look at

  Spec spec(std::string_view key) const { return Spec(root).member(key); }
};

// `name`: of the file, for messages.
Result<Document> read_document(std::string_view json, std::string_view name);

}  // namespace infer::text::pipeline
