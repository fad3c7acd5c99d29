#include "backends/reference/plan.h"

#include <algorithm>
#include <utility>

#include "backends/common/check.h"

namespace infer::reference {
namespace {

void grow(auto& v, int64_t n) {
  if (static_cast<int64_t>(v.size()) < n) v.resize(static_cast<size_t>(n));
}

}  // namespace

void reserve(const Frame& f, const Node& n, Scratch& s) {
  const auto max_dim = [&](size_t input, uint32_t d) { return f.max_dim(n.in[input], d); };
  switch (n.kind) {
    case INFER_OP_MATMUL:
      grow(s.row, max_dim(1, 1));
      grow(s.wide, max_dim(1, 1));
      break;
    case INFER_OP_MATMUL_EXPERTS:
      grow(s.row, max_dim(1, 2));
      grow(s.wide, max_dim(1, 2));
      grow(s.order, max_dim(2, 0) * max_dim(2, 1));
      break;
    case INFER_OP_ADAPT: {
      const int64_t longest = std::max(max_dim(2, 2), max_dim(3, 2));
      grow(s.row, longest);
      grow(s.wide, longest);
      grow(s.order, max_dim(4, 0));
      grow(s.low, max_dim(4, 0) * max_dim(2, 1));
      break;
    }
    case INFER_OP_ROPE:
      grow(s.wide, n.i[1] / 2);
      break;
    case INFER_OP_ATTENTION:
      grow(s.wide, std::min<int64_t>(max_dim(5, 1), INT32_MAX) * n.i[4]);  // scores of the longest sequence
      grow(s.row, std::max(n.i[2], n.i[3]));
      grow(s.sum, n.i[3]);
      break;
    case INFER_OP_ROUTE:
      grow(s.order, max_dim(0, 1));
      break;
    case INFER_OP_EXPERT_SUM:
      grow(s.order, max_dim(0, 1));
      break;
    default:
      break;
  }
}

Status Device::supported(const infer_program& p, uint32_t op) const {
  TRY(backend::check_node(p, op));
  const infer_op& node = backend::op_at(p, op);
  const bool over_ranks = node.kind == INFER_OP_ALL_REDUCE || node.kind == INFER_OP_ALL_GATHER;
  if (over_ranks && node.i[0] != 1) return Status::unsupported(str("reference runs on one rank, not ", node.i[0]));
  return {};
}

Result<std::unique_ptr<Plan>> Plan::make(Device& device, const infer_program& p, const infer_binding* weights,
                                         uint32_t n_weights, uint32_t* bad_op) {
  std::unique_ptr<Plan> plan(new Plan(device));
  TRY(plan->frame_.prepare(p, weights, n_weights, bad_op));
  for (const Node& n : plan->frame_.nodes()) {
    if (Status s = device.supported(p, n.index); !s.ok()) {
      if (bad_op) *bad_op = n.index;
      return s;
    }
    reserve(plan->frame_, n, plan->scratch_);
  }
  return plan;
}

Status Plan::submit(const int64_t* symbols, const infer_binding* binds, uint32_t n_binds) {
  cancelled_.store(false, std::memory_order_relaxed);
  outcome_ = Outcome::kNone;
  TRY(frame_.bind(symbols, binds, n_binds));
  for (const Node& n : frame_.nodes()) {
    if (cancelled_.load(std::memory_order_relaxed)) {
      outcome_ = Outcome::kCancelled;
      return {};
    }
    run(n);
  }
  outcome_ = Outcome::kDone;
  return {};
}

Result<bool> Plan::wait(int32_t) {
  switch (std::exchange(outcome_, Outcome::kNone)) {
    case Outcome::kDone:
      return true;
    case Outcome::kCancelled:
      return Status(INFER_E_CANCELLED, "the run was cancelled");
    default:
      return Status::invalid("no run was submitted");
  }
}

int64_t Plan::bytes() const {
  return frame_.bytes() +
         static_cast<int64_t>(scratch_.row.size() * sizeof(float) + scratch_.wide.size() * sizeof(double) +
                              scratch_.sum.size() * sizeof(double) + scratch_.order.size() * sizeof(int32_t) +
                              scratch_.low.size() * sizeof(float));
}

void Plan::run(const Node& n) {
  device_.runs[n.kind].fetch_add(1, std::memory_order_relaxed);
  switch (n.kind) {
    case INFER_OP_EMBED:
      return embed(frame_, n);
    case INFER_OP_RMS_NORM:
      return rms_norm(frame_, n);
    case INFER_OP_MATMUL:
      return matmul(frame_, n, scratch_);
    case INFER_OP_ROPE:
      return rope(frame_, n, scratch_);
    case INFER_OP_KV_WRITE:
      return kv_write(frame_, n);
    case INFER_OP_ATTENTION:
      return attention(frame_, n, scratch_);
    case INFER_OP_ADD:
      return add(frame_, n);
    case INFER_OP_MUL:
      return mul(frame_, n);
    case INFER_OP_SCALE:
      return scale(frame_, n);
    case INFER_OP_ACT:
      return act(frame_, n);
    case INFER_OP_GLU:
      return glu(frame_, n);
    case INFER_OP_GATHER:
      return gather(frame_, n);
    case INFER_OP_ROUTE:
      return route(frame_, n, scratch_);
    case INFER_OP_MATMUL_EXPERTS:
      return matmul_experts(frame_, n, scratch_);
    case INFER_OP_EXPERT_SUM:
      return expert_sum(frame_, n, scratch_);
    case INFER_OP_ADAPT:
      return adapt(frame_, n, scratch_);
    case INFER_OP_ALL_REDUCE:
    case INFER_OP_ALL_GATHER:
      return copy(frame_, n);
    default:
      return;  // Frame takes no others
  }
}

}  // namespace infer::reference
