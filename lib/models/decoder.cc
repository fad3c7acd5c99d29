#include "models/decoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/checked.h"
#include "models/rope.h"
#include "models/shape_text.h"

namespace infer::models {

Decoder::Decoder(const formats::ModelFile& file, const Config& c, const BuildOptions& options)
    : config(c), file_(file), options_(options), used_(file.tensors().size()), rope_(rope_of(c)) {
  model_.hyper = c;
}

TensorId Decoder::embed() {
  table_ = weight("token_embd.weight", {config.n_vocab, config.n_embd});
  rope_.factors = rope_factors();
  return failed() ? kNone : builder_.embed(table_, builder_.tokens());
}

TensorId Decoder::norm(TensorId x, std::string_view name) {
  const TensorId w = vector(in_layer(name, "weight"), config.n_embd);
  return failed() ? kNone : builder_.rms_norm(x, w, config.rms_eps);
}

TensorId Decoder::attention(TensorId x, const AttentionKind& kind) {
  const Config& c = config;
  const Need bias = kind.qkv_bias ? Need::kRequired : Need::kOptional;
  TensorId q = linear(x, "attn_q", c.n_embd, c.n_head * c.head_dim, bias);
  TensorId k = linear(x, "attn_k", c.n_embd, c.n_head_kv * c.head_dim, bias);
  TensorId v = linear(x, "attn_v", c.n_embd, c.n_head_kv * c.head_dim_v, bias);
  adapt({&q, &k, &v});
  if (kind.qk_norm) {
    const TensorId q_weight = vector(in_layer("attn_q_norm", "weight"), c.head_dim);
    const TensorId k_weight = vector(in_layer("attn_k_norm", "weight"), c.head_dim);
    if (failed()) return kNone;
    q = builder_.rms_norm(q, q_weight, c.rms_eps);
    k = builder_.rms_norm(k, k_weight, c.rms_eps);
  }
  if (failed()) return kNone;

  graph::Rope rope = rope_;
  rope.split_halves = kind.split_halves;
  q = builder_.rope(q, rope);
  k = builder_.rope(k, rope);

  const graph::Attention a{.n_heads = c.n_head,
                           .n_kv_heads = c.n_head_kv,
                           .head_dim = c.head_dim,
                           .head_dim_v = c.head_dim_v,
                           .page = options_.page,
                           .window = c.window,
                           .scale = c.attention_scale};
  const int64_t pages = graph::sym(graph::kPages);
  const TensorId k_state =
      builder_.state(str("kv.", layer_, ".k"), options_.kv_type, {pages, options_.page, c.n_head_kv, c.head_dim});
  const TensorId v_state =
      builder_.state(str("kv.", layer_, ".v"), options_.kv_type, {pages, options_.page, c.n_head_kv, c.head_dim_v});
  model_.kv.push_back({k_state, v_state, c.window});
  builder_.kv_write(k, v, k_state, v_state, a);
  TensorId y = linear(builder_.attention(q, k_state, v_state, a), "attn_output", c.n_head * c.head_dim_v, c.n_embd);
  adapt({&y});
  return y;
}

TensorId Decoder::gated(TensorId x, std::string_view suffix, int64_t n_ff) {
  TensorId gate = linear(x, str("ffn_gate", suffix), config.n_embd, n_ff);
  TensorId up = linear(x, str("ffn_up", suffix), config.n_embd, n_ff);
  adapt({&gate, &up});
  if (failed()) return kNone;
  TensorId y = linear(builder_.glu(gate, up, INFER_ACT_SILU), str("ffn_down", suffix), n_ff, config.n_embd);
  adapt({&y});
  return y;
}

TensorId Decoder::dense(TensorId x) { return gated(x, "", config.n_ff); }

TensorId Decoder::experts(TensorId x) {
  const Config& c = config;
  TensorId logits = linear(x, "ffn_gate_inp", c.n_embd, c.n_expert);
  adapt({&logits});
  if (const auto* old = file_.tensor(in_layer("ffn_gate.0", "weight")))
    fail(Status::unsupported(str("tensor '", old->name, "': experts as separate tensors, a layout given up in 2024"),
                             "Convert the model again with a current converter."));
  const TensorId gate = weight(in_layer("ffn_gate_exps", "weight"), {c.n_expert, c.n_ff_expert, c.n_embd});
  const TensorId up = weight(in_layer("ffn_up_exps", "weight"), {c.n_expert, c.n_ff_expert, c.n_embd});
  const TensorId down = weight(in_layer("ffn_down_exps", "weight"), {c.n_expert, c.n_embd, c.n_ff_expert});
  if (failed()) return kNone;
  const auto routed = builder_.route(logits, c.n_expert_used, c.expert_norm ? 1 : 0, c.expert_scale);
  const TensorId hidden = builder_.glu(builder_.matmul_experts(x, gate, routed.ids),
                                       builder_.matmul_experts(x, up, routed.ids), INFER_ACT_SILU);
  return builder_.expert_sum(builder_.matmul_experts(hidden, down, routed.ids), routed);
}

TensorId Decoder::shared_expert(TensorId x) {
  const TensorId y = gated(x, "_shexp", config.n_ff_shared);
  TensorId gate = linear(x, "ffn_gate_inp_shexp", config.n_embd, 1);
  adapt({&gate});
  return failed() ? kNone : builder_.mul(y, builder_.act(gate, INFER_ACT_SIGMOID));
}

TensorId Decoder::add(TensorId a, TensorId b) { return failed() ? kNone : builder_.add(a, b); }

TensorId Decoder::wanted_rows(TensorId x) {
  if (failed() || layer_ != config.n_layer - 1) return x;
  wanted_only_ = true;
  return builder_.gather(x, builder_.rows());
}

Result<Model> Decoder::finish(TensorId x) {
  const TensorId norm_weight = vector("output_norm.weight", config.n_embd);
  TensorId output = weight("output.weight", {config.n_vocab, config.n_embd}, Need::kOptional);
  TRY(status_);
  TRY(all_used());
  if (output == kNone) output = table_;
  builder_.enter_layer(-1);
  const TensorId hidden = builder_.rms_norm(x, norm_weight, config.rms_eps);
  TRY_SET(model_.program, builder_.finish(builder_.matmul(hidden, output), hidden));

  graph::Symbols one;
  one.fill(1);
  Size page(0u);
  for (const KvLayer& kv : model_.kv)
    page = page + Size(model_.program.bytes(kv.k, one)) + Size(model_.program.bytes(kv.v, one));
  if (!page.fits(INT64_MAX))
    return Status::invalid(str("a KV page of ", options_.page, " tokens has more bytes than 63 bits can count"),
                           "set kv.page to a smaller number");
  model_.kv_page_bytes = static_cast<int64_t>(page.value());
  return std::move(model_);
}

// ---- tensors

namespace {

// Equal up to leading dimensions of 1: one row is a vector in some files and a matrix in others.
bool same_shape(const formats::Tensor& t, const std::vector<int64_t>& dims) {
  const int64_t* have = t.dim;
  size_t n_have = static_cast<size_t>(t.rank), first = 0;
  while (n_have > 1 && *have == 1) ++have, --n_have;
  while (dims.size() - first > 1 && dims[first] == 1) ++first;
  return std::equal(have, have + n_have, dims.begin() + static_cast<ptrdiff_t>(first), dims.end());
}

}  // namespace

std::string Decoder::in_layer(std::string_view name, std::string_view kind) const {
  return str("blk.", layer_, ".", name, ".", kind);
}

void Decoder::fail(Status s) {
  if (status_.ok()) status_ = std::move(s);
}

const formats::Tensor* Decoder::find(const std::string& name, const std::vector<int64_t>& dims, Need need) {
  if (failed()) return nullptr;
  const formats::Tensor* t = file_.tensor(name);
  if (!t) {
    if (need == Need::kRequired)
      fail(Status::corrupt(str("tensor '", name, "' ", shape_text(dims.data(), dims.size()), " is missing"),
                           str("A model of architecture '", config.architecture, "' has it; the file is incomplete.")));
    return nullptr;
  }
  if (!same_shape(*t, dims)) {
    fail(Status::corrupt(str("tensor '", name, "' is ", shape_text(t->dim, static_cast<size_t>(t->rank)),
                             ", the metadata say ", shape_text(dims.data(), dims.size())),
                         "The file is damaged or was converted wrongly; obtain it again."));
    return nullptr;
  }
  used_[static_cast<size_t>(t - file_.tensors().data())] = true;
  return t;
}

TensorId Decoder::bind(const formats::Tensor& t, std::vector<int64_t> dims) {
  const TensorId id = builder_.weight(std::string(t.name), static_cast<uint32_t>(t.type), std::move(dims));
  model_.weights.push_back({id, t.data});
  return id;
}

TensorId Decoder::weight(const std::string& name, std::vector<int64_t> dims, Need need) {
  const formats::Tensor* t = find(name, dims, need);
  if (!t) return kNone;
  if (t->type == quant::Type::kI32) {
    fail(
        Status::unsupported(str("tensor '", name, "' is i32, weights are floats or blocks"), "Obtain the file again."));
    return kNone;
  }
  return bind(*t, std::move(dims));
}

TensorId Decoder::vector(const std::string& name, int64_t n, Need need) {
  const formats::Tensor* t = find(name, {n}, need);
  if (!t) return kNone;
  if (t->type != quant::Type::kF32) {
    fail(
        Status::unsupported(str("tensor '", name, "' is ", quant::info(t->type).name, "; norms and biases must be f32"),
                            "Converters write them as f32; convert the model again."));
    return kNone;
  }
  return bind(*t, {n});
}

TensorId Decoder::linear(TensorId x, std::string_view name, int64_t n_in, int64_t n_out, Need bias) {
  const TensorId w = weight(in_layer(name, "weight"), {n_out, n_in});
  const TensorId b = vector(in_layer(name, "bias"), n_out, bias);
  const std::optional<double> by = output_scale(in_layer(name, "scale"));
  if (failed()) return kNone;
  TensorId y = builder_.matmul(x, w, by ? kNone : b);
  if (by) y = builder_.scale(y, *by);
  if (by && b != kNone) y = builder_.add(y, b);
  linears_.push_back({y, x, in_layer(name, "weight"), n_in, n_out});
  return y;
}

void Decoder::adapt(std::initializer_list<TensorId*> products) {
  const int64_t slots = options_.adapter_slots, rank = options_.adapter_rank;
  const std::vector<Linear> made = std::exchange(linears_, {});
  if (failed() || slots == 0) return;
  const uint32_t type = options_.adapter_type;
  for (TensorId* y : products) {
    const auto linear = std::ranges::find(made, *y, &Linear::y);
    if (linear == made.end()) continue;
    Bank bank;
    bank.weight = linear->weight;
    bank.n_in = linear->n_in;
    bank.n_out = linear->n_out;
    bank.down = builder_.input(str(bank.weight, ".lora_a"), type, {slots, rank, bank.n_in});
    bank.up = builder_.input(str(bank.weight, ".lora_b"), type, {slots, bank.n_out, rank});
    bank.ranks = builder_.input(str(bank.weight, ".ranks"), INFER_TYPE_I32, {slots});
    const TensorId of_row = wanted_only_ ? builder_.row_adapters() : builder_.adapters();
    *y = builder_.adapt(*y, linear->x, bank.down, bank.up, of_row, bank.ranks);
    model_.banks.push_back(std::move(bank));
  }
}

// NVFP4 files keep one factor per tensor beside it.
std::optional<double> Decoder::output_scale(const std::string& name) {
  const formats::Tensor* t = find(name, {1}, Need::kOptional);
  if (!t) return {};
  float value = 0;
  if (t->type == quant::Type::kF32 && t->data.size() == sizeof value) std::memcpy(&value, t->data.data(), sizeof value);
  if (!std::isfinite(value) || value == 0) {
    fail(Status::corrupt(str("tensor '", name, "' must be one f32 other than 0")));
    return {};
  }
  return value;
}

TensorId Decoder::rope_factors() {
  const TensorId id = vector("rope_freqs.weight", config.n_rot / 2, Need::kOptional);
  if (id == kNone) return kNone;
  const std::span<const std::byte> data = model_.weights.back().data;
  for (size_t at = 0; at + sizeof(float) <= data.size(); at += sizeof(float)) {
    float v = 0;
    std::memcpy(&v, data.data() + at, sizeof v);
    if (!(v > 0) || !std::isfinite(v))
      fail(Status::corrupt(
          str("tensor 'rope_freqs.weight' has ", v, " at ", at / sizeof(float), ", allowed are numbers above 0"),
          "The file is damaged; obtain it again."));
  }
  return id;
}

Status Decoder::all_used() const {
  const auto tensors = file_.tensors();
  for (size_t i = 0; i < tensors.size(); ++i) {
    const std::string_view name = tensors[i].name;
    // What early converters and activation-quantised files add; not part of the arithmetic.
    const bool known = name.ends_with(".attn_rot_embd.weight") || name.ends_with(".input_scale");
    if (!used_[i] && !known)
      return Status::unsupported(
          str("tensor '", name, "' is not part of architecture '", config.architecture, "' as this version knows it"),
          "Leaving it out would give wrong answers. Use a newer libinfer or another file.");
  }
  return {};
}

}  // namespace infer::models
