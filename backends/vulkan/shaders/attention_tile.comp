#version 460
#extension GL_GOOGLE_include_directive : require
// Attention over many rows, by online softmax: a workgroup of 128 takes a tile of rows of one sequence and HEADS query
// heads of one kv head, 32 query vectors together at most, so that what is read of K and V, and decoded, serves them all.
// 64 positions at a time: 32 dimensions of K and of q in shared memory make scores, then 32 dimensions of V values.
// A row's chunks of positions begin at multiples of 64, and positions that it does not see change nothing: its result
// does not depend on which rows share its tile.
//   a, n, f: as of attention.comp, with one part; groups may be more than there are tiles
#include "common.glsl"
#include "pages.glsl"
layout(constant_id = 1) const uint HEADS = 1u;
layout(constant_id = 2) const uint HEAD_DIM = 64u;
layout(constant_id = 3) const uint HEAD_DIM_V = 64u;
const uint kVectors = 32u, kChunk = 64u, kSlice = 32u, kThreads = 128u;
const uint ROWS = kVectors / HEADS;
const uint SLICES_V = (HEAD_DIM_V + kSlice - 1u) / kSlice;
const float kNone = -3.0e38;  // less than any score

shared vec4 stage[kChunk * 9u];              // K: [dimension][17 x 4 positions]; V: [position][9 x 4 dimensions]
shared vec4 q_tile[kSlice][kVectors / 4u + 1u];  // [dimension][four vectors]
shared vec4 weights[kChunk][kVectors / 4u + 1u];  // [position][four vectors]: scores, then exponentials
shared uint slots[kChunk];
shared float found[4][kVectors];  // by the invocations that share a vector
shared float top_of[kVectors], sum_of[kVectors], shrink_of[kVectors];

