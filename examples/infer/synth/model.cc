#include "model.h"

#include <cmath>
#include <cstring>
#include <map>
#include <tuple>
#include <vector>

#include "base/checked.h"
#include "formats/gguf_writer.h"
#include "formats/model_file.h"
#include "quant/random_blocks.h"

namespace infer::synth {
namespace {

using Use = Recipe::Use;

// Adds tensors to the writer and keeps their bytes until the file is written.
class Tensors {
 public:
  Tensors(formats::GgufWriter& out, const Plan& plan) : out_(out), plan_(plan) {}

  void matrix(const std::string& name, Use use, int64_t layer, std::vector<int64_t> dims) {
    const int64_t n = dims.back();
    int64_t rows = 1;
    for (size_t i = 0; i + 1 < dims.size(); ++i) rows *= dims[i];
    const quant::Type type = plan_.recipe.type(use, layer, plan_.shape.layers, n);
    // Uniform weights of this reach keep the size of what they multiply.
    add(name, type, dims, rows * n, std::sqrt(3.0f / static_cast<float>(n)));
  }
  void plain(const std::string& name, std::vector<int64_t> dims, float reach) {
    int64_t n = 1;
    for (const int64_t d : dims) n *= d;
    add(name, quant::Type::kF32, dims, n, reach);
  }
  void ones(const std::string& name, int64_t n) {
    auto& data = data_[{quant::Type::kF32, n, 0.0f}];
    if (data.empty()) {
      const std::vector<float> values(static_cast<size_t>(n), 1.0f);
      data.resize(values.size() * sizeof(float));
      std::memcpy(data.data(), values.data(), data.size());
    }
    put(name, quant::Type::kF32, {n}, n, data);
  }
  const Written& written() const { return written_; }

 private:
  void add(const std::string& name, quant::Type type, const std::vector<int64_t>& dims, int64_t n, float reach) {
    auto& data = data_[{type, n, reach}];
    if (data.empty()) {
      data.resize(quant::row_bytes(type, static_cast<uint64_t>(n)));
      quant::fill_random_blocks(type, n, plan_.seed + data_.size(), data.data(), reach);
    }
    put(name, type, dims, n, data);
  }
  void put(const std::string& name, quant::Type type, const std::vector<int64_t>& dims, int64_t n,
           const std::vector<std::byte>& data) {
    out_.add_tensor(name, type, dims, data);
    written_.parameters += n;
    written_.bytes += static_cast<int64_t>(data.size());
  }

  formats::GgufWriter& out_;
  const Plan& plan_;
  std::map<std::tuple<quant::Type, int64_t, float>, std::vector<std::byte>> data_;
  Written written_;
};

void add_hyper_parameters(formats::GgufWriter& out, const Plan& plan) {
  const Shape& s = plan.shape;
  const auto key = [&](const char* name, auto value) { out.add(str(s.family, ".", name), value); };
  const auto count = [&](const char* name, int64_t value) { key(name, static_cast<uint32_t>(value)); };
  out.add("general.architecture", s.family);
  out.add("general.name", str("random weights in the shape of ", s.name));
  count("block_count", s.layers);
  count("context_length", plan.context);
  count("embedding_length", s.embd);
  count("feed_forward_length", s.ff);
  count("attention.head_count", s.heads);
  count("attention.head_count_kv", s.heads_kv);
  count("attention.key_length", s.head_dim);
  count("attention.value_length", s.head_dim);
  count("rope.dimension_count", s.head_dim);
  key("attention.layer_norm_rms_epsilon", 1e-5f);
  key("rope.freq_base", s.rope_base);
  if (s.experts == 0) return;
  count("expert_count", s.experts);
  count("expert_used_count", s.used);
  count("expert_feed_forward_length", s.ff_expert);
}

void add_layer(Tensors& t, const Shape& s, int64_t layer) {
  const std::string at = str("blk.", layer, ".");
  const std::string family = s.family;
  t.ones(at + "attn_norm.weight", s.embd);
  t.matrix(at + "attn_q.weight", Use::kOther, layer, {s.heads * s.head_dim, s.embd});
  t.matrix(at + "attn_k.weight", Use::kOther, layer, {s.heads_kv * s.head_dim, s.embd});
  t.matrix(at + "attn_v.weight", Use::kValue, layer, {s.heads_kv * s.head_dim, s.embd});
  t.matrix(at + "attn_output.weight", Use::kOther, layer, {s.embd, s.heads * s.head_dim});
  if (family == "qwen2") {
    t.plain(at + "attn_q.bias", {s.heads * s.head_dim}, 0.1f);
    t.plain(at + "attn_k.bias", {s.heads_kv * s.head_dim}, 0.1f);
    t.plain(at + "attn_v.bias", {s.heads_kv * s.head_dim}, 0.1f);
  }
  if (family.starts_with("qwen3")) {
    t.ones(at + "attn_q_norm.weight", s.head_dim);
    t.ones(at + "attn_k_norm.weight", s.head_dim);
  }
  t.ones(at + "ffn_norm.weight", s.embd);
  if (s.experts > 0) {
    t.plain(at + "ffn_gate_inp.weight", {s.experts, s.embd}, 0.1f);
    t.matrix(at + "ffn_gate_exps.weight", Use::kOther, layer, {s.experts, s.ff_expert, s.embd});
    t.matrix(at + "ffn_up_exps.weight", Use::kOther, layer, {s.experts, s.ff_expert, s.embd});
    t.matrix(at + "ffn_down_exps.weight", Use::kDown, layer, {s.experts, s.embd, s.ff_expert});
  } else {
    t.matrix(at + "ffn_gate.weight", Use::kOther, layer, {s.ff, s.embd});
    t.matrix(at + "ffn_up.weight", Use::kOther, layer, {s.ff, s.embd});
    t.matrix(at + "ffn_down.weight", Use::kDown, layer, {s.embd, s.ff});
  }
}

}  // namespace

Result<Written> write_model(const Plan& plan, const std::string& path) {
  const Shape& s = plan.shape;
  TRY_SET(const auto source, formats::open_model(plan.tokenizer));
  const auto n_vocab = static_cast<int64_t>(source->tokenizer().tokens.size());
  if (n_vocab == 0) return Status::invalid(str(plan.tokenizer, " has no tokenizer"), "give a GGUF file that has one");
  formats::GgufWriter out;
  add_hyper_parameters(out, plan);
  out.copy(*source, "tokenizer.");
  Tensors t(out, plan);
  t.matrix("token_embd.weight", s.tied ? Use::kOutput : Use::kEmbedding, 0, {n_vocab, s.embd});
  for (int64_t layer = 0; layer < s.layers; ++layer) add_layer(t, s, layer);
  t.ones("output_norm.weight", s.embd);
  if (!s.tied) t.matrix("output.weight", Use::kOutput, 0, {n_vocab, s.embd});
  TRY(out.write(path));
  return t.written();
}

}  // namespace infer::synth
