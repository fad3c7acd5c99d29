// Qwen3-MoE (arXiv 2505.09388): Qwen3's attention; experts whose weights are renormalised over the chosen ones, none
// shared.
#include "models/family.h"

namespace infer::models {

TensorId qwen3moe_layer(Decoder& d, TensorId x) {
  x = d.add(x, d.attention(d.norm(x, "attn_norm"), {.split_halves = true, .qk_norm = true}));
  x = d.wanted_rows(x);
  return d.add(x, d.experts(d.norm(x, "ffn_norm")));
}

}  // namespace infer::models
