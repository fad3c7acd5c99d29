#include "backends/common/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "graph/signature.h"

namespace infer::backend {
namespace {
struct Life {
  uint32_t tensor, first, last;  // nodes
  int64_t bytes, offset;
};

constexpr uint32_t kNever = UINT32_MAX;

// same: [n_tensors] whose place a tensor takes; mostly its own.
std::vector<Life> lives(const infer_program& p, const std::vector<int64_t>& bytes, std::vector<uint32_t>& same) {
  std::vector<uint32_t> first(p.n_tensors, kNever), last(p.n_tensors, 0);
  for (uint32_t n = 0; n < p.n_ops; ++n) {
    const infer_op& op = graph::op_at(p, n);
    for (uint32_t i = 0; i < op.n_out; ++i) first[op.out[i]] = last[op.out[i]] = n;
    for (uint32_t i = 0; i < op.n_in; ++i)
      if (op.in[i] != INFER_NONE) last[op.in[i]] = n;
  }
  // What an adapter is added to, and nobody reads later, becomes the sum: so nothing is done where there is nothing to
  // add.
  const auto is_temp = [&](uint32_t t) { return graph::tensor_at(p, t).role == INFER_ROLE_TEMP; };
  same.resize(p.n_tensors);
  std::iota(same.begin(), same.end(), 0u);
  for (uint32_t n = 0; n < p.n_ops; ++n) {
    const infer_op& op = graph::op_at(p, n);
    if (op.kind != INFER_OP_ADAPT || op.in[0] == op.in[1]) continue;
    const uint32_t y = op.in[0], sum = op.out[0];
    if (!is_temp(y) || !is_temp(sum) || last[y] != n) continue;
    same[sum] = same[y];
    last[same[y]] = last[sum];
  }
  std::vector<Life> all;
  for (uint32_t t = 0; t < p.n_tensors; ++t)
    if (first[t] != kNever && same[t] == t && is_temp(t))
      all.push_back({t, first[t], last[t], (bytes[t] + 63) / 64 * 64, 0});
  return all;
}
}  // namespace

// Largest first, each at the lowest offset that is free of all placed temps it lives with.
MemoryPlan plan_memory(const infer_program& p, const std::vector<int64_t>& bytes) {
  std::vector<uint32_t> same;
  std::vector<Life> all = lives(p, bytes, same);
  std::stable_sort(all.begin(), all.end(), [](const Life& a, const Life& b) { return a.bytes > b.bytes; });
  MemoryPlan plan;
  plan.offset.assign(p.n_tensors, -1);
  std::vector<const Life*> neighbours;
  for (size_t i = 0; i < all.size(); ++i) {
    Life& life = all[i];
    neighbours.clear();
    for (size_t j = 0; j < i; ++j)
      if (all[j].first <= life.last && life.first <= all[j].last) neighbours.push_back(&all[j]);
    std::sort(neighbours.begin(), neighbours.end(), [](const Life* a, const Life* b) { return a->offset < b->offset; });
    for (const Life* other : neighbours) {
      if (life.offset + life.bytes <= other->offset) break;
      life.offset = std::max(life.offset, other->offset + other->bytes);
    }
    plan.offset[life.tensor] = life.offset;
    plan.bytes = std::max(plan.bytes, life.offset + life.bytes);
  }
  for (uint32_t t = 0; t < p.n_tensors; ++t) plan.offset[t] = plan.offset[same[t]];
  return plan;
}

}  // namespace infer::backend
