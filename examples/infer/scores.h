// Logits of token sequences, and what they say about probability.
#pragma once
#include <cstdint>
#include <vector>

#include "session.h"

namespace infer::tool {

// [n_tokens - first, n_vocab], computed from an empty cache.
std::vector<float> compute_logits(const Session& session, const std::vector<int32_t>& tokens, int64_t first,
                                  int64_t n_vocab);
double log_sum_exp(const float* row, int64_t n);

}  // namespace infer::tool
