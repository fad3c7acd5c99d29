// Linear: every angle is divided by the factor.
// YaRN (arXiv 2309.00071): pair j of n_rot/2 turns base^(-2j/n_rot) per position. Pairs that turn at least beta_fast
// times within the original context stay as they are, those that turn at most beta_slow times are divided by the
// factor, and between the two pair numbers the mix is linear. With r turns over n tokens, j = n_rot * ln(n / (2 pi r))
// / (2 ln base). Llama 3: the file brings a divisor per pair (rope_freqs.weight); nothing to compute here.
#include "models/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace infer::models {

graph::Rope rope_of(const Config& c) {
  graph::Rope r;
  r.head_dim = c.head_dim;
  r.n_rot = c.n_rot;
  r.base = c.rope_base;
  if (c.rope.kind == RopeScaling::kNone) return r;
  r.freq_scale = 1 / c.rope.factor;
  if (c.rope.kind == RopeScaling::kLinear) return r;

  const auto pair_that_turns = [&](double times) {
    return static_cast<double>(c.n_rot) *
           std::log(static_cast<double>(c.rope.original_ctx) / (times * 2 * std::numbers::pi)) /
           (2 * std::log(c.rope_base));
  };
  r.ext_factor = c.rope.ext_factor;
  r.attn_factor = c.rope.attn_factor;
  r.corr_low = std::max(0.0, std::floor(pair_that_turns(c.rope.beta_fast)));
  r.corr_high = std::min(static_cast<double>(c.n_rot - 1), std::ceil(pair_that_turns(c.rope.beta_slow)));
  return r;
}

}  // namespace infer::models
