// Qwen2 and Qwen2.5 (arXiv 2407.10671, 2412.15115): Llama with biases on Q, K and V, and rope on split halves.
#include "models/family.h"

namespace infer::models {

TensorId qwen2_layer(Decoder& d, TensorId x) {
  x = d.add(x, d.attention(d.norm(x, "attn_norm"), {.split_halves = true, .qkv_bias = true}));
  x = d.wanted_rows(x);
  return d.add(x, d.dense(d.norm(x, "ffn_norm")));
}

}  // namespace infer::models
