#version 460
#extension GL_GOOGLE_include_directive : require
// Rows of x as binary16 times a power of two, for matmat_f16.comp: a workgroup per row.
//   a: halves (two to a word), scales (one per row), x, counters
//   n: groups, -, -, K (even)
// The power is one unless the row's largest value is beyond what binary16 holds with room for rounding, or so small that
// binary16 would lose bits of it. So finite values never become infinite; rows that are too large are counted.
#include "common.glsl"
shared float most_of[64];  // of each invocation

void main() {
  if (group() >= node.n[0]) return;
  const uint lane = gl_LocalInvocationID.x, n_k = node.n[3];
  F32 x = F32(advance(node.a[2], group(), 4u * n_k));
  float most = 0.0;
  for (uint i = lane; i < n_k; i += gl_WorkGroupSize.x) {
    const float v = abs(x.v[i]);
    if ((floatBitsToUint(v) & 0x7f800000u) != 0x7f800000u) most = max(most, v);
  }
  most_of[lane] = most;
  barrier();
  for (uint i = 0u; i < gl_WorkGroupSize.x; i++) most = max(most, most_of[i]);
  // most < 2^(e + 1): as it is for e in -5 .. 14, else multiplied so that e becomes 14. Both powers are normal numbers.
  const int e = int(floatBitsToUint(most) >> 23u) - 127;
  const int power = most < 1.0e-30 || (e >= -5 && e < 15) ? 0 : 14 - e;
  const float by = uintBitsToFloat(uint(127 + power) << 23u);
  U32 halves = U32(advance(node.a[0], group(), 2u * n_k));
  for (uint i = lane; i < n_k / 2u; i += gl_WorkGroupSize.x)
    halves.v[i] = float_to_half(x.v[2u * i] * by) | float_to_half(x.v[2u * i + 1u] * by) << 16u;
  if (lane != 0u) return;
  F32(node.a[1]).v[group()] = uintBitsToFloat(uint(127 - power) << 23u);
  if (e >= 15) atomicAdd(U32(node.a[3]).v[0], 1u);
}
