// What unpack_code_books.h does to 32 values at a time, in AVX2. The same results as Swar's.
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstdint>

namespace infer::cpu {

// Functions of this attribute are inlined only into functions that have it, too: nothing here reaches older processors.
struct Avx2 {
  [[gnu::target("avx2")]] static __m256i load(const uint64_t entries[4]) {
    return _mm256_set_epi64x(static_cast<int64_t>(entries[3]), static_cast<int64_t>(entries[2]),
                             static_cast<int64_t>(entries[1]), static_cast<int64_t>(entries[0]));
  }

  [[gnu::target("avx2")]] static void put_signed(int8_t* q, const uint64_t entries[4], uint32_t signs) {
    // Byte i of the mask: 0xff where bit i of signs is set.
    const __m256i spread = _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
    const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int32_t>(signs)), spread);
    const __m256i mask = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
    const __m256i v = _mm256_sub_epi8(_mm256_xor_si256(load(entries), mask), mask);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(q), v);
  }

  [[gnu::target("avx2")]] static void put_moved(int8_t* q, const uint64_t entries[4], unsigned down) {
    const __m256i bit = _mm256_set_epi64x(8, 4, 2, 1);
    const __m256i is_down = _mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x(down), bit), bit);
    const __m256i delta = _mm256_or_si256(is_down, _mm256_set1_epi8(1));  // -1 or 1
    const __m256i x8 = _mm256_and_si256(_mm256_slli_epi16(load(entries), 3), _mm256_set1_epi8(static_cast<char>(0xf8)));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(q), _mm256_add_epi8(x8, delta));
  }

  [[gnu::target("avx2")]] static void put_scales(float* scale, const uint8_t bytes[8], float d) {
    const __m128i both = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes));
    const __m128i nibbles = _mm_and_si128(_mm_unpacklo_epi8(both, _mm_srli_epi16(both, 4)), _mm_set1_epi8(15));
    for (int i = 0; i < 2; ++i) {
      const __m256 n = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(i == 0 ? nibbles : _mm_srli_si128(nibbles, 8)));
      const __m256 s = _mm256_mul_ps(_mm256_set1_ps(d), _mm256_add_ps(_mm256_set1_ps(0.5f), n));
      _mm256_storeu_ps(scale + 8 * i, _mm256_mul_ps(s, _mm256_set1_ps(0.25f)));
    }
  }
};

}  // namespace infer::cpu
#endif