void main() {
  if (group() >= node.n[0]) return;
  const uint lane = gl_LocalInvocationID.x, n_heads = node.n[4], n_kv = node.n[5], window = node.n[8];
  const uint grouped = n_heads / n_kv, blocks = (grouped + HEADS - 1u) / HEADS;
  const uint block = group() % blocks, kv_head = group() / blocks % n_kv;
  const uint first_head = kv_head * grouped + block * HEADS, my_heads = min(HEADS, grouped - block * HEADS);

  // Tiles are counted over the sequences, each of which begins one.
  I32 starts = I32(node.a[4]);
  uint tile = group() / blocks / n_kv, s = 0u;
  for (; s < node.n[1]; s++) {
    const uint tiles = (uint(starts.v[s + 1u] - starts.v[s]) + ROWS - 1u) / ROWS;
    if (tile < tiles) break;
    tile -= tiles;
  }
  if (s == node.n[1]) return;
  const uint last_row = uint(starts.v[s + 1u]), first_row = uint(starts.v[s]) + tile * ROWS;
  const uint my_rows = min(ROWS, last_row - first_row);
  const uint first_position = uint(I32(node.a[5]).v[s]) - (last_row - first_row);  // of first_row
  const uint end = first_position + my_rows, last_position = end - 1u;
  const uint first = window > 0u && first_position + 1u > window ? first_position + 1u - window : 0u;

  const uint fours = lane % 8u, other = lane / 8u;  // vectors 4 fours .. + 3; which positions, which dimensions
  const uint vector = lane % kVectors, share = lane / kVectors;
  vec4 own[SLICES_V][2];  // [slice][of two dimensions]
  for (uint i = 0u; i < SLICES_V; i++) own[i][0] = vec4(0.0), own[i][1] = vec4(0.0);
  if (lane < kVectors) top_of[lane] = kNone, sum_of[lane] = 0.0;

  const uint k_row = HEAD_DIM / UNIT * UNIT_BYTES, v_row = HEAD_DIM_V / UNIT * UNIT_BYTES;
  for (uint base = first / kChunk * kChunk; base < end; base += kChunk) {
    const uint n = min(kChunk, end - base);
    // Does every row see every position of the chunk?
    const bool whole = base + kChunk <= first_position + 1u && (window == 0u || base + window > last_position);
    barrier();
    if (lane < n) slots[lane] = slot_of(node.a[6], s, node.n[2], node.n[3], base + lane);
    barrier();

    vec4 scores[4];  // [position]
    for (uint j = 0u; j < 4u; j++) scores[j] = vec4(0.0);
    for (uint slice = 0u; slice < HEAD_DIM; slice += kSlice) {
      for (uint i = lane; i < kChunk * kSlice; i += kThreads) {
        const uint d = i % kSlice, j = i / kSlice;
        const bool inside = j < n && slice + d < HEAD_DIM;
        stage[17u * d + j / 4u][j % 4u] =
            inside ? state_value(advance(node.a[2], slots[j] * n_kv + kv_head, k_row), slice + d) : 0.0;
      }
      for (uint i = lane; i < kVectors * kSlice; i += kThreads) {
        const uint d = i % kSlice, v = i / kSlice, r = v / HEADS, h = v % HEADS;
        const bool inside = r < my_rows && h < my_heads && slice + d < HEAD_DIM;
        q_tile[d][v / 4u][v % 4u] =
            inside ? F32(advance(node.a[1], (first_row + r) * n_heads + first_head + h, 4u * HEAD_DIM)).v[slice + d] : 0.0;
      }
      barrier();
      for (uint d = 0u; d < kSlice; d++) {
        const vec4 q = q_tile[d][fours], k = stage[17u * d + other];
        for (uint j = 0u; j < 4u; j++) scores[j] = fma(q, vec4(k[j]), scores[j]);
      }
      barrier();
    }
    for (uint j = 0u; j < 4u; j++) {
      vec4 x = scores[j] * node.f[0];
      const uint position = base + 4u * other + j;
      for (uint v = 0u; v < 4u; v++) {
        if (node.f[1] > 0.0) x[v] = node.f[1] * tanh_of(x[v] / node.f[1]);  // softcap
        const uint row = first_position + (4u * fours + v) / HEADS;
        if (!whole && (position > row || (window > 0u && position + window <= row))) x[v] = kNone;
      }
      weights[4u * other + j][fours] = x;
    }
    barrier();

    // Four invocations share a vector, 16 positions each.
    float most = kNone;
    for (uint j = 0u; j < kChunk / 4u; j++) most = max(most, weights[kChunk / 4u * share + j][vector / 4u][vector % 4u]);
    found[share][vector] = most;
    barrier();
    if (share == 0u) {
      for (uint i = 1u; i < 4u; i++) most = max(most, found[i][vector]);
      most = max(most, top_of[vector]);
      shrink_of[vector] = exp(top_of[vector] - most);
      top_of[vector] = most;
    }
    barrier();
    float sum = 0.0;
    for (uint j = 0u; j < kChunk / 4u; j++) {
      const uint at = kChunk / 4u * share + j;
      const float x = weights[at][vector / 4u][vector % 4u];
      const float e = x <= kNone ? 0.0 : exp(x - top_of[vector]);
      weights[at][vector / 4u][vector % 4u] = e;
      sum += e;
    }
    found[share][vector] = sum;
    barrier();
    if (share == 0u)
      sum_of[vector] = sum_of[vector] * shrink_of[vector] +
                       (found[0][vector] + found[1][vector] + (found[2][vector] + found[3][vector]));

    vec4 shrink;
    for (uint v = 0u; v < 4u; v++) shrink[v] = shrink_of[4u * fours + v];
    for (uint slice = 0u; slice < SLICES_V; slice++) {
      for (uint i = lane; i < kChunk * kSlice; i += kThreads) {
        const uint d = i % kSlice, j = i / kSlice;
        const bool inside = j < n && slice * kSlice + d < HEAD_DIM_V;
        stage[9u * j + d / 4u][d % 4u] =
            inside ? state_value(advance(node.a[3], slots[j] * n_kv + kv_head, v_row), slice * kSlice + d) : 0.0;
      }
      barrier();
      vec4 a = own[slice][0] * shrink, b = own[slice][1] * shrink;
      for (uint j = 0u; j < n; j++) {
        const vec4 w = weights[j][fours], four = stage[9u * j + other / 2u];
        const vec2 value = other % 2u == 0u ? four.xy : four.zw;
        const vec4 a1 = fma(w, vec4(value.x), a), b1 = fma(w, vec4(value.y), b);
        // A position that a row does not see may hold what is no number.
        const bvec4 unseen = equal(w, vec4(whole ? -1.0 : 0.0));
        a = mix(a1, a, unseen), b = mix(b1, b, unseen);
      }
      own[slice][0] = a, own[slice][1] = b;
      barrier();
    }
  }

  for (uint v = 0u; v < 4u; v++) {
    const uint at = 4u * fours + v, r = at / HEADS, h = at % HEADS;
    if (r >= my_rows || h >= my_heads) continue;
    float total = sum_of[at], shrink = 1.0;
    if (present(node.a[7])) {
      const float sink = F32(node.a[7]).v[first_head + h], most = max(top_of[at], sink);
      shrink = exp(top_of[at] - most);
      total = total * shrink + exp(sink - most);
    }
    F32 y = F32(advance(node.a[0], (first_row + r) * n_heads + first_head + h, 4u * HEAD_DIM_V));
    for (uint slice = 0u; slice < SLICES_V; slice++)
      for (uint i = 0u; i < 2u; i++) {
        const uint d = slice * kSlice + 2u * other + i;
        if (d < HEAD_DIM_V) y.v[d] = own[slice][i][v] * shrink / total;
      }
  }
}
