#version 460
#extension GL_GOOGLE_include_directive : require
// y = x w^T + bias for a few columns, or for one per chosen expert: a workgroup makes ROWS values of COLS columns.
//   a: y, x, w, bias or 0, ids or 0, -, -, tables
//   n: groups, columns, rows of w (N), K, bytes of a row, columns per row of x (experts)
#include "common.glsl"
#include "weights.glsl"
#include "row_sums.glsl"

void main() {
  const uint lane = gl_LocalInvocationID.x, n_k = node.n[3];
  if (group() >= node.n[0]) return;
  const Place place = place_of_group();
  F32 x = F32(advance(node.a[1], place.x_row, 4u * n_k));

  Row rows[ROWS];
  for (uint r = 0u; r < ROWS; r++) {
    rows[r] = row_at(advance(place.w, min(place.first + r, node.n[2] - 1u), node.n[4]));
    for (uint c = 0u; c < COLS; c++) sums[r * COLS + c] = 0.0;
  }
  for (uint chunk = lane; 8u * chunk < n_k; chunk += gl_WorkGroupSize.x) {
    float v[ROWS][8];
    for (uint r = 0u; r < ROWS; r++) weights8(rows[r], chunk, n_k, v[r]);
    for (uint c = 0u; c < COLS; c++) {
      const uint at = min(c, node.n[1] - 1u) * n_k + 8u * chunk;
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
  put_sums(place);
}
