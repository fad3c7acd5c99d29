#version 460
#extension GL_GOOGLE_include_directive : require
// y = x w^T + bias for a few columns, or for one per chosen expert: a workgroup makes ROWS values of COLS columns.
//   a: y, x, w, bias or 0, ids or 0, -, -, tables
//   n: groups, columns, rows of w (N), K, bytes of a row, columns per row of x (experts)
#include "common.glsl"
#include "weights.glsl"
layout(constant_id = 1) const uint ROWS = 2u;
layout(constant_id = 2) const uint COLS = 1u;
layout(constant_id = 3) const bool ONE_SUBGROUP = false;  // the workgroup is one: its sums need no shared memory

shared float parts[64u * ROWS * COLS];  // of each subgroup

void put(uint row, uint column, uint bias, float sum) {
  if (present(node.a[3])) sum += F32(node.a[3]).v[bias];
  F32(advance(node.a[0], column, 4u * node.n[2])).v[row] = sum;
}

void main() {
  const uint lane = gl_LocalInvocationID.x, n_rows = node.n[2], n_k = node.n[3], n_columns = node.n[1];
  if (group() >= node.n[0]) return;
  const uint row_groups = (n_rows + ROWS - 1u) / ROWS, first = group() % row_groups * ROWS;
  uvec2 w = node.a[2];
  uint column = 0u, x_row = 0u, bias = first;
  if (present(node.a[4])) {
    column = group() / row_groups;
    x_row = column / node.n[5];
    const uint expert = uint(I32(node.a[4]).v[column]);
    w = advance(w, expert * n_rows, node.n[4]);
    bias += expert * n_rows;
  }
  F32 x = F32(advance(node.a[1], x_row, 4u * n_k));

  Row rows[ROWS];
  float sums[ROWS * COLS];
  for (uint r = 0u; r < ROWS; r++) {
    rows[r] = row_at(advance(w, min(first + r, n_rows - 1u), node.n[4]));
    for (uint c = 0u; c < COLS; c++) sums[r * COLS + c] = 0.0;
  }
  for (uint chunk = lane; 8u * chunk < n_k; chunk += gl_WorkGroupSize.x) {
    float v[ROWS][8];
    for (uint r = 0u; r < ROWS; r++) weights8(rows[r], chunk, n_k, v[r]);
    for (uint c = 0u; c < COLS; c++) {
      const uint at = min(c, n_columns - 1u) * n_k + 8u * chunk;
      for (uint i = 0u; i < 8u; i++) {
#ifdef PLAIN
        const float value = 8u * chunk + i < n_k ? x.v[at + i] : 0.0;
#else
        const float value = x.v[at + i];
#endif
        for (uint r = 0u; r < ROWS; r++) sums[r * COLS + c] += v[r][i] * value;
      }
    }
  }
  for (uint s = 0u; s < ROWS * COLS; s++) {
    sums[s] = subgroupAdd(sums[s]);
    if (!ONE_SUBGROUP && subgroupElect()) parts[gl_SubgroupID * ROWS * COLS + s] = sums[s];
  }
  if (ONE_SUBGROUP) {
    if (lane != 0u) return;
    for (uint r = 0u; r < ROWS; r++)
      for (uint c = 0u; c < COLS; c++)
        if (first + r < n_rows && column + c < n_columns) put(first + r, column + c, bias + r, sums[r * COLS + c]);
    return;
  }
  barrier();
  for (uint s = lane; s < ROWS * COLS; s += gl_WorkGroupSize.x) {
    const uint r = s / COLS, c = s % COLS;
    if (first + r >= n_rows || column + c >= n_columns) continue;
    float sum = 0.0;
    for (uint g = 0u; g < gl_NumSubgroups; g++) sum += parts[g * ROWS * COLS + s];
    put(first + r, column + c, bias + r, sum);
  }
}
