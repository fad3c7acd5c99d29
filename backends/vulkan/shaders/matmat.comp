#version 460
#extension GL_GOOGLE_include_directive : require
// y = x w^T + bias for many columns: a workgroup of 128 makes 64 rows of 32 columns, 32 values of K at a time.
//   a and n: as of matvec.comp
#include "common.glsl"
#include "weights.glsl"
const uint kRows = 64u, kCols = 32u, kDepth = 32u, kThreads = 128u;

shared float w_tile[kDepth][kRows + 1u];
shared float x_tile[kDepth][kCols + 1u];

void main() {
  if (group() >= node.n[0]) return;
  const uint lane = gl_LocalInvocationID.x, n_columns = node.n[1], n_rows = node.n[2], n_k = node.n[3];
  const uint row_groups = (n_rows + kRows - 1u) / kRows;
  const uint first_row = group() % row_groups * kRows, first_col = group() / row_groups * kCols;
  const uint my_row = lane % 16u, my_col = lane / 16u;  // and every 16th row, every 8th column from there
  float sums[4][4];
  for (uint r = 0u; r < 4u; r++)
    for (uint c = 0u; c < 4u; c++) sums[r][c] = 0.0;

  for (uint k = 0u; k < n_k; k += kDepth) {
    for (uint piece = lane; piece < kRows * kDepth / 8u; piece += kThreads) {
      const uint r = piece / (kDepth / 8u), e = piece % (kDepth / 8u);
      float v[8];
      if (k + 8u * e < n_k) {
        weights8(row_at(advance(node.a[2], min(first_row + r, n_rows - 1u), node.n[4])), k / 8u + e, n_k, v);
      } else {
        for (uint i = 0u; i < 8u; i++) v[i] = 0.0;
      }
      for (uint i = 0u; i < 8u; i++) w_tile[8u * e + i][r] = v[i];
    }
    for (uint piece = lane; piece < kCols * kDepth; piece += kThreads) {
      const uint c = piece / kDepth, i = piece % kDepth;
      const bool inside = first_col + c < n_columns && k + i < n_k;
      x_tile[i][c] = inside ? F32(advance(node.a[1], first_col + c, 4u * n_k)).v[k + i] : 0.0;
    }
    barrier();
    for (uint i = 0u; i < kDepth; i++) {
      float w[4], x[4];
      for (uint r = 0u; r < 4u; r++) w[r] = w_tile[i][my_row + 16u * r];
      for (uint c = 0u; c < 4u; c++) x[c] = x_tile[i][my_col + 8u * c];
      for (uint r = 0u; r < 4u; r++)
        for (uint c = 0u; c < 4u; c++) sums[r][c] += w[r] * x[c];
    }
    barrier();
  }
  for (uint c = 0u; c < 4u; c++) {
    const uint column = first_col + my_col + 8u * c;
    if (column >= n_columns) continue;
    F32 y = F32(advance(node.a[0], column, 4u * n_rows));
    for (uint r = 0u; r < 4u; r++) {
      const uint row = first_row + my_row + 16u * r;
      if (row < n_rows) y.v[row] = sums[r][c] + (present(node.a[3]) ? F32(node.a[3]).v[row] : 0.0);
    }
  }
}
