// A prompt that is written by turns: text of the caller, text that the model adds, choices that it makes. What an
// infer_prompt refers to.
//
// The text is kept as the tokens that were computed, so that whatever comes next goes on behind them in the prefix
// cache; a fork shares them all. One answer at most is being generated; whatever needs its text waits for it.
// (Zheng et al., "SGLang: Efficient Execution of Structured Language Model Prompts", 2024: extend, gen, select, fork.)
#pragma once
#include <libinfer/infer.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/engine.h"
#include "api/settings.h"

namespace infer::api {

class Prompt {
 public:
  Prompt(std::shared_ptr<Engine> engine, Settings settings)
      : engine_(std::move(engine)), settings_(std::move(settings)) {}

  // parse: text that spells a control token becomes it.
  Status append(std::string_view text, bool parse);
  // Messages, through the model's template. What was appended and generated since the last ones is the assistant's
  // answer to them. Settings: chat.*.
  Status append_chat(const infer_part* parts, int64_t n_parts, const Settings& settings);
  // Begins an answer, which joins the text when it has ended.
  Result<std::shared_ptr<Samples>> gen(std::string name, const Settings& settings);
  // Appends the choice whose tokens are likeliest on average. scores: mean log-probability of each, [choices].
  Result<size_t> select(std::string name, std::span<const std::string> choices, const Settings& settings,
                        std::vector<double>& scores);
  Result<std::shared_ptr<Prompt>> fork();
  // What `other` has by name. Its text stays there.
  Status join(Prompt& other);

  Result<std::string> value(std::string_view name);
  Result<std::string> text();
  // Until no answer is being generated. OK or PENDING, or why that answer failed: the text is then as it was before.
  Result<infer_status> wait(int32_t timeout_ms);
  void cancel() noexcept;  // what is being generated or selected; any thread

 private:
  struct Answer {
    std::string name;
    Settings settings;
    std::shared_ptr<Samples> request;
    size_t prompt = 0;  // tokens
  };
  Status settle();
  Status adopt(const Answer& answer);
  Status encode(std::string_view text, bool parse, std::vector<int32_t>& out) const;
  void grow(std::span<const int32_t> ids, std::string_view text);
  Status check_name(std::string_view name) const;
  void keep(const std::string& name, std::string value);  // empty name: nowhere
  Settings with(const Settings& settings) const;
  Result<std::vector<double>> mean_scores(std::span<const std::shared_ptr<Samples>> requests);
  void watch(std::span<const std::shared_ptr<Samples>> requests);

  const std::shared_ptr<Engine> engine_;
  const Settings settings_;  // what calls do not say
  std::string text_;
  std::vector<int32_t> tokens_;  // of text_
  std::vector<text::Message> messages_;
  size_t answer_from_ = 0;  // of text_: behind the last messages
  std::map<std::string, std::string, std::less<>> values_;
  std::optional<Answer> pending_;

  std::mutex mutex_;                               // guards what follows
  std::vector<std::shared_ptr<Samples>> running_;  // what cancel() stops
};

}  // namespace infer::api
