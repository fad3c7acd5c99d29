#version 460
#extension GL_GOOGLE_include_directive : require
// y = x w^T + bias for many columns: a workgroup makes 64 rows of COLS columns, 32 values of K at a time, which it decodes
// into shared memory once. An invocation has 8 rows of 4 columns in registers, so it reads 12 values for 32 products.
// A sum goes up in K, one fma after the other, however many columns there are.
//   a and n: as of matvec.comp
#include "common.glsl"
#include "weights.glsl"
layout(constant_id = 1) const uint COLS = 64u;  // with COLS * 2 invocations
const uint kRows = 64u, kDepth = 32u;

// [k][four rows or columns]; an entry more than there are, so that the k of a column lie in different banks
shared vec4 w_tile[kDepth][kRows / 4u + 1u];
shared vec4 x_tile[kDepth][COLS / 4u + 1u];

void main() {
  if (group() >= node.n[0]) return;
  const uint lane = gl_LocalInvocationID.x, n_columns = node.n[1], n_rows = node.n[2], n_k = node.n[3];
  const uint row_groups = (n_rows + kRows - 1u) / kRows;
  const uint first_row = group() % row_groups * kRows, first_col = group() / row_groups * COLS;
  const uint my_rows = lane % 8u, my_cols = lane / 8u;  // rows 4 my_rows .. + 3 and 32 more, columns 4 my_cols .. + 3
  vec4 low[4], high[4];                                 // of each column
  for (uint c = 0u; c < 4u; c++) low[c] = vec4(0.0), high[c] = vec4(0.0);

  for (uint k = 0u; k < n_k; k += kDepth) {
    for (uint piece = lane; piece < kRows * kDepth / 8u; piece += gl_WorkGroupSize.x) {
      const uint r = piece % kRows, e = piece / kRows;
      float v[8];
      if (k + 8u * e < n_k) {
        weights8(row_at(advance(node.a[2], min(first_row + r, n_rows - 1u), node.n[4])), k / 8u + e, n_k, v);
      } else {
        for (uint i = 0u; i < 8u; i++) v[i] = 0.0;
      }
      for (uint i = 0u; i < 8u; i++) w_tile[8u * e + i][r / 4u][r % 4u] = v[i];
    }
    for (uint piece = lane; piece < COLS * kDepth / 4u; piece += gl_WorkGroupSize.x) {
      const uint c = piece / (kDepth / 4u), i = piece % (kDepth / 4u) * 4u;
      F32 x = F32(advance(node.a[1], min(first_col + c, n_columns - 1u), 4u * n_k));
      for (uint j = 0u; j < 4u; j++) x_tile[i + j][c / 4u][c % 4u] = k + i + j < n_k ? x.v[k + i + j] : 0.0;
    }
    barrier();
    for (uint i = 0u; i < kDepth; i++) {
      const vec4 w0 = w_tile[i][my_rows], w1 = w_tile[i][my_rows + 8u], x = x_tile[i][my_cols];
      for (uint c = 0u; c < 4u; c++) {
        low[c] = fma(w0, vec4(x[c]), low[c]);
        high[c] = fma(w1, vec4(x[c]), high[c]);
      }
    }
    barrier();
  }
  for (uint c = 0u; c < 4u; c++) {
    const uint column = first_col + 4u * my_cols + c;
    if (column >= n_columns) continue;
    F32 y = F32(advance(node.a[0], column, 4u * n_rows));
    for (uint r = 0u; r < 8u; r++) {
      const uint row = first_row + 4u * my_rows + (r < 4u ? r : r + 28u);
      const float sum = r < 4u ? low[c][r] : high[c][r - 4u];
      if (row < n_rows) y.v[row] = sum + (present(node.a[3]) ? F32(node.a[3]).v[row] : 0.0);
    }
  }
}
