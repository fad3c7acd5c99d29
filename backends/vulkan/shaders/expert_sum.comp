#version 460
#extension GL_GOOGLE_include_directive : require
// What the chosen experts said, weighed and added up in ascending order of their ids: one value per invocation.
//   a: out, y, weights, ids
//   n: invocations, -, columns, k
#include "common.glsl"

void main() {
  if (invocation() >= node.n[0]) return;
  const uint columns = node.n[2], k = node.n[3], t = invocation() / columns, d = invocation() % columns;
  F32 weights = F32(advance(node.a[2], t, 4u * k));
  I32 ids = I32(advance(node.a[3], t, 4u * k));
  float sum = 0.0;
  int last_id = -1;
  uint last = 0u;
  for (uint j = 0u; j < k; j++) {
    uint next = k;  // the first after {last_id, last}
    for (uint i = 0u; i < k; i++) {
      const bool after = ids.v[i] > last_id || (ids.v[i] == last_id && j > 0u && i > last);
      if (after && (next == k || ids.v[i] < ids.v[next])) next = i;
    }
    if (next == k) break;  // cannot be, with ids from 0 on
    sum += weights.v[next] * F32(advance(node.a[1], t * k + next, 4u * columns)).v[d];
    last_id = ids.v[next], last = next;
  }
  F32(node.a[0]).v[invocation()] = sum;
}
