// Qwen1.5-MoE and Qwen2-MoE (arXiv 2407.10671): Qwen2's attention; small experts whose weights are not renormalised,
// beside one shared expert that sees every row through a gate of its own.
#include "models/family.h"

namespace infer::models {

TensorId qwen2moe_layer(Decoder& d, TensorId x) {
  x = d.add(x, d.attention(d.norm(x, "attn_norm"), {.split_halves = true, .qkv_bias = true}));
  x = d.wanted_rows(x);
  const TensorId h = d.norm(x, "ffn_norm");
  return d.add(x, d.add(d.experts(h), d.shared_expert(h)));
}

}  // namespace infer::models
