#include "backends/common/turns.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace infer::backend {

std::vector<uint32_t> turns_of(const Node& n, const float* factors) {
  const int64_t half = n.i[1] / 2;
  const double base = n.f[0], freq_scale = n.f[1], ext_factor = n.f[2], corr_low = n.f[4], corr_high = n.f[5];
  std::vector<uint32_t> words;
  for (int64_t j = 0; j < half; ++j) {
    const double extrapolated = std::pow(base, -2.0 * static_cast<double>(j) / static_cast<double>(n.i[1])) /
                                (factors ? static_cast<double>(factors[j]) : 1.0);
    const double ramp =
        1 - std::clamp((static_cast<double>(j) - corr_low) / std::max(0.001, corr_high - corr_low), 0.0, 1.0);
    const double mix = ramp * ext_factor, radians = freq_scale * extrapolated * (1 - mix) + extrapolated * mix;
    const double turns = radians / (2 * std::numbers::pi), part = std::isfinite(turns) ? turns - std::floor(turns) : 0;
    const double high = std::floor(part * 0x1p32);
    words.push_back(static_cast<uint32_t>(static_cast<uint64_t>(high)));
    words.push_back(static_cast<uint32_t>(static_cast<uint64_t>((part * 0x1p32 - high) * 0x1p32)));
  }
  return words;
}

Result<Turns> turns_of(const Frame& f, std::span<const infer_binding> weights, const ReadWeight& read) {
  Turns all;
  all.offset.assign(f.nodes().size(), 0);
  std::vector<const Node*> known;
  for (const Node& n : f.nodes()) {
    if (n.kind != INFER_OP_ROPE) continue;
    const auto same = std::find_if(known.begin(), known.end(),
                                   [&](const Node* k) { return k->i == n.i && k->f == n.f && k->in[2] == n.in[2]; });
    if (same != known.end()) {
      all.offset[n.index] = all.offset[(*same)->index];
      continue;
    }
    std::vector<float> factors;
    if (const Tensor* t = f.input(n, 2)) {
      factors.resize(static_cast<size_t>(t->columns()));
      const auto from =
          std::find_if(weights.begin(), weights.end(), [&](const infer_binding& w) { return w.tensor == n.in[2]; });
      TRY(read(*from, factors.data(), static_cast<int64_t>(factors.size() * sizeof(float))));
    }
    known.push_back(&n);
    all.offset[n.index] = all.words.size();
    const std::vector<uint32_t> words = turns_of(n, factors.empty() ? nullptr : factors.data());
    all.words.insert(all.words.end(), words.begin(), words.end());
  }
  return all;
}

}  // namespace infer::backend
