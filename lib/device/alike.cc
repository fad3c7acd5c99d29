#include "device/alike.h"

#include <algorithm>
#include <cstring>

namespace infer::device {

using graph::kNone;
using graph::Program;
using graph::TensorId;

bool alike(const Program& program, const Segment& a, const Segment& b, std::vector<TensorId>& same) {
  if (a.device != b.device || a.from != b.from || a.count != b.count) return false;
  const std::vector<uint32_t> roles_a = roles_in(program, a), roles_b = roles_in(program, b);
  std::vector<TensorId> back(program.tensors().size(), kNone);
  same.assign(program.tensors().size(), kNone);
  const auto match = [&](TensorId x, TensorId y, bool stays) {
    if (x == kNone || y == kNone) return x == y;
    const infer_tensor &p = program.tensor(x), &q = program.tensor(y);
    if (p.type != q.type || p.rank != q.rank || std::memcmp(p.dim, q.dim, sizeof p.dim) != 0) return false;
    if (roles_a[x] != roles_b[y] || (stays && x != y)) return false;
    if (same[y] == kNone && back[x] == kNone) same[y] = x, back[x] = y;
    return same[y] == x && back[x] == y;
  };
  for (size_t i = 0; i < a.count; ++i) {
    const Program::Node &x = program.nodes()[a.first + i], &y = program.nodes()[b.first + i];
    if (x.kind != y.kind || x.i != y.i || x.f != y.f || x.in.size() != y.in.size() || x.out.size() != y.out.size())
      return false;
    for (size_t k = 0; k < x.in.size(); ++k) {
      const bool weight = y.in[k] != kNone && roles_b[y.in[k]] == INFER_ROLE_WEIGHT;
      if (!match(x.in[k], y.in[k], weight && !is_streamed(y, k, program))) return false;
    }
    for (size_t k = 0; k < x.out.size(); ++k)
      if (!match(x.out[k], y.out[k], false)) return false;
  }
  return true;
}

}  // namespace infer::device
