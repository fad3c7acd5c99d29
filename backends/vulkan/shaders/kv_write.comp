#version 460
#extension GL_GOOGLE_include_directive : require
// Rows of K and of V into pages: one value, or one block of 32, per invocation. lib/quant/encode.cc defines the blocks.
//   a: k, k_state, q_start, kv_len, block_table, v, v_state
//   n: invocations, sequences, columns of the table, page, values of a row of k, of v, invocations of k
#include "common.glsl"
#include "pages.glsl"

void main() {
  if (invocation() >= node.n[0]) return;
  const bool is_v = invocation() >= node.n[6];
  const uint at = is_v ? invocation() - node.n[6] : invocation(), width = is_v ? node.n[5] : node.n[4];
  const uint units = width / UNIT, t = at / units, u = at % units;
  const uint s = sequence_of(node.a[2], t, node.n[1]);
  const uint position = uint(I32(node.a[3]).v[s]) - (uint(I32(node.a[2]).v[s + 1u]) - t);
  const uint slot = slot_of(node.a[4], s, node.n[2], node.n[3], position);
  const uvec2 to = advance(advance(is_v ? node.a[6] : node.a[1], slot, units * UNIT_BYTES), u, UNIT_BYTES);
  F32 x = F32(advance(advance(is_v ? node.a[5] : node.a[0], t, 4u * width), u, 4u * UNIT));
#if defined(STATE_F32)
  F32(to).v[0] = x.v[0];
#elif defined(STATE_F16)
  U16(to).v[0] = uint16_t(float_to_half(x.v[0]));
#elif defined(STATE_BF16)
  U16(to).v[0] = uint16_t(float_to_bf16(x.v[0]));
#elif defined(STATE_Q8_0)
  float most = 0.0;
  for (uint i = 0u; i < 32u; i++) most = abs(x.v[i]) > most ? abs(x.v[i]) : most;
  const float d = most / 127.0, by = d == 0.0 ? 0.0 : 1.0 / d;
  for (uint i = 0u; i < 32u; i++) {
    const float v = x.v[i] * by, a = abs(v), whole = floor(a);
    const float rounded = a < 128.0 ? min(whole + floor(2.0 * (a - whole)), 127.0) : 127.0;
    U8(to).v[2u + i] = uint8_t(uint(int(v < 0.0 ? -rounded : rounded)) & 255u);
  }
  U16(to).v[0] = uint16_t(float_to_half(d));
#elif defined(STATE_Q4_0)
  float most = x.v[0];
  for (uint i = 1u; i < 32u; i++) most = abs(x.v[i]) > abs(most) ? x.v[i] : most;
  const float d = most / -8.0, by = d == 0.0 ? 0.0 : 1.0 / d;
  for (uint i = 0u; i < 16u; i++) {
    const float low = x.v[i] * by + 8.5, high = x.v[i + 16u] * by + 8.5;
    const uint l = low >= 15.0 ? 15u : low >= 0.0 ? uint(low) : 0u, h = high >= 15.0 ? 15u : high >= 0.0 ? uint(high) : 0u;
    U8(to).v[2u + i] = uint8_t(l | h << 4u);
  }
  U16(to).v[0] = uint16_t(float_to_half(d));
#endif
}
