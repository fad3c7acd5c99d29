#version 460
#extension GL_GOOGLE_include_directive : require
// Sums, products, activations and copies: one value per invocation.
//   a: out, a, b
//   n: invocations, -, columns, what is b (0: like a, 1: one per column, 2: one per row)
//   f: factor of SCALE
#include "common.glsl"
layout(constant_id = 1) const uint WHAT = 0u;        // 0 add, 1 mul, 2 scale, 3 act, 4 glu, 5 copy
layout(constant_id = 2) const uint ACTIVATION = 0u;  // infer_act

// W. J. Cody's rational forms would cost more than is gained: Abramowitz and Stegun 7.1.26, error below 1.5e-7.
float erf_of(float x) {
  const float t = 1.0 / (1.0 + 0.3275911 * abs(x));
  const float p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const float big = 1.0 - p * exp(-x * x), x2 = x * x;
  const float small = x * (1.1283792 - x2 * (0.37612639 - x2 * (0.11283792 - x2 * 0.026866170)));
  return abs(x) < 0.25 ? small : x < 0.0 ? -big : big;
}
float activate(float x) {
  if (isnan(x)) return x;
  switch (ACTIVATION) {
    case 0u: return x / (1.0 + exp(-x));
    case 1u: return 0.5 * x * (1.0 + tanh_of(0.7978845608028654 * (x + 0.044715 * x * x * x)));
    case 2u: return 0.5 * x * (1.0 + erf_of(x * 0.7071067811865476));
    case 3u: return x < 0.0 ? 0.0 : x;
    case 4u: return 1.0 / (1.0 + exp(-x));
    default: return tanh_of(x);
  }
}

void main() {
  const uint i = invocation();
  if (i >= node.n[0]) return;
  F32 y = F32(node.a[0]), a = F32(node.a[1]), b = F32(node.a[2]);
  const uint at = node.n[3] == 0u ? i : node.n[3] == 1u ? i % node.n[2] : i / node.n[2];
  switch (WHAT) {
    case 0u: y.v[i] = a.v[i] + b.v[at]; break;
    case 1u: y.v[i] = a.v[i] * b.v[at]; break;
    case 2u: y.v[i] = a.v[i] * node.f[0]; break;
    case 3u: y.v[i] = activate(a.v[i]); break;
    case 4u: y.v[i] = activate(a.v[i]) * b.v[i]; break;
    default: y.v[i] = a.v[i];
  }
}
