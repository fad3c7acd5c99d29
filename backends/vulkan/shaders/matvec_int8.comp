#version 460
#extension GL_GOOGLE_include_directive : require
// matvec.comp with x rounded to int8 (round_int8.comp): 32 values of a row at a time are eight sums of four products of
// bytes, exact in integers, and then one product of scales.
//   a: y, rounded x, w, bias or 0, ids or 0, scales of x, -, tables
//   n: as of matvec.comp
#include "common.glsl"
#include "ints.glsl"
#include "row_sums.glsl"

void main() {
  const uint lane = gl_LocalInvocationID.x, units = node.n[3] / 32u;
  if (group() >= node.n[0]) return;
  const Place place = place_of_group();
  U32 x = U32(advance(node.a[1], place.x_row, 32u * units));
  F32 pairs = F32(advance(node.a[5], place.x_row, 8u * units));

  Row rows[ROWS];
  for (uint r = 0u; r < ROWS; r++) {
    rows[r] = row_at(advance(place.w, min(place.first + r, node.n[2] - 1u), node.n[4]));
    for (uint c = 0u; c < COLS; c++) sums[r * COLS + c] = 0.0;
  }
  for (uint unit = lane; unit < units; unit += gl_WorkGroupSize.x) {
    int w[ROWS][8];
    vec2 scale[ROWS];
    float low[ROWS];
    for (uint r = 0u; r < ROWS; r++) ints32(rows[r], unit, w[r], scale[r], low[r]);
    for (uint c = 0u; c < COLS; c++) {
      const uint at = min(c, node.n[1] - 1u) * units + unit;
      int four[8];
      for (uint i = 0u; i < 8u; i++) four[i] = int(x.v[8u * at + i]);
      const float by = pairs.v[2u * at], sum = pairs.v[2u * at + 1u];
      for (uint r = 0u; r < ROWS; r++) {
        int first = 0, second = 0;
        for (uint i = 0u; i < 4u; i++) first += dot4(w[r][i], four[i]), second += dot4(w[r][i + 4u], four[i + 4u]);
#ifdef TWO_SCALES
        float product = scale[r].x * float(first) + scale[r].y * float(second);
#else
        float product = scale[r].x * float(first + second);
#endif
#ifdef WITH_LOW
        product -= low[r] * sum;
#endif
        sums[r * COLS + c] = fma(by, product, sums[r * COLS + c]);
      }
    }
  }
  put_sums(place);
}
