// Mixture of experts: choosing k of E, and adding up what the chosen ones said.
#include <algorithm>
#include <cmath>

#include "backends/reference/kernels.h"

namespace infer::reference {
namespace {

// Larger first; NaN is smaller than any number, so that ids are valid whatever the logits are.
bool larger(float a, float b) { return a > b || (std::isnan(b) && !std::isnan(a)); }

}  // namespace

void route(const Frame& f, const Node& n, Scratch& s) {
  const Tensor &logits = *f.input(n, 0), &ids = f[n.out[0]], &weights = f[n.out[1]];
  const int64_t n_experts = logits.dim[1], k = n.i[0], mode = n.i[1];
  for (int64_t t = 0; t < logits.dim[0]; ++t) {
    const float* row = logits.f32() + t * n_experts;
    int32_t* order = s.order.data();
    for (int64_t e = 0; e < n_experts; ++e) order[e] = static_cast<int32_t>(e);
    std::sort(order, order + n_experts,
              [&](int32_t a, int32_t b) { return larger(row[a], row[b]) || (!larger(row[b], row[a]) && a < b); });
    const double top = row[order[0]];
    double total = 0;  // of the softmax's denominator: over all, or over the chosen
    for (int64_t e = 0; e < (mode == 0 ? n_experts : k); ++e) total += std::exp(row[mode == 0 ? e : order[e]] - top);
    for (int64_t j = 0; j < k; ++j) {
      ids.i32()[t * k + j] = order[j];
      weights.f32()[t * k + j] = static_cast<float>(std::exp(row[order[j]] - top) / total * n.f[0]);
    }
  }
}

void expert_sum(const Frame& f, const Node& n, Scratch& s) {
  const Tensor &y = *f.input(n, 0), &weights = *f.input(n, 1), &ids = *f.input(n, 2), &out = f[n.out[0]];
  const int64_t k = y.dim[1], columns = y.dim[2];
  for (int64_t t = 0; t < y.dim[0]; ++t) {
    int32_t* order = s.order.data();
    for (int64_t j = 0; j < k; ++j) order[j] = static_cast<int32_t>(j);
    std::sort(order, order + k, [&](int32_t a, int32_t b) {
      const int32_t left = ids.i32()[t * k + a], right = ids.i32()[t * k + b];
      return left != right ? left < right : a < b;
    });
    for (int64_t d = 0; d < columns; ++d) {
      double sum = 0;
      for (int64_t j = 0; j < k; ++j) {
        const int64_t slot = t * k + order[j];
        sum += static_cast<double>(weights.f32()[slot]) * static_cast<double>(y.f32()[slot * columns + d]);
      }
      out.f32()[t * columns + d] = static_cast<float>(sum);
    }
  }
}

}  // namespace infer::reference
