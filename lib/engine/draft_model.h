// A small model that guesses what a large one will say (speculative decoding: Leviathan et al., arXiv 2211.17192). It
// has pages of its own, and runs before the step that verifies its guesses.
//
// It draws as the request itself does, with the same random numbers, from its own logits: where both models agree about
// the probabilities, they agree about the token. What is chosen in the end never depends on a guess. Belongs to the
// engine's thread; allocates nothing once it is warm.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "base/step.h"
#include "cache/pages.h"
#include "device/executor.h"
#include "engine/request.h"
#include "engine/sizes.h"
#include "models/model.h"
#include "sampling/sampler.h"

namespace infer::engine {

class DraftModel {
 public:
  static constexpr int32_t kReadAtOnce = 128;  // tokens of prompts in one call: requests that decode wait for it
  static constexpr int32_t kShort = 16;        // as much as steps and right guesses leave unread is read in any case

  struct Parts {
    std::shared_ptr<const formats::ModelFile> file;  // outlives the executor; null: nothing is mapped
    std::unique_ptr<models::Model> model;            // its program outlives the executor
    std::unique_ptr<device::Executor> executor;      // of the engine's sizes, a row per sequence
    int64_t n_vocab = 0;
  };
  DraftModel(Parts parts, const Sizes& sizes);

  // Of each of these, which decode in the next step: at most task().draft guesses, behind the tokens that it has now,
  // and at most `room` of all together. A long prompt takes several calls, until it was read.
  Status guess(std::span<Request* const> requests, int32_t room);
  void cancel() { parts_.executor->cancel(); }  // any thread: guess() fails soon
  void let_go(Sequence& s);                     // its pages are free
  Result<int64_t> trim();                       // bytes of free pages given back

 private:
  struct Reader {  // a sequence in this call
    Request* request;
    int32_t wanted;    // guesses
    int32_t fed = 0;   // tokens of the coming run
    int32_t row = -1;  // of the coming run; -1: it gives none
  };
  void begin(Request& r);
  bool pack();
  void add(Reader& r, bool is_long);
  void choose(Reader& r, std::span<const float> row);

  Parts parts_;
  const Sizes sizes_;
  cache::PagePool pool_;
  Step step_;
  int32_t unread_ = 0;               // tokens that may still be read in this call
  std::unique_ptr<float[]> logits_;  // [sequences, n_vocab]
  sampling::Sampler sampler_;
  sampling::Choice choice_;
  std::vector<Reader> readers_;
  std::vector<int32_t> history_;  // [context] tokens and guesses of one sequence
};

}  // namespace infer::engine
