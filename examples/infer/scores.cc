#include "scores.h"

#include <algorithm>
#include <cmath>

namespace infer::tool {

std::vector<float> compute_logits(const Session& session, const std::vector<int32_t>& tokens, int64_t first,
                                  int64_t n_vocab) {
  const auto n = static_cast<int64_t>(tokens.size());
  std::vector<float> logits(static_cast<size_t>((n - first) * n_vocab));
  check(infer_engine_logits(session.engine.get(), tokens.data(), n, first, logits.data(),
                            static_cast<int64_t>(logits.size())));
  return logits;
}

double log_sum_exp(const float* row, int64_t n) {
  const double most = *std::max_element(row, row + n);
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(row[i] - most);
  return most + std::log(sum);
}

}  // namespace infer::tool
