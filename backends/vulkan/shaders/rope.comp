#version 460
#extension GL_GOOGLE_include_directive : require
// Rotary positions: a pair per invocation, and one for each value that stays.
//   a: out, x, positions, turns
//   n: invocations, -, columns, head_dim, n_rot, style (0: neighbours, 1: halves)
//   f: attn_factor
// turns: for each pair how far one position turns it, as a fraction of a whole turn in two words {high, low}. So the
// angle is exact to 2^-32 of a turn at any position: products are taken modulo a turn.
#include "common.glsl"

// cos and sin of phase / 2^32 turns: an eighth of a turn by polynomials, as drivers promise no more than 2^-11.
vec2 turn(uint phase) {
  const uint quadrant = (phase + 0x20000000u) >> 30u;
  const float x = float(int(phase - (quadrant << 30u))) * 1.4629180792671596e-9;  // 2 pi / 2^32: within pi / 4
  const float x2 = x * x;
  const float s = x * (1.0 - x2 * (0.16666667 - x2 * (0.0083333333 - x2 * (1.9841270e-4 - x2 * 2.7557319e-6))));
  const float c = 1.0 - x2 * (0.5 - x2 * (0.041666667 - x2 * (0.0013888889 - x2 * (2.4801587e-5 - x2 * 2.7557319e-7))));
  return quadrant == 0u ? vec2(c, s) : quadrant == 1u ? vec2(-s, c) : quadrant == 2u ? vec2(-c, -s) : vec2(s, -c);
}

void main() {
  if (invocation() >= node.n[0]) return;
  const uint columns = node.n[2], head_dim = node.n[3], n_rot = node.n[4], half_rot = n_rot / 2u;
  const uint per_head = head_dim - half_rot, per_row = columns / head_dim * per_head;
  const uint t = invocation() / per_row, h = invocation() % per_row / per_head, j = invocation() % per_head;
  F32 x = F32(advance(node.a[1], t, 4u * columns)), y = F32(advance(node.a[0], t, 4u * columns));
  if (j >= half_rot) {
    const uint at = h * head_dim + j + half_rot;
    y.v[at] = x.v[at];
    return;
  }
  U32 turns = U32(node.a[3]);
  const int position = I32(node.a[2]).v[t];
  const uint p = uint(abs(position));
  uint high, low;
  umulExtended(p, turns.v[2u * j + 1u], high, low);
  const uint phase = p * turns.v[2u * j] + high;
  const vec2 cs = turn(position < 0 ? 0u - phase : phase) * node.f[0];
  const uint a = h * head_dim + (node.n[5] == 1u ? j : 2u * j), b = h * head_dim + (node.n[5] == 1u ? j + half_rot : 2u * j + 1u);
  const float u = x.v[a], v = x.v[b];
  y.v[a] = u * cs.x - v * cs.y;
  y.v[b] = u * cs.y + v * cs.x;
}
