#version 460
#extension GL_GOOGLE_include_directive : require
// x as whole numbers times scales: 32 values per invocation.
//   a: rounded, scales, x
//   n: invocations
#include "common.glsl"
#include "round.glsl"

void main() {
  if (invocation() >= node.n[0]) return;
  F32 x = F32(advance(node.a[2], invocation(), 128u));
  float v[32];
  for (uint i = 0u; i < 32u; i++) v[i] = x.v[i];
  round32(v, U32(advance(node.a[0], invocation(), 64u)), F32(advance(node.a[1], invocation(), 8u)));
}
