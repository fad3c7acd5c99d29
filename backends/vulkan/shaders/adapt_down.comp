#version 460
#extension GL_GOOGLE_include_directive : require
// The first half of an adapter: low = down x, a workgroup per row of x and row of down. Rows without an adapter, or
// beyond its rank, are left.
//   a: low, x, down, slots, ranks
//   n: groups, -, most ranks (r), K, bytes of a row of down
#include "common.glsl"
#include "sum.glsl"
#include "weights.glsl"

void main() {
  if (group() >= node.n[0]) return;
  const uint lane = gl_LocalInvocationID.x, most = node.n[2], n_k = node.n[3], t = group() / most, j = group() % most;
  const int slot = I32(node.a[3]).v[t];
  if (slot < 0 || j >= uint(I32(node.a[4]).v[slot])) return;
  Row row = row_at(advance(node.a[2], uint(slot) * most + j, node.n[4]));
  F32 x = F32(advance(node.a[1], t, 4u * n_k));
  float sum = 0.0;
  for (uint chunk = lane; 8u * chunk < n_k; chunk += gl_WorkGroupSize.x) {
    float v[8];
    weights8(row, chunk, n_k, v);
    for (uint i = 0u; i < 8u && 8u * chunk + i < n_k; i++) sum += v[i] * x.v[8u * chunk + i];
  }
  const float total = workgroup_sum(sum);
  if (lane == 0u) F32(node.a[0]).v[t * most + j] = total;
}
