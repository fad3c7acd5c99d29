#version 460
#extension GL_GOOGLE_include_directive : require
// norm.comp over whole rows, of which the first product takes y rounded (round_int8.comp): both at once.
//   a: y, x, weight, rounded, scales
//   n: groups, -, values of a row (a multiple of 32)
//   f: eps
#include "common.glsl"
#include "round.glsl"
#include "sum.glsl"

void main() {
  if (group() >= node.n[0]) return;
  const uint lane = gl_LocalInvocationID.x, n = node.n[2], units = n / 32u;
  F32 x = F32(advance(node.a[1], group(), 4u * n)), y = F32(advance(node.a[0], group(), 4u * n)), weight = F32(node.a[2]);
  float sum = 0.0;
  for (uint i = lane; i < n; i += gl_WorkGroupSize.x) sum += x.v[i] * x.v[i];
  const float by = 1.0 / sqrt(workgroup_sum(sum) / float(n) + node.f[0]);
  for (uint unit = lane; unit < units; unit += gl_WorkGroupSize.x) {
    float v[32];
    for (uint i = 0u; i < 32u; i++) {
      v[i] = x.v[32u * unit + i] * by * weight.v[32u * unit + i];
      y.v[32u * unit + i] = v[i];
    }
    const uint at = group() * units + unit;
    round32(v, U32(advance(node.a[3], at, 64u)), F32(advance(node.a[4], at, 8u)));
  }
}
