#version 460
#extension GL_GOOGLE_include_directive : require
// Attention over pages, by online softmax (arXiv 1805.02867). A workgroup takes one row of q, HEADS query heads of one
// kv head, and one part of the positions, a chunk of as many positions as it has invocations at a time: scores first, an
// invocation per position; then values, an invocation per dimension.
//   a: out, q, k_state, v_state, q_start, kv_len, block_table, sinks or 0
//   n: groups, sequences, columns of the table, page, heads, kv heads, head_dim, head_dim_v, window, parts, positions of a part
//   f: scale, softcap
// With several parts, out is [row, head, part, 2 + head_dim_v]: top score, sum, values not yet divided by it; and
// attention_sum.comp makes one of them.
#include "common.glsl"
#include "pages.glsl"
layout(constant_id = 1) const uint HEADS = 1u;
layout(constant_id = 2) const uint HEAD_DIM = 64u;
layout(constant_id = 3) const uint HEAD_DIM_V = 64u;
const uint kChunk = 64u;  // invocations of the workgroup
const uint OWN = (HEAD_DIM_V + kChunk - 1u) / kChunk;  // dimensions of one invocation
const float kNone = -3.0e38;  // less than any score

shared float q[HEADS * HEAD_DIM];
shared float weights[HEADS * kChunk];
shared uint slots[kChunk];

void main() {
  if (group() >= node.n[0]) return;
  const uint lane = gl_LocalInvocationID.x, n_heads = node.n[4], n_kv = node.n[5], window = node.n[8], parts = node.n[9];
  const uint grouped = n_heads / n_kv, blocks = (grouped + HEADS - 1u) / HEADS;
  uint g = group();
  const uint part = g % parts;
  g /= parts;
  const uint block = g % blocks;
  g /= blocks;
  const uint kv_head = g % n_kv, t = g / n_kv;
  const uint first_head = kv_head * grouped + block * HEADS, my_heads = min(HEADS, grouped - block * HEADS);

  const uint s = sequence_of(node.a[4], t, node.n[1]);
  const uint position = uint(I32(node.a[5]).v[s]) - (uint(I32(node.a[4]).v[s + 1u]) - t);
  uint first = window > 0u && position + 1u > window ? position + 1u - window : 0u;
  uint end = position + 1u;
  if (parts > 1u) {
    first = max(first, part * node.n[10]);
    end = min(end, (part + 1u) * node.n[10]);
  }

  F32 query = F32(advance(node.a[1], t * n_heads + first_head, 4u * HEAD_DIM));
  for (uint i = lane; i < my_heads * HEAD_DIM; i += kChunk) q[i] = query.v[i];

  float top[HEADS], sum[HEADS], own[HEADS * OWN];
  for (uint h = 0u; h < HEADS; h++) {
    top[h] = kNone, sum[h] = 0.0;
    for (uint i = 0u; i < OWN; i++) own[h * OWN + i] = 0.0;
  }
  const uint k_row = HEAD_DIM / UNIT * UNIT_BYTES, v_row = HEAD_DIM_V / UNIT * UNIT_BYTES;
  for (uint base = first; base < end; base += kChunk) {
    barrier();
    const bool inside = base + lane < end;
    float scores[HEADS];
    for (uint h = 0u; h < HEADS; h++) scores[h] = 0.0;
    if (inside) {
      const uint slot = slot_of(node.a[6], s, node.n[2], node.n[3], base + lane);
      slots[lane] = slot;
      const uvec2 at = advance(node.a[2], slot * n_kv + kv_head, k_row);
      for (uint i = 0u; i < HEAD_DIM; i++) {
        const float key = state_value(at, i);
        for (uint h = 0u; h < my_heads; h++) scores[h] += q[h * HEAD_DIM + i] * key;
      }
    }
    for (uint h = 0u; h < HEADS; h++) {
      float x = scores[h] * node.f[0];
      if (node.f[1] > 0.0) x = node.f[1] * tanh_of(x / node.f[1]);  // softcap
      weights[h * kChunk + lane] = inside && h < my_heads ? x : kNone;
    }
    barrier();
    const uint n = min(kChunk, end - base);
    float mine[HEADS];
    for (uint h = 0u; h < HEADS; h++) {
      float most = top[h];
      for (uint j = 0u; j < n; j++) most = max(most, weights[h * kChunk + j]);
      const float shrink = exp(top[h] - most);
      mine[h] = inside ? exp(weights[h * kChunk + lane] - most) : 0.0;
      top[h] = most;
      sum[h] *= shrink;
      for (uint i = 0u; i < OWN; i++) own[h * OWN + i] *= shrink;
    }
    barrier();
    for (uint h = 0u; h < HEADS; h++) weights[h * kChunk + lane] = mine[h];
    barrier();
    for (uint j = 0u; j < n; j++) {
      const uvec2 at = advance(node.a[3], slots[j] * n_kv + kv_head, v_row);
      for (uint h = 0u; h < HEADS; h++) sum[h] += weights[h * kChunk + j];
      for (uint i = 0u; i < OWN; i++) {
        const uint d = lane + i * kChunk;
        if (d >= HEAD_DIM_V) continue;
        const float value = state_value(at, d);
        for (uint h = 0u; h < HEADS; h++) own[h * OWN + i] += weights[h * kChunk + j] * value;
      }
    }
  }

  for (uint h = 0u; h < my_heads; h++) {
    const uint head = t * n_heads + first_head + h;
    if (parts > 1u) {
      F32 partial = F32(advance(node.a[0], head * parts + part, 4u * (HEAD_DIM_V + 2u)));
      if (lane == 0u) partial.v[0] = top[h], partial.v[1] = sum[h];
      for (uint i = 0u; i < OWN; i++)
        if (lane + i * kChunk < HEAD_DIM_V) partial.v[2u + lane + i * kChunk] = own[h * OWN + i];
      continue;
    }
    float total = sum[h], shrink = 1.0;
    if (present(node.a[7])) {
      const float sink = F32(node.a[7]).v[first_head + h], most = max(top[h], sink);
      shrink = exp(top[h] - most);
      total = total * shrink + exp(sink - most);
    }
    F32 y = F32(advance(node.a[0], head, 4u * HEAD_DIM_V));
    for (uint i = 0u; i < OWN; i++)
      if (lane + i * kChunk < HEAD_DIM_V) y.v[lane + i * kChunk] = own[h * OWN + i] * shrink / total;
  }
}
