#include "backends/common/rounding.h"

#include <algorithm>

#include "backends/common/lower.h"
#include "quant/types.h"

namespace infer::backend {
namespace {

bool in_blocks(uint32_t type) { return quant::info(static_cast<quant::Type>(type)).block_elems > 1; }

Arithmetic arithmetic(const Policy& p, uint32_t type, bool few) {
  const Arithmetic a = few ? p.few : p.many;
  if (a == Arithmetic::kF16 && in_blocks(type)) return a;
  if (a == Arithmetic::kInt8 && p.int8_types && p.int8_types(type)) return a;
  return Arithmetic::kF32;
}

bool over_few(const Node& n, int64_t rows) { return n.kind == INFER_OP_MATMUL_EXPERTS || rows <= kFewRows; }

}  // namespace

bool is_product(const Node& n) { return n.kind == INFER_OP_MATMUL || n.kind == INFER_OP_MATMUL_EXPERTS; }

Arithmetic arithmetic_of(const Policy& p, const Frame& f, const Node& n) {
  if (!is_product(n)) return Arithmetic::kF32;
  return arithmetic(p, f[n.in[1]].type, over_few(n, f[n.in[0]].rows()));
}

int64_t rounded_values(int64_t rows, int64_t columns) {
  return rows * columns * 2;  // a half, or two numbers of 8 bits
}
int64_t rounded_bytes(Arithmetic a, int64_t rows, int64_t columns) {
  return rounded_values(rows, columns) + (a == Arithmetic::kF16 ? rows * 4 : rows * (columns / 32) * 8);
}

// Two places, of which the one that was used longer ago is taken: x of a norm, whose products follow each other, and x
// of what comes after it. One node rounds while the readers of the other place still run.
RoundedPlan plan_rounded(const Policy& p, const Frame& f) {
  constexpr size_t kPlaces = 2;
  struct Place {
    uint32_t x = INFER_NONE, kind = 0;
    bool made[kArithmetics] = {};
    size_t used = 0;
  } places[kPlaces];
  RoundedPlan plan;
  plan.of.resize(f.nodes().size());
  std::vector<size_t> place_of(f.nodes().size(), kPlaces);
  int64_t most = 0;
  for (const Node& n : f.nodes()) {
    if (!is_product(n)) continue;
    const uint32_t type = f[n.in[1]].type;
    const int64_t rows = f[n.in[0]].rows(), columns = f[n.in[0]].columns();
    bool takes[kArithmetics] = {};
    for (const bool few : {true, false}) {
      const int64_t most_rows = !few || n.kind == INFER_OP_MATMUL_EXPERTS ? rows : std::min(rows, kFewRows);
      const Arithmetic a = arithmetic(p, type, few);
      if (a == Arithmetic::kF32 || (!few && over_few(n, rows))) continue;
      takes[static_cast<size_t>(a)] = true;
      most = std::max(most, rounded_bytes(a, most_rows, columns));
    }
    if (std::none_of(std::begin(takes), std::end(takes), [](bool t) { return t; })) continue;
    Place* place = std::find_if(std::begin(places), std::end(places),
                                [&](const Place& q) { return q.x == n.in[0] && q.kind == n.kind; });
    if (place == std::end(places)) {
      place = std::min_element(std::begin(places), std::end(places),
                               [](const Place& a, const Place& b) { return a.used < b.used; });
      *place = {n.in[0], n.kind};
    }
    place->used = n.index + 1;
    for (size_t a = 0; a < kArithmetics; ++a)
      if (takes[a] && !place->made[a]) plan.of[n.index].makes[a] = place->made[a] = true;
    place_of[n.index] = static_cast<size_t>(place - places);
  }
  // A norm rounds what the first product after it takes as int8, unless a place is used in between.
  for (const Node& n : f.nodes()) {
    if (n.kind != INFER_OP_RMS_NORM || f[n.in[0]].columns() != f[n.in[1]].columns()) continue;
    const auto next = std::find_if(f.nodes().begin() + n.index, f.nodes().end(),
                                   [&](const Node& m) { return place_of[m.index] < kPlaces; });
    if (next == f.nodes().end() || !is_product(*next) || next->in[0] != n.out[0]) continue;
    bool& makes = plan.of[next->index].makes[static_cast<size_t>(Arithmetic::kInt8)];
    if (!makes) continue;
    makes = false;
    plan.of[n.index].product = next->index;
    place_of[n.index] = place_of[next->index];
  }
  most = (most + 63) / 64 * 64;
  for (size_t i = 0; i < place_of.size(); ++i)
    if (place_of[i] < kPlaces) plan.of[i].at = static_cast<int64_t>(place_of[i]) * most, plan.of[i].bytes = most;
  plan.bytes = kPlaces * most;
  return plan;
}

}  // namespace infer::backend
