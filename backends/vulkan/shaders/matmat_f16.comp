#version 460
#extension GL_GOOGLE_include_directive : require
// matmat.comp with both factors as binary16 (x by round_f16.comp) and sums in binary32: half the shared memory and half
// of what is read of it. Weights beyond what binary16 holds, or all so small that it would lose bits of them, make the
// workgroup compute its values again from the weights and x themselves, and are counted: finite weights never become
// infinite, and which way is taken depends on the weights alone.
//   a: y, x, w, bias or 0, rounded x, scales of x, counters, tables
//   n: as of matvec.comp
#include "common.glsl"
#include "weights.glsl"
layout(constant_id = 1) const uint COLS = 64u;  // with COLS * 2 invocations
const uint kRows = 64u, kDepth = 32u;

// [pair of k][four rows or columns]
shared uvec4 w_tile[kDepth / 2u][kRows / 4u + 1u];
shared uvec4 x_tile[kDepth / 2u][COLS / 4u + 1u];
shared uint most;  // bits of the weights' largest magnitude
const float kTooLarge = 65504.0, kTooSmall = 0.0009765625;  // beyond the first; the largest of all below the second

void main() {
  if (group() >= node.n[0]) return;
  const uint lane = gl_LocalInvocationID.x, n_columns = node.n[1], n_rows = node.n[2], n_k = node.n[3];
  const uint row_groups = (n_rows + kRows - 1u) / kRows;
  const uint first_row = group() % row_groups * kRows, first_col = group() / row_groups * COLS;
  const uint my_rows = lane % 8u, my_cols = lane / 8u;
  vec4 low[4], high[4];
  for (uint c = 0u; c < 4u; c++) low[c] = vec4(0.0), high[c] = vec4(0.0);
  float my_most = 0.0;
  if (lane == 0u) most = 0u;

  for (uint k = 0u; k < n_k; k += kDepth) {  // of block types: a multiple of kDepth
    for (uint piece = lane; piece < kRows * kDepth / 8u; piece += gl_WorkGroupSize.x) {
      const uint r = piece % kRows, e = piece / kRows;
      float v[8];
      weights8(row_at(advance(node.a[2], min(first_row + r, n_rows - 1u), node.n[4])), k / 8u + e, n_k, v);
      for (uint i = 0u; i < 8u; i++) my_most = max(my_most, abs(v[i]));
      for (uint i = 0u; i < 4u; i++) w_tile[4u * e + i][r / 4u][r % 4u] = packHalf2x16(vec2(v[2u * i], v[2u * i + 1u]));
    }
    for (uint piece = lane; piece < COLS * kDepth / 8u; piece += gl_WorkGroupSize.x) {
      const uint c = piece / (kDepth / 8u), i = piece % (kDepth / 8u) * 4u;
      U32 x = U32(advance(node.a[4], min(first_col + c, n_columns - 1u), 2u * n_k));
      for (uint j = 0u; j < 4u; j++) x_tile[i + j][c / 4u][c % 4u] = x.v[k / 2u + i + j];
    }
    barrier();
    for (uint i = 0u; i < kDepth / 2u; i++) {
      const uvec4 w0 = w_tile[i][my_rows], w1 = w_tile[i][my_rows + 8u], both = x_tile[i][my_cols];
      vec4 w[4];  // low rows' first and second value of the pair, high rows' first and second
      for (uint r = 0u; r < 4u; r++) {
        const vec2 a = unpackHalf2x16(w0[r]), b = unpackHalf2x16(w1[r]);
        w[0][r] = a.x, w[1][r] = a.y, w[2][r] = b.x, w[3][r] = b.y;
      }
      for (uint c = 0u; c < 4u; c++) {
        const vec2 x = unpackHalf2x16(both[c]);
        low[c] = fma(w[1], vec4(x.y), fma(w[0], vec4(x.x), low[c]));
        high[c] = fma(w[3], vec4(x.y), fma(w[2], vec4(x.x), high[c]));
      }
    }
    barrier();
  }

  atomicMax(most, floatBitsToUint(my_most));
  barrier();
  const float largest = uintBitsToFloat(most);
  const bool again = largest > kTooLarge || (largest > 0.0 && largest < kTooSmall);
  if (again && lane == 0u) atomicAdd(U32(node.a[6]).v[1], 1u);
  for (uint c = 0u; c < 4u; c++) {
    const uint column = first_col + 4u * my_cols + c;
    if (column >= n_columns) continue;
    F32 y = F32(advance(node.a[0], column, 4u * n_rows)), x = F32(advance(node.a[1], column, 4u * n_k));
    const float scale = F32(node.a[5]).v[column];
    for (uint r = 0u; r < 8u; r++) {
      const uint row = first_row + 4u * my_rows + (r < 4u ? r : r + 28u);
      if (row >= n_rows) continue;
      float sum = scale * (r < 4u ? low[c][r] : high[c][r - 4u]);
      if (again) {
        Row weights = row_at(advance(node.a[2], row, node.n[4]));
        sum = 0.0;
        for (uint chunk = 0u; 8u * chunk < n_k; chunk++) {
          float v[8];
          weights8(weights, chunk, n_k, v);
          for (uint i = 0u; i < 8u; i++) sum = fma(v[i], x.v[8u * chunk + i], sum);
        }
      }
      y.v[row] = sum + (present(node.a[3]) ? F32(node.a[3]).v[row] : 0.0);
    }
  }
}
