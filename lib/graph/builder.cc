#include "graph/builder.h"

#include <algorithm>

#include "graph/signature.h"
#include "quant/types.h"

namespace infer::graph {

bool Builder::expect(bool good, std::string_view op, std::string_view what) {
  if (!good && error_.ok()) error_ = Status::invalid(str(op, ": ", what));
  return good && error_.ok();
}

TensorId Builder::add_tensor(std::string name, uint32_t type, uint32_t role, std::vector<int64_t> dims) {
  const quant::TypeInfo* info = quant::find_type(type);
  const bool rank_fits = !dims.empty() && dims.size() <= INFER_MAX_RANK;
  if (!expect(info != nullptr, name, str("tensor type ", type, " is not known")) ||
      !expect(rank_fits, name, str("a tensor of rank ", dims.size(), "; allowed: 1..", INFER_MAX_RANK)))
    return kNone;
  infer_tensor t{};
  t.type = type;
  t.role = role;
  t.rank = static_cast<uint32_t>(dims.size());
  std::fill(std::begin(t.dim), std::end(t.dim), 1);
  std::copy(dims.begin(), dims.end(), t.dim);
  t.name = p_.names_.emplace_back(std::move(name)).c_str();

  const bool dims_fit =
      std::all_of(dims.begin(), dims.end(), [](int64_t d) { return d > 0 || (d < 0 && d >= sym(kPages)); });
  if (!expect(dims_fit, "tensor", str(tensor_text(t), " has a dimension that is neither positive nor a symbol")) ||
      !expect(info->block_elems == 1 || (dims.back() > 0 && dims.back() % info->block_elems == 0), "tensor",
              str(tensor_text(t), ": rows are not whole blocks of ", info->block_elems, " values")))
    return kNone;
  p_.tensors_.push_back(t);
  return static_cast<TensorId>(p_.tensors_.size() - 1);
}

TensorId Builder::weight(std::string name, uint32_t type, std::vector<int64_t> dims) {
  return add_tensor(std::move(name), type, INFER_ROLE_WEIGHT, std::move(dims));
}

TensorId Builder::state(std::string name, uint32_t type, std::vector<int64_t> dims) {
  return add_tensor(std::move(name), type, INFER_ROLE_STATE, std::move(dims));
}

TensorId Builder::step_input(TensorId StepTensors::*slot, const char* name, std::vector<int64_t> dims) {
  TensorId& id = p_.step_.*slot;
  if (id == kNone) id = add_tensor(name, INFER_TYPE_I32, INFER_ROLE_INPUT, std::move(dims));
  return id;
}

TensorId Builder::tokens() { return step_input(&StepTensors::tokens, "tokens", {sym(kTokens)}); }
TensorId Builder::positions() { return step_input(&StepTensors::positions, "positions", {sym(kTokens)}); }
TensorId Builder::rows() { return step_input(&StepTensors::rows, "rows", {sym(kRows)}); }
TensorId Builder::adapters() { return step_input(&StepTensors::adapters, "adapters", {sym(kTokens)}); }
TensorId Builder::row_adapters() { return step_input(&StepTensors::row_adapters, "row_adapters", {sym(kRows)}); }
TensorId Builder::input(std::string name, uint32_t type, std::vector<int64_t> dims) {
  return add_tensor(std::move(name), type, INFER_ROLE_INPUT, std::move(dims));
}
TensorId Builder::q_start() { return step_input(&StepTensors::q_start, "q_start", {sym(kSeqsPlus1)}); }
TensorId Builder::kv_len() { return step_input(&StepTensors::kv_len, "kv_len", {sym(kSeqs)}); }
TensorId Builder::block_table() {
  return step_input(&StepTensors::block_table, "block_table", {sym(kSeqs), sym(kTableCols)});
}

// Appends a node; its outputs' shapes follow from its inputs by the operator's signature (ops.def). The first output,
// or kNone.
TensorId Builder::node(uint32_t kind, std::vector<TensorId> in, std::vector<int64_t> i, std::vector<double> f) {
  if (!error_.ok()) return kNone;
  Program::Node n{kind, std::move(in), {}, std::move(i), std::move(f), layer_};
  infer_op op{};
  op.kind = kind;
  op.n_in = static_cast<uint32_t>(n.in.size());
  op.n_i = static_cast<uint32_t>(n.i.size());
  op.n_f = static_cast<uint32_t>(n.f.size());
  op.n_out = kind == INFER_OP_KV_WRITE ? 0 : kind == INFER_OP_ROUTE ? 2 : 1;
  const TensorId no_outputs_yet[2] = {kNone, kNone};
  op.in = n.in.data();
  op.out = no_outputs_yet;
  op.i = n.i.data();
  op.f = n.f.data();
  infer_program p{};
  p.tensors = p_.tensors_.data();
  p.tensor_size = sizeof(infer_tensor);
  p.n_tensors = static_cast<uint32_t>(p_.tensors_.size());

  std::vector<Shape> outputs;
  error_ = check_inputs(p, op, outputs).in(str("node ", p_.nodes_.size()));
  for (const Shape& shape : outputs) {
    if (!error_.ok()) return kNone;
    n.out.push_back(add_tensor(str(op_name(kind), ".", p_.nodes_.size(), n.out.empty() ? "" : ".weights"), shape.type,
                               INFER_ROLE_TEMP, {shape.dim, shape.dim + shape.rank}));
  }
  if (!error_.ok()) return kNone;
  p_.nodes_.push_back(std::move(n));
  return p_.nodes_.back().out.empty() ? kNone : p_.nodes_.back().out[0];
}

TensorId Builder::embed(TensorId table, TensorId ids) { return node(INFER_OP_EMBED, {table, ids}); }
TensorId Builder::rms_norm(TensorId x, TensorId weight, double eps) {
  return node(INFER_OP_RMS_NORM, {x, weight}, {}, {eps});
}
TensorId Builder::matmul(TensorId x, TensorId w, TensorId bias) { return node(INFER_OP_MATMUL, {x, w, bias}); }

TensorId Builder::rope(TensorId x, const Rope& r) {
  return node(INFER_OP_ROPE, {x, positions(), r.factors}, {r.head_dim, r.n_rot, r.split_halves},
              {r.base, r.freq_scale, r.ext_factor, r.attn_factor, r.corr_low, r.corr_high});
}

void Builder::kv_write(TensorId k, TensorId v, TensorId k_state, TensorId v_state, const Attention& a) {
  node(INFER_OP_KV_WRITE, {k, v, k_state, v_state, q_start(), kv_len(), block_table()},
       {a.n_kv_heads, a.head_dim, a.head_dim_v, a.page});
}

TensorId Builder::attention(TensorId q, TensorId k_state, TensorId v_state, const Attention& a) {
  return node(INFER_OP_ATTENTION, {q, k_state, v_state, q_start(), kv_len(), block_table(), a.sinks},
              {a.n_heads, a.n_kv_heads, a.head_dim, a.head_dim_v, a.page, a.window}, {a.scale, a.softcap});
}

TensorId Builder::add(TensorId a, TensorId b) { return node(INFER_OP_ADD, {a, b}); }
TensorId Builder::mul(TensorId a, TensorId b) { return node(INFER_OP_MUL, {a, b}); }
TensorId Builder::scale(TensorId x, double by) { return node(INFER_OP_SCALE, {x}, {}, {by}); }
TensorId Builder::act(TensorId x, infer_act kind) { return node(INFER_OP_ACT, {x}, {kind}); }
TensorId Builder::glu(TensorId gate, TensorId up, infer_act kind) { return node(INFER_OP_GLU, {gate, up}, {kind}); }
TensorId Builder::gather(TensorId x, TensorId rows) { return node(INFER_OP_GATHER, {x, rows}); }

Builder::Routed Builder::route(TensorId logits, int64_t k, int64_t mode, double scale) {
  if (node(INFER_OP_ROUTE, {logits}, {k, mode}, {scale}) == kNone) return {kNone, kNone};
  const std::vector<TensorId>& out = p_.nodes_.back().out;
  return {out[0], out[1]};
}

TensorId Builder::matmul_experts(TensorId x, TensorId w, TensorId ids, TensorId bias) {
  return node(INFER_OP_MATMUL_EXPERTS, {x, w, ids, bias});
}

TensorId Builder::expert_sum(TensorId y, const Routed& routed) {
  return node(INFER_OP_EXPERT_SUM, {y, routed.weights, routed.ids});
}

TensorId Builder::adapt(TensorId y, TensorId x, TensorId down, TensorId up, TensorId slots, TensorId ranks) {
  return node(INFER_OP_ADAPT, {y, x, down, up, slots, ranks});
}

Result<Program> Builder::finish(TensorId logits, TensorId hidden) {
  if (!error_.ok()) return error_;
  const auto give = [&](TensorId id, std::string_view what, std::string_view columns) -> Status {
    const bool made_here = id < p_.tensors_.size() && p_.tensors_[id].role == INFER_ROLE_TEMP;
    if (!made_here) return Status::invalid(str("finish: the ", what, " are not the output of a node"));
    infer_tensor& t = p_.tensors_[id];
    if (t.type != INFER_TYPE_F32 || t.rank != 2 || t.dim[0] != sym(kRows))
      return Status::invalid(str("finish: the ", what, " ", tensor_text(t), " are not f32[R,", columns,
                                 "]; take rows() by gather() first"));
    t.role = INFER_ROLE_OUTPUT;
    return {};
  };
  TRY(give(logits, "logits", "n_vocab"));
  if (hidden != kNone) TRY(give(hidden, "hidden rows", "n_embd"));
  p_.step_.logits = logits;
  p_.step_.hidden = hidden;
  return std::move(p_);
}

}  // namespace infer::graph
