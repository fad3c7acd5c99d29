#include "bench/repetitions.h"

#include <algorithm>

namespace infer::tool {

double quantile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double place = p * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (values[above] - values[below]) * (place - static_cast<double>(below));
}

Summary summarize(const std::vector<Repetition>& all) {
  std::vector<Repetition> used;
  for (const Repetition& r : all) {
    if (r.spread <= kMostSpread) used.push_back(r);
  }
  Summary s;
  s.left_out = all.size() - used.size();
  if (s.left_out > 0 && used.size() < kFewestSteady) {
    used = all;
    s.left_out = 0;
    s.noisy = true;
  }
  s.used = used.size();
  std::vector<double> ours, theirs, ratios, limits, fractions;
  for (const Repetition& r : used) {
    ours.push_back(r.ours);
    if (r.theirs > 0) theirs.push_back(r.theirs), ratios.push_back(r.ours / r.theirs);
    if (r.limit > 0) limits.push_back(r.limit), fractions.push_back(r.ours / r.limit);
  }
  s.ours = quantile(ours, 0.5);
  s.theirs = quantile(theirs, 0.5);
  s.ratio = quantile(ratios, 0.5);
  s.q1 = quantile(ratios, 0.25);
  s.q3 = quantile(ratios, 0.75);
  s.limit = quantile(limits, 0.5);
  s.fraction = quantile(fractions, 0.5);
  return s;
}

}  // namespace infer::tool
