// The AVX-512 intrinsics of backends/cpu/vec_avx512.h in plain C++: SIMDe's, and the few that its version 0.7.4 lacks
// or misspells.
#pragma once
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>
#include <simde/x86/fma.h>

#include <cmath>
#include <cstdint>
#include <cstring>

namespace infer::emulated {

using Mask16 = simde__mmask16;

template <class To, class From, class Op>
inline void lanes(To* to, const From* from, int n, Op op) {
  for (int i = 0; i < n; i++) to[i] = op(from[i]);
}
template <class T, int n, class V>
struct Lanes {
  T v[n];
  explicit Lanes(const V& a) { std::memcpy(v, &a, sizeof v); }
};
template <class V, class T, int n>
inline V vector_of(const T (&v)[n]) {
  V r;
  static_assert(sizeof r == sizeof v);
  std::memcpy(&r, v, sizeof r);
  return r;
}

inline simde__m512i sra_epi32(simde__m512i a, simde__m128i count) {
  Lanes<int32_t, 16, simde__m512i> x(a);
  const Lanes<int64_t, 2, simde__m128i> n(count);
  lanes(x.v, x.v, 16, [&](int32_t v) { return v >> (n.v[0] > 31 ? 31 : n.v[0]); });
  return vector_of<simde__m512i>(x.v);
}
inline simde__m512 cvtepi32_ps(simde__m512i a) {
  const Lanes<int32_t, 16, simde__m512i> x(a);
  float y[16];
  lanes(y, x.v, 16, [](int32_t v) { return static_cast<float>(v); });
  return vector_of<simde__m512>(y);
}
inline simde__m512i cvtps_epi32(simde__m512 a) {
  const Lanes<float, 16, simde__m512> x(a);
  int32_t y[16];
  lanes(y, x.v, 16, [](float v) {
    return v >= -2147483648.0f && v < 2147483648.0f ? static_cast<int32_t>(std::nearbyint(v)) : INT32_MIN;
  });
  return vector_of<simde__m512i>(y);
}
inline simde__m256i cvtepi32_epi16(simde__m512i a) {
  const Lanes<uint32_t, 16, simde__m512i> x(a);
  uint16_t y[16];
  lanes(y, x.v, 16, [](uint32_t v) { return static_cast<uint16_t>(v); });
  return vector_of<simde__m256i>(y);
}
inline simde__m512i madd_epi16(simde__m512i a, simde__m512i b) {
  const Lanes<int16_t, 32, simde__m512i> x(a), y(b);
  int32_t z[16];
  for (int i = 0; i < 16; i++) z[i] = x.v[2 * i] * y.v[2 * i] + x.v[2 * i + 1] * y.v[2 * i + 1];
  return vector_of<simde__m512i>(z);
}
inline simde__m512 cvtph_ps(simde__m256i a) {
  simde__m128i half[2];
  std::memcpy(half, &a, sizeof a);
  simde__m256 y[2] = {simde_mm256_cvtph_ps(half[0]), simde_mm256_cvtph_ps(half[1])};
  simde__m512 r;
  std::memcpy(&r, y, sizeof r);
  return r;
}
inline simde__m256i cvtps_ph(simde__m512 a) {
  simde__m256 half[2];
  std::memcpy(half, &a, sizeof a);
  simde__m128i y[2] = {simde_mm256_cvtps_ph(half[0], 0), simde_mm256_cvtps_ph(half[1], 0)};
  simde__m256i r;
  std::memcpy(&r, y, sizeof r);
  return r;
}

inline simde__m512i cvtepu16_epi32(simde__m256i a) {
  const Lanes<uint16_t, 16, simde__m256i> x(a);
  uint32_t y[16];
  lanes(y, x.v, 16, [](uint16_t v) { return static_cast<uint32_t>(v); });
  return vector_of<simde__m512i>(y);
}
inline simde__m512i cvtepi8_epi32(simde__m128i a) {
  const Lanes<int8_t, 16, simde__m128i> x(a);
  int32_t y[16];
  lanes(y, x.v, 16, [](int8_t v) { return static_cast<int32_t>(v); });
  return vector_of<simde__m512i>(y);
}
inline simde__m512i cvtepu8_epi32(simde__m128i a) {
  const Lanes<uint8_t, 16, simde__m128i> x(a);
  int32_t y[16];
  lanes(y, x.v, 16, [](uint8_t v) { return static_cast<int32_t>(v); });
  return vector_of<simde__m512i>(y);
}
inline simde__m512 maskz_loadu_ps(Mask16 mask, const float* p) {
  float y[16] = {};
  for (int i = 0; i < 16; i++)
    if ((mask >> i) & 1) y[i] = p[i];
  return vector_of<simde__m512>(y);
}
inline void mask_storeu_ps(float* p, Mask16 mask, simde__m512 a) {
  const Lanes<float, 16, simde__m512> x(a);
  for (int i = 0; i < 16; i++)
    if ((mask >> i) & 1) p[i] = x.v[i];
}

}  // namespace infer::emulated

using __mmask16 = infer::emulated::Mask16;
#undef _mm512_sra_epi32
#undef _mm512_cvtepi32_ps
#undef _mm512_cvtps_epi32
#undef _mm512_cvtepi32_epi16
#undef _mm512_madd_epi16
#undef _mm512_cvtph_ps
#undef _mm512_cvtps_ph
#define _mm512_cvtepu8_epi32 infer::emulated::cvtepu8_epi32
#define _mm512_cvtepu16_epi32 infer::emulated::cvtepu16_epi32
#define _mm512_cvtepi8_epi32 infer::emulated::cvtepi8_epi32
#define _mm512_maskz_loadu_ps infer::emulated::maskz_loadu_ps
#define _mm512_mask_storeu_ps infer::emulated::mask_storeu_ps
#define _mm512_sra_epi32 infer::emulated::sra_epi32
#define _mm512_cvtepi32_ps infer::emulated::cvtepi32_ps
#define _mm512_cvtps_epi32 infer::emulated::cvtps_epi32
#define _mm512_cvtepi32_epi16 infer::emulated::cvtepi32_epi16
#define _mm512_madd_epi16 infer::emulated::madd_epi16
#define _mm512_cvtph_ps infer::emulated::cvtph_ps
#define _mm512_cvtps_ph(a, rounding) infer::emulated::cvtps_ph(a)
