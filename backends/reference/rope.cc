// Rotary positions: pairs of each head turn by an angle that grows with the position; YaRN mixes two angles per pair.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "backends/reference/kernels.h"

namespace infer::reference {

void rope(const Frame& f, const Node& n, Scratch& s) {
  const Tensor &x = *f.input(n, 0), &positions = *f.input(n, 1), &y = f[n.out[0]];
  const Tensor* factors = f.input(n, 2);
  const int64_t head_dim = n.i[0], half = n.i[1] / 2;
  const bool split_halves = n.i[2] == 1;
  const double base = n.f[0], freq_scale = n.f[1], ext_factor = n.f[2], attn_factor = n.f[3], corr_low = n.f[4],
               corr_high = n.f[5];

  // Turn per position of pair j.
  double* turn = s.wide.data();
  for (int64_t j = 0; j < half; ++j) {
    const double extrapolated = std::pow(base, -2.0 * static_cast<double>(j) / static_cast<double>(n.i[1])) /
                                (factors ? static_cast<double>(factors->f32()[j]) : 1.0);
    const double ramp =
        1 - std::clamp((static_cast<double>(j) - corr_low) / std::max(0.001, corr_high - corr_low), 0.0, 1.0);
    const double mix = ramp * ext_factor;
    turn[j] = freq_scale * extrapolated * (1 - mix) + extrapolated * mix;
  }
  const int64_t width = x.columns();
  if (y.data != x.data)
    std::memcpy(y.data, x.data, static_cast<size_t>(x.rows() * width) * sizeof(float));  // what is not rotated stays
  for (int64_t t = 0; t < x.rows(); ++t) {
    for (int64_t j = 0; j < half; ++j) {
      const double angle = static_cast<double>(positions.i32()[t]) * turn[j];
      const double c = std::cos(angle) * attn_factor, z = std::sin(angle) * attn_factor;
      for (float* head = y.f32() + t * width; head < y.f32() + (t + 1) * width; head += head_dim) {
        float &a = head[split_halves ? j : 2 * j], &b = head[split_halves ? j + half : 2 * j + 1];
        const double u = a, v = b;
        a = static_cast<float>(u * c - v * z);
        b = static_cast<float>(u * z + v * c);
      }
    }
  }
}

}  // namespace infer::reference
