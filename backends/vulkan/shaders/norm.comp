#version 460
#extension GL_GOOGLE_include_directive : require
// RMS norm: a workgroup per run of values.
//   a: out, x, weight
//   n: groups, -, values of a run
//   f: eps
#include "common.glsl"
#include "sum.glsl"

void main() {
  if (group() >= node.n[0]) return;
  const uint lane = gl_LocalInvocationID.x, n = node.n[2];
  F32 x = F32(advance(node.a[1], group(), 4u * n)), y = F32(advance(node.a[0], group(), 4u * n)), weight = F32(node.a[2]);
  float sum = 0.0;
  for (uint i = lane; i < n; i += gl_WorkGroupSize.x) sum += x.v[i] * x.v[i];
  const float by = 1.0 / sqrt(workgroup_sum(sum) / float(n) + node.f[0]);
  for (uint i = lane; i < n; i += gl_WorkGroupSize.x) y.v[i] = x.v[i] * by * weight.v[i];
}
