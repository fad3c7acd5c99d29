// AVX-VNNI's byte dot product made of AVX2 instructions, exactly: bytes at even and odd places by themselves, so that
// no sum of products leaves 16 bits.
#pragma once
#include <immintrin.h>

namespace infer::emulated {

inline __m256i dpbusd(__m256i sum, __m256i w, __m256i a) {
  const __m256i even = _mm256_set1_epi16(0x00ff), one = _mm256_set1_epi16(1);
  const __m256i p = _mm256_maddubs_epi16(_mm256_and_si256(w, even), a);
  const __m256i q = _mm256_maddubs_epi16(_mm256_andnot_si256(even, w), a);
  return _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_madd_epi16(p, one), _mm256_madd_epi16(q, one)));
}

}  // namespace infer::emulated

#define _mm256_dpbusd_avx_epi32 infer::emulated::dpbusd
