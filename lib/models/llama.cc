// Llama 1 to 3 (arXiv 2302.13971, 2407.21783), SmolLM, Mistral (2310.06825; same arithmetic, sometimes a sliding
// window), and Mixtral (2401.04088): experts in place of the dense part, the weights of the chosen ones summing to 1.
// Converters call them all "llama" and reorder the rows of Q and K so that rope turns adjacent pairs.
#include "models/family.h"

namespace infer::models {

TensorId llama_layer(Decoder& d, TensorId x) {
  x = d.add(x, d.attention(d.norm(x, "attn_norm"), {}));
  x = d.wanted_rows(x);
  const TensorId h = d.norm(x, "ffn_norm");
  return d.add(x, d.config.n_expert > 0 ? d.experts(h) : d.dense(h));
}

}  // namespace infer::models
