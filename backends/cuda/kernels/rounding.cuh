// Thirty-two values as scale * (254 q + r) with whole numbers q and r of -127..127, for weights_int8.cu: eight words
// with four q each, eight with the r, and a pair of the scale and the sum of 254 q + r. Where a value is no number,
// or infinite, the scale is no number: so are the products, as with the values themselves. The same q and r as of the
// vulkan backend (shaders/round.glsl, which says why there are two).
#pragma once
#include "backends/cuda/kernels/common.cuh"

__device__ inline void round32(const float (&v)[32], uint32_t* words, float* pair) {
  float most = 0.0f;
  bool finite = true;
#pragma unroll
  for (uint32_t i = 0; i < 32; ++i) {
    finite = finite && (__float_as_uint(v[i]) & 0x7f800000u) != 0x7f800000u;
    most = fmaxf(most, fabsf(v[i]));
  }
  const bool none = !finite || most < 1.0e-33f;  // below, the scale would lose digits
  const float by = none ? 0.0f : 127.0f / most;
  int32_t sum = 0, rest_sum = 0;
#pragma unroll
  for (uint32_t w = 0; w < 8; ++w) {
    uint32_t four = 0, rests = 0;
#pragma unroll
    for (uint32_t i = 0; i < 4; ++i) {
      const float scaled = none ? 0.0f : fminf(fmaxf(v[4 * w + i] * by, -127.0f), 127.0f), whole = rintf(scaled);
      const auto q = static_cast<int32_t>(whole), r = static_cast<int32_t>(rintf((scaled - whole) * 254.0f));
      sum += q, rest_sum += r;
      four |= (static_cast<uint32_t>(q) & 255) << 8 * i, rests |= (static_cast<uint32_t>(r) & 255) << 8 * i;
    }
    words[w] = four, words[w + 8] = rests;
  }
  pair[0] = !finite ? __uint_as_float(0x7fc00000u) : none ? 0.0f : most / (127.0f * 254.0f);
  pair[1] = static_cast<float>(254 * sum + rest_sum);
}
