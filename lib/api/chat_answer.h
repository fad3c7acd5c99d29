// What the engine generates -> the JSON of OpenAI's chat completions: in chunks as it comes, one to a line, or as one
// object at the end.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/chat_request.h"
#include "api/samples.h"
#include "text/tokenizer/tokenizer.h"
#include "text/tools/parser.h"

namespace infer::api {

class ChatAnswer {
 public:
  // prompt: as rendered; n: samples.
  ChatAnswer(const ChatRequest& request, std::shared_ptr<const text::Tokenizer> tokenizer, std::string_view prompt,
             int32_t n, int64_t now);
  // The JSON that a piece of a sample makes ready. Until the next call.
  std::string_view take(const engine::Piece& piece, int32_t sample, const Samples& request);

 private:
  struct Choice {
    std::unique_ptr<text::tools::OutputParser> parser;
    text::tools::Answer answer;
    std::string logprobs;  // members of a JSON list
    bool begun = false;    // its first chunk was given
    bool called = false;
    infer_finish finish = INFER_FINISH_NONE;
  };
  void chunk(Choice& choice, int32_t index, std::string_view delta);
  void add_logprobs(Choice& choice, const engine::Piece& piece);
  std::string delta_of(const text::tools::Event& event) const;
  std::string head(std::string_view object) const;
  std::string whole(const Samples& request) const;
  std::string usage(const Samples& request) const;
  std::string_view finish_of(const Choice& choice) const;

  const std::shared_ptr<const text::Tokenizer> tokenizer_;
  const std::shared_ptr<const text::tools::ToolSet> tools_;
  const std::string id_, model_;
  const int64_t created_;
  const bool stream_, usage_, logprobs_;
  std::vector<Choice> choices_;
  std::vector<text::tools::Event> events_;
  std::string out_, text_;
  size_t n_ended_ = 0;
};

}  // namespace infer::api
