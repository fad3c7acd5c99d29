// Qwen3 (arXiv 2505.09388): Qwen2 without biases; each head of Q and K is RMS-normed before rope, and heads may be
// wider than n_embd / n_head.
#include "models/family.h"

namespace infer::models {

TensorId qwen3_layer(Decoder& d, TensorId x) {
  x = d.add(x, d.attention(d.norm(x, "attn_norm"), {.split_halves = true, .qk_norm = true}));
  x = d.wanted_rows(x);
  return d.add(x, d.dense(d.norm(x, "ffn_norm")));
}

}  // namespace infer::models
