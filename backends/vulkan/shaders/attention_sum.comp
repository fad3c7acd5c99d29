#version 460
#extension GL_GOOGLE_include_directive : require
// The parts of attention.comp put together: one value per invocation.
//   a: out, partial sums, sinks or 0
//   n: invocations, -, heads, parts, head_dim_v
#include "common.glsl"

void main() {
  if (invocation() >= node.n[0]) return;
  const uint n_heads = node.n[2], parts = node.n[3], width = node.n[4], row = invocation() / width, d = invocation() % width;
  float most = present(node.a[2]) ? F32(node.a[2]).v[row % n_heads] : -3.0e38;
  for (uint p = 0u; p < parts; p++) most = max(most, F32(advance(node.a[1], row * parts + p, 4u * (width + 2u))).v[0]);
  float total = present(node.a[2]) ? exp(F32(node.a[2]).v[row % n_heads] - most) : 0.0, sum = 0.0;
  for (uint p = 0u; p < parts; p++) {
    F32 partial = F32(advance(node.a[1], row * parts + p, 4u * (width + 2u)));
    const float shrink = exp(partial.v[0] - most);
    total += partial.v[1] * shrink;
    sum += partial.v[2u + d] * shrink;
  }
  F32(node.a[0]).v[invocation()] = sum / total;
}
