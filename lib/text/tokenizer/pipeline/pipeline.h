// A Hugging Face tokenizer.json as a Tokenizer: added tokens are cut out, what lies between is normalized, cut into
// pieces and given to the model; the post-processor says what stands around a text, the decoder how tokens become text.
#pragma once
#include <memory>
#include <optional>

#include "text/tokenizer/pipeline/added_tokens.h"
#include "text/tokenizer/pipeline/decoder.h"
#include "text/tokenizer/pipeline/model.h"
#include "text/tokenizer/pipeline/normalizer.h"
#include "text/tokenizer/pipeline/pre_tokenizer.h"
#include "text/tokenizer/tokenizer.h"

namespace infer::text::pipeline {

class Pipeline final : public Tokenizer {
 public:
  // From data.json and, for the names of special tokens and the chat template, data.json_config.
  static Result<std::unique_ptr<Pipeline>> create(const TokenizerData& data);

  void append_piece(int32_t id, bool special, bool first, std::string& out) const override {
    append_next(id, -1, special, first, out);
  }
  void append_next(int32_t id, int32_t previous, bool special, bool first, std::string& out) const override;

 private:
  Pipeline(std::shared_ptr<const TokenizerData> data, std::shared_ptr<const Document> document)
      : Tokenizer(std::move(data)), document_(std::move(document)) {}
  Status finish() override;
  Status encode_all(std::string_view text, bool more, std::span<const Range> trusted,
                    std::vector<int32_t>& out) const override;
  Status encode_plain(std::string_view text, bool first, bool trusted, std::vector<int32_t>& out) const;
  Status read_post_processor(const Spec& spec, int depth);
  Status read_template(const Spec& spec);

  std::shared_ptr<const Document> document_;
  std::unique_ptr<Vocabulary> vocabulary_;
  std::vector<AddedToken> added_list_;  // until finish()
  std::optional<AddedTokens> added_;
  Normalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  std::unique_ptr<const Model> model_;
  std::optional<Decoder> decoder_;
};

}  // namespace infer::text::pipeline
