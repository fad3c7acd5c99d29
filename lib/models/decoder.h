// The parts that decoder-only families are made of. A family's file says how a layer is put together from them.
//
// A Decoder reads tensors by name, checks type and shape against the Config, and adds nodes to a Program. The first
// mistake is kept and returned by finish(); after it every part returns kNone and adds nothing, so a family reads
// without error handling. finish() also refuses tensors that no part has read: a bias or norm that were ignored would
// change the answer.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "graph/builder.h"
#include "models/config.h"

namespace infer::models {

using graph::kNone;
using graph::TensorId;

// What differs between families in the attention part.
struct AttentionKind {
  bool split_halves = false;  // rope turns pairs (j, j + n_rot/2); else (2j, 2j + 1)
  bool qkv_bias = false;      // the file must have them (any family takes those that are there)
  bool qk_norm = false;       // RMS norm of each head of Q and K before rope
};

class Decoder {
 public:
  Decoder(const formats::ModelFile& file, const Config& config, const BuildOptions& options);

  const Config config;

  // Token ids to rows [T, n_embd].
  TensorId embed();
  // Names below are of the current layer: "attn_norm" is tensor "blk.<layer>.attn_norm.weight".
  void enter_layer(int64_t layer) {
    layer_ = layer;
    builder_.enter_layer(layer);
  }
  TensorId norm(TensorId x, std::string_view name);
  TensorId attention(TensorId x, const AttentionKind& kind);  // projections, rope, KV, output projection
  TensorId dense(TensorId x);                                 // down(silu(gate(x)) * up(x))
  TensorId experts(TensorId x);                               // the same, of the n_expert_used likeliest experts
  TensorId shared_expert(TensorId x);  // of the expert that sees every row, times sigmoid(gate . x)
  TensorId add(TensorId a, TensorId b);
  // After the last layer's attention only rows whose logits are wanted go on: x itself before that, rows [R, n_embd]
  // then.
  TensorId wanted_rows(TensorId x);
  // Final norm and output projection (the embedding table where the file has no other).
  Result<Model> finish(TensorId x);

 private:
  enum class Need { kRequired, kOptional };
  TensorId weight(const std::string& name, std::vector<int64_t> dims, Need need = Need::kRequired);
  TensorId vector(const std::string& name, int64_t n, Need need = Need::kRequired);  // F32 only
  TensorId linear(TensorId x, std::string_view name, int64_t n_in, int64_t n_out, Need bias = Need::kOptional);
  // Adds the adapters of products that linear() made, each in place of it.
  void adapt(std::initializer_list<TensorId*> products);
  TensorId gated(TensorId x, std::string_view suffix, int64_t n_ff);
  TensorId rope_factors();
  std::string in_layer(std::string_view name, std::string_view kind) const;
  const formats::Tensor* find(const std::string& name, const std::vector<int64_t>& dims, Need need);
  TensorId bind(const formats::Tensor& t, std::vector<int64_t> dims);
  std::optional<double> output_scale(const std::string& name);
  bool failed() const { return !status_.ok(); }
  void fail(Status s);
  Status all_used() const;

  const formats::ModelFile& file_;
  const BuildOptions options_;
  graph::Builder builder_;
  Model model_;
  int64_t layer_ = 0;
  struct Linear {
    TensorId y, x;
    std::string weight;
    int64_t n_in, n_out;
  };
  std::vector<Linear> linears_;  // since the last adapt()
  bool wanted_only_ = false;     // rows are [R], no longer [T]
  std::vector<bool> used_;       // [tensors of the file] read by some part
  graph::Rope rope_;             // .factors is set by rope_factors()
  TensorId table_ = kNone;       // token embeddings
  Status status_;
};

}  // namespace infer::models
