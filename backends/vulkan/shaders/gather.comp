#version 460
#extension GL_GOOGLE_include_directive : require
// Chosen rows: one value per invocation.
//   a: out, x, rows
//   n: invocations, -, columns
#include "common.glsl"

void main() {
  if (invocation() >= node.n[0]) return;
  const uint columns = node.n[2], r = invocation() / columns, i = invocation() % columns;
  F32(node.a[0]).v[invocation()] = F32(advance(node.a[1], uint(I32(node.a[2]).v[r]), 4u * columns)).v[i];
}
