#version 460
#extension GL_GOOGLE_include_directive : require
// The k largest of a row of logits, and what each weighs: a row per invocation.
//   a: ids, weights, logits
//   n: invocations, -, experts, k, mode (0: softmax over all, else over the chosen)
//   f: scale of the weights
#include "common.glsl"

// NaN is smaller than any number, so that ids are valid whatever the logits are.
bool larger(float a, float b) { return a > b || (isnan(b) && !isnan(a)); }

void main() {
  if (invocation() >= node.n[0]) return;
  const uint n_experts = node.n[2], k = node.n[3];
  F32 logits = F32(advance(node.a[2], invocation(), 4u * n_experts)), weights = F32(advance(node.a[1], invocation(), 4u * k));
  I32 ids = I32(advance(node.a[0], invocation(), 4u * k));
  for (uint j = 0u; j < k; j++) {
    // The largest of those that come after the one chosen last, in the order: larger first, then lower index.
    int best = -1;
    const int last = j > 0u ? ids.v[j - 1u] : -1;
    for (int e = 0; e < int(n_experts); e++) {
      if (last >= 0) {
        const float a = logits.v[e], b = logits.v[last];
        const bool after = larger(b, a) || (!larger(a, b) && e > last);
        if (!after) continue;
      }
      if (best < 0 || larger(logits.v[e], logits.v[best])) best = e;
    }
    ids.v[j] = best;
  }
  const float top = logits.v[ids.v[0]];
  float total = 0.0;
  if (node.n[4] == 0u) {
    for (uint e = 0u; e < n_experts; e++) total += exp(logits.v[e] - top);
  } else {
    for (uint j = 0u; j < k; j++) total += exp(logits.v[ids.v[j]] - top);
  }
  for (uint j = 0u; j < k; j++) weights.v[j] = exp(logits.v[ids.v[j]] - top) / total * node.f[0];
}
