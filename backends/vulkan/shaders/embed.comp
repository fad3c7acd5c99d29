#version 460
#extension GL_GOOGLE_include_directive : require
// Rows of a table: eight values per invocation.
//   a: out, table, ids, -, -, -, -, tables
//   n: invocations, -, -, K, bytes of a row
#include "common.glsl"
#include "weights.glsl"

void main() {
  if (invocation() >= node.n[0]) return;
  const uint n_k = node.n[3], chunks = (n_k + 7u) / 8u, t = invocation() / chunks, chunk = invocation() % chunks;
  float v[8];
  weights8(row_at(advance(node.a[1], uint(I32(node.a[2]).v[t]), node.n[4])), chunk, n_k, v);
  F32 out_row = F32(advance(node.a[0], t, 4u * n_k));
  for (uint i = 0u; i < 8u; i++)
    if (8u * chunk + i < n_k) out_row.v[8u * chunk + i] = v[i];
}
