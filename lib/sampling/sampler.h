// From one row of logits to one token: the sampler chain.
//
// Order (llama.cpp's and vLLM's common ground): logit bias and bans -> penalties -> greedy if temperature 0 -> temperature ->
// top-k -> typical -> top-p -> min-p -> draw. Ties are broken by the lower id, so the result does not depend on a sort's whims.
// Random numbers are counter-based (Philox 4x32-10, Salmon et al. 2011): draw number n of seed s is a pure function of (s, n), the
// same on every platform, and a resumed request needs no generator state.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace infer::sampling {

struct SamplerOptions {
  double temperature = 0.8;         // 0: greedy
  int32_t top_k = 40;               // 0: off
  double top_p = 0.95;              // 1: off
  double min_p = 0.05;              // 0: off
  double typical_p = 1.0;           // 1: off
  double repetition_penalty = 1.0;  // Keskar et al. 2019 (CTRL): positive logits divided, negative multiplied; 1: off
  double frequency_penalty = 0.0, presence_penalty = 0.0;  // OpenAI's definition, over generated tokens and prompt within penalty_last
  int32_t penalty_last = 64;        // window in tokens; -1: everything, 0: off
  uint64_t seed = 0;
  std::vector<std::pair<int32_t, float>> logit_bias;  // added; -infinity bans
  int32_t n_logprobs = -1;          // -1: none; 0: of the chosen token; n: and of the n most likely
};

struct LogProb {
  int32_t token;
  float logprob;
};
struct Choice {
  int32_t token = -1;
  float logprob = 0;             // under the model's own distribution (before bias, penalties, temperature, filters)
  std::vector<LogProb> top;      // n_logprobs most likely, most likely first
};

class Sampler {
 public:
  Sampler(const SamplerOptions& options, int32_t n_vocab);  // allocates all it will need
  // logits [n_vocab] (left untouched). history: prompt and generated ids, oldest first. banned: ids that may not be chosen now
  // (end tokens before min_tokens). mask: bit per id that may be chosen, empty = all (constraint's seam). index: which draw of the
  // request this is. Non-finite logits: NaN counts as -infinity; if nothing is left, token stays -1.
  void choose(std::span<const float> logits, std::span<const int32_t> history, std::span<const int32_t> banned,
              std::span<const uint32_t> mask, uint64_t index, Choice& out);

 private:
  SamplerOptions options_;
  struct Candidate {
    int32_t token;
    float logit;
    double p;
  };
  std::vector<Candidate> candidates_;
  std::vector<float> work_;
  std::vector<int32_t> counts_, touched_;
};

// Uniform in [0, 1) with 53 bits: draw `index` of `seed`.
double uniform(uint64_t seed, uint64_t index);

}  // namespace infer::sampling
