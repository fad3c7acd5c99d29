#include "backends/cpu/profile.h"

#include <algorithm>
#include <chrono>

#include "backends/cpu/plan.h"
#include "quant/types.h"

namespace infer::cpu {
namespace {

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

const char* operator_name(uint32_t kind) {
  switch (kind) {
    case INFER_OP_EMBED:
      return "embed";
    case INFER_OP_RMS_NORM:
      return "rms_norm";
    case INFER_OP_MATMUL:
      return "matmul";
    case INFER_OP_ROPE:
      return "rope";
    case INFER_OP_KV_WRITE:
      return "kv_write";
    case INFER_OP_ATTENTION:
      return "attention";
    case INFER_OP_GATHER:
      return "gather";
    case INFER_OP_ROUTE:
      return "route";
    case INFER_OP_MATMUL_EXPERTS:
      return "matmul_experts";
    case INFER_OP_EXPERT_SUM:
      return "expert_sum";
    default:
      return "elementwise";
  }
}

bool multiplies(const Node& n) { return n.kind == INFER_OP_MATMUL || n.kind == INFER_OP_MATMUL_EXPERTS; }

int64_t bytes_of(uint32_t type, int64_t values) {
  return static_cast<int64_t>(quant::row_bytes(static_cast<quant::Type>(type), static_cast<uint64_t>(values)));
}

}  // namespace

size_t Profile::group_of(const Node& n) {
  const quant::TypeInfo* type = nullptr;
  if (multiplies(n) || n.kind == INFER_OP_EMBED)
    type = quant::find_type(frame_[n.in[n.kind == INFER_OP_EMBED ? 0 : 1]].type);
  const std::string name = str(operator_name(n.kind), ".", type ? type->name : "-");
  for (size_t i = 0; i < groups_.size(); i++)
    if (groups_[i].name == name) return i;
  const std::string full = str("profile.", name);
  groups_.push_back(
      {name, device_.counter(full + ".ns"), device_.counter(full + ".bytes"), device_.counter(full + ".ops")});
  return groups_.size() - 1;
}

void Profile::add(size_t steps, size_t first, size_t last) {
  const size_t group = group_of(frame_.nodes()[first]);
  steps_.resize(steps, group);
  for (size_t i = first; i < last; i++) {
    const Node& n = frame_.nodes()[i];
    if (!multiplies(n) && n.kind != INFER_OP_ATTENTION) continue;
    works_.push_back({steps - 1, n.index});
    if (n.kind == INFER_OP_MATMUL_EXPERTS)
      taken_.resize(std::max(taken_.size(), static_cast<size_t>(frame_[n.in[1]].dim[0])));
  }
}

void Profile::begin() { last_ = now_ns(); }

int64_t Profile::lap() const { return now_ns() - last_; }

void Profile::passed(size_t step, int64_t ns) {
  Group& g = groups_[steps_[step]];
  g.ns->fetch_add(ns, std::memory_order_relaxed);
  // Now, not at the end of the run: the memory of chosen experts is another tensor's by then.
  const auto at =
      std::lower_bound(works_.begin(), works_.end(), step, [](const Work& w, size_t s) { return w.step < s; });
  for (auto w = at; w != works_.end() && w->step == step; ++w) count(frame_.nodes()[w->node], g);
}

void Profile::count(const Node& n, Group& g) {
  if (n.kind == INFER_OP_MATMUL) return count_matmul(n, g);
  if (n.kind == INFER_OP_MATMUL_EXPERTS) return count_experts(n, g);
  count_attention(n, g);
}

void Profile::count_matmul(const Node& n, Group& g) const {
  const Tensor& w = frame_[n.in[1]];
  const int64_t elements = w.dim[0] * w.dim[1];
  g.bytes->fetch_add(bytes_of(w.type, elements), std::memory_order_relaxed);
  g.ops->fetch_add(2 * elements * frame_[n.in[0]].dim[0], std::memory_order_relaxed);
}

void Profile::count_experts(const Node& n, Group& g) {
  const Tensor &w = frame_[n.in[1]], &ids = frame_[n.in[2]];
  const int64_t elements = w.dim[1] * w.dim[2], chosen = ids.dim[0] * ids.dim[1];
  std::fill(taken_.begin(), taken_.end(), uint8_t{0});
  int64_t distinct = 0;
  for (int64_t i = 0; i < chosen; i++) {
    const int32_t id = ids.i32()[i];
    if (id < 0 || id >= w.dim[0] || taken_[static_cast<size_t>(id)]) continue;
    taken_[static_cast<size_t>(id)] = 1;
    distinct++;
  }
  g.bytes->fetch_add(distinct * bytes_of(w.type, elements), std::memory_order_relaxed);
  g.ops->fetch_add(2 * elements * chosen, std::memory_order_relaxed);
}

// Each sequence's keys and values once; each row's products with the keys that it sees.
void Profile::count_attention(const Node& n, Group& g) const {
  const Tensor &k = frame_[n.in[1]], &start = frame_[n.in[3]], &length = frame_[n.in[4]];
  const int64_t heads = n.i[0], kv_heads = n.i[1], both = n.i[2] + n.i[3], window = n.i[5];
  int64_t keys = 0, products = 0;
  for (int64_t s = 0; s < length.dim[0]; s++) {
    const int64_t rows = start.i32()[s + 1] - start.i32()[s], all = length.i32()[s];
    keys += window > 0 ? std::min(all, window + rows - 1) : all;
    for (int64_t r = 0; r < rows; r++) {
      const int64_t seen = all - r;
      products += window > 0 ? std::min(seen, window) : seen;
    }
  }
  g.bytes->fetch_add(bytes_of(k.type, keys * kv_heads * both), std::memory_order_relaxed);
  g.ops->fetch_add(2 * products * heads * both, std::memory_order_relaxed);
}

}  // namespace infer::cpu
