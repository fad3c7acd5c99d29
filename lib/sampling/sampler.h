// From one row of logits to one token: the sampler chain.
//
// Order: logit bias and bans -> penalties -> greedy if temperature 0 -> temperature -> top-k -> typical -> top-p ->
// min-p -> draw. Each filter works on what the one before left, renormalised. Ties are broken by the lower id, so the
// result does not depend on a sort's whims; exp and the random numbers are our own, so a seed gives the same text on
// every platform.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sampling/philox.h"

namespace infer::sampling {

struct SamplerOptions {
  double temperature = 0.8;         // 0: greedy
  int32_t top_k = 40;               // 0: off
  double top_p = 0.95;              // 1: off
  double min_p = 0.05;              // 0: off
  double typical_p = 1.0;           // 1: off
  double repetition_penalty = 1.0;  // Keskar et al. 2019 (CTRL): positive logits divided, negative multiplied; 1: off
  double frequency_penalty = 0.0, presence_penalty = 0.0;  // OpenAI's definition, over prompt and generated tokens
  int32_t penalty_last = 64;  // the penalties look at this many last tokens; -1: all, 0: off
  uint64_t seed = 0;
  std::vector<std::pair<int32_t, float>> logit_bias;  // added; -infinity bans
  int32_t n_logprobs = -1;                            // -1: none; 0: of the chosen token; n: and of the n most likely
};

struct LogProb {
  int32_t token;
  float logprob;
};
struct Choice {
  int32_t token = -1;        // -1: nothing may be chosen
  float logprob = 0;         // under the model's own distribution (before bias, penalties, temperature, filters)
  std::vector<LogProb> top;  // [min(n_logprobs, n_vocab)], most likely first
};

// What may be chosen for one row, beside the logits.
struct Context {
  std::span<const int32_t> history;  // prompt and generated ids, oldest first
  std::span<const int32_t> banned;   // ids that may not come now (end tokens before min_tokens)
  std::span<const uint32_t> mask;    // bit per id that may be chosen; empty: all (a grammar's seam)
  uint64_t index = 0;                // which draw of its request this is
  bool token_only = false;           // no log-probabilities, whatever the options say
};

// The chain and its working memory. One serves all requests of a thread: nothing is kept from row to row.
class Sampler {
  struct Candidate {
    int32_t token;
    float logit;
    double p;  // not normalised
  };

 public:
  explicit Sampler(int32_t n_vocab);  // allocates all that choose() will need: bytes(n_vocab)
  static constexpr int64_t bytes(int64_t n_vocab) {
    return n_vocab * static_cast<int64_t>(sizeof(Candidate) + sizeof(float) + sizeof(int32_t));
  }
  // logits [n_vocab]. NaN counts as -infinity.
  void choose(const SamplerOptions& options, std::span<const float> logits, const Context& context, Choice& out);
  // No choice: how likely this token is, and the options.n_logprobs (>= 0) most likely ones.
  void score(const SamplerOptions& options, std::span<const float> logits, int32_t token, Choice& out);

 private:
  static bool before(const Candidate& a, const Candidate& b);

  std::span<const float> adjust(const SamplerOptions& options, std::span<const float> logits, const Context& context);
  void penalise(const SamplerOptions& options, std::span<const int32_t> history);
  int32_t draw(const SamplerOptions& options, std::span<const float> x, uint64_t index);
  void keep_top(std::span<const float> x, size_t k);
  void weigh(double temperature);
  void keep_typical(double typical_p, double temperature);
  void keep_nucleus(double top_p);
  template <class Less>
  void keep_until(double enough, Less less);
  void log_probs(const SamplerOptions& options, std::span<const float> logits, Choice& out);
  double total() const;

  std::vector<Candidate> candidates_;  // capacity [n_vocab]
  std::vector<float> adjusted_;        // [n_vocab]
  std::vector<int32_t> counts_;        // [n_vocab], zero between rows
};

}  // namespace infer::sampling
