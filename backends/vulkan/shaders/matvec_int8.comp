#version 460
#extension GL_GOOGLE_include_directive : require
// matvec.comp with x as two numbers of 8 bits per value and a scale per 32 (round.glsl): 32 values of a row at a time are 16
// sums of four products of bytes, exact in integers, and then one product of scales.
//   a: y, rounded x, w, bias or 0, ids or 0, scales of x, -, tables
//   n: as of matvec.comp
#include "common.glsl"
#include "ints.glsl"
#include "row_sums.glsl"

void main() {
  const uint lane = gl_LocalInvocationID.x, units = node.n[3] / 32u;
  if (group() >= node.n[0]) return;
  const Place place = place_of_group();
  U32 x = U32(advance(node.a[1], place.x_row, 64u * units));
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
      int four[16];
      for (uint i = 0u; i < 16u; i++) four[i] = int(x.v[16u * at + i]);
      const float by = pairs.v[2u * at], sum = pairs.v[2u * at + 1u];
      for (uint r = 0u; r < ROWS; r++) {
        ivec2 whole = ivec2(0), rest = ivec2(0);  // of the first and the second half of the weights
        for (uint i = 0u; i < 4u; i++) {
          whole += ivec2(dot4(w[r][i], four[i]), dot4(w[r][i + 4u], four[i + 4u]));
          rest += ivec2(dot4(w[r][i], four[i + 8u]), dot4(w[r][i + 4u], four[i + 12u]));
        }
#ifdef TWO_SCALES
        float product = dot(scale[r], vec2(whole) + vec2(rest) / 254.0);
#else
        float product = scale[r].x * (float(whole.x + whole.y) + float(rest.x + rest.y) / 254.0);
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
