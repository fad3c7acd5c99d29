#version 460
#extension GL_GOOGLE_include_directive : require
// The second half: out = y + up low, one value per invocation. out may be y.
//   a: out, y, up, slots, ranks, low
//   n: invocations, -, N, most ranks (r), bytes of a row of up
#include "common.glsl"
#include "weights.glsl"

void main() {
  if (invocation() >= node.n[0]) return;
  const uint n_out = node.n[2], most = node.n[3], t = invocation() / n_out, o = invocation() % n_out;
  const int slot = I32(node.a[3]).v[t];
  float sum = F32(node.a[1]).v[invocation()];
  if (slot >= 0) {
    const uint rank = min(uint(I32(node.a[4]).v[slot]), most);
    Row row = row_at(advance(node.a[2], uint(slot) * n_out + o, node.n[4]));
    F32 low = F32(advance(node.a[5], t, 4u * most));
    float added = 0.0;
    for (uint chunk = 0u; 8u * chunk < rank; chunk++) {
      float v[8];
      weights8(row, chunk, rank, v);
      for (uint i = 0u; i < 8u && 8u * chunk + i < rank; i++) added += v[i] * low.v[8u * chunk + i];
    }
    sum += added;
  }
  F32(node.a[0]).v[invocation()] = sum;
}
