// The vector interface (see vec_portable.h for what each operation means) in AVX-512 F, BW, DQ, VL: 16 lanes. Vnni adds
// the byte dot product instruction.
#pragma once
#if !defined(INFER_EMULATE_AVX512)  // tests bring them in plain C++
#include <immintrin.h>
#endif

#include <cstdint>

#include "backends/cpu/codegen.h"

namespace infer::cpu::avx512 {

struct Vec {
  static constexpr int kLanes = 16;
  static constexpr bool kUnsignedOnly = false;
  static constexpr int kFloatTile = 5, kRowVectors = 2, kTokenTile = 6, kAttentionTile = 6, kFewSums = 16,
                       kStreams = 1;  // not measured; the code of more costs 100 KB
  using F = __m512;
  using I = __m512i;
  using B = __m512i;

  // -- floats
  INFER_INLINE static F zero() { return _mm512_setzero_ps(); }
  INFER_INLINE static F set1(float x) { return _mm512_set1_ps(x); }
  INFER_INLINE static F load(const float* p) { return _mm512_loadu_ps(p); }
  INFER_INLINE static __mmask16 lanes_below(int n) { return static_cast<__mmask16>((1u << n) - 1); }
  INFER_INLINE static F load_n(const float* p, int n) { return _mm512_maskz_loadu_ps(lanes_below(n), p); }
  INFER_INLINE static F load_f16(const uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  INFER_INLINE static F load_bf16(const uint16_t* p) {
    const I x = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    return _mm512_castsi512_ps(_mm512_slli_epi32(x, 16));
  }
  INFER_INLINE static F load_i8(const int8_t* p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }
  INFER_INLINE static void load_nibbles(const uint8_t* p, F& low, F& high) {
    const I x = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))), eight = set1_i(8);
    low = _mm512_cvtepi32_ps(sub_i(and_i(x, 15), eight));
    high = _mm512_cvtepi32_ps(sub_i(shr(x, 4), eight));
  }
  INFER_INLINE static void store(float* p, F a) { _mm512_storeu_ps(p, a); }
  INFER_INLINE static void store_n(float* p, F a, int n) { _mm512_mask_storeu_ps(p, lanes_below(n), a); }
  INFER_INLINE static void store_f16(uint16_t* p, F a) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
  }
  INFER_INLINE static F add(F a, F b) { return _mm512_add_ps(a, b); }
  INFER_INLINE static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  INFER_INLINE static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  INFER_INLINE static F div(F a, F b) { return _mm512_div_ps(a, b); }
  INFER_INLINE static F max(F a, F b) { return _mm512_max_ps(a, b); }
  INFER_INLINE static F min(F a, F b) { return _mm512_min_ps(a, b); }
  INFER_INLINE static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  INFER_INLINE static F zero_if_less(F y, F x, F bound) {
    return _mm512_mask_mov_ps(y, _mm512_cmp_ps_mask(x, bound, _CMP_LT_OQ), zero());
  }
  INFER_INLINE static __m256 halves(F a, __m256& high) {
    high = _mm256_castsi256_ps(_mm512_extracti64x4_epi64(_mm512_castps_si512(a), 1));
    return _mm512_castps512_ps256(a);
  }
  INFER_INLINE static float reduce_add(F a) {
    __m256 high;
    const __m256 low = halves(a, high), half = _mm256_add_ps(low, high);
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  INFER_INLINE static float reduce_max(F a) {
    __m256 high;
    const __m256 low = halves(a, high), half = _mm256_max_ps(low, high);
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
  }

  // -- integers
  INFER_INLINE static I zero_i() { return _mm512_setzero_si512(); }
  INFER_INLINE static I set1_i(int32_t x) { return _mm512_set1_epi32(x); }
  INFER_INLINE static I add_i(I a, I b) { return _mm512_add_epi32(a, b); }
  INFER_INLINE static I sub_i(I a, I b) { return _mm512_sub_epi32(a, b); }
  INFER_INLINE static I max_i(I a, I b) { return _mm512_max_epi32(a, b); }
  INFER_INLINE static I and_i(I a, uint32_t mask) {
    return _mm512_and_si512(a, _mm512_set1_epi32(static_cast<int32_t>(mask)));
  }
  INFER_INLINE static I or_i(I a, I b) { return _mm512_or_si512(a, b); }
  INFER_INLINE static I shl(I a, int n) { return _mm512_sll_epi32(a, _mm_cvtsi32_si128(n)); }
  INFER_INLINE static I shr(I a, int n) { return _mm512_srl_epi32(a, _mm_cvtsi32_si128(n)); }
  INFER_INLINE static I sar(I a, int n) { return _mm512_sra_epi32(a, _mm_cvtsi32_si128(n)); }
  INFER_INLINE static I byte(I a, int i) { return and_i(shr(a, 8 * i), 255); }
  // A multiplier has its number in both halves of a lane.
  INFER_INLINE static I multiplier(I a, int i) { return multiplier_of(byte(a, i)); }
  INFER_INLINE static I multiplier_signed(I a, int i) { return multiplier_of(sar(shl(a, 24 - 8 * i), 24)); }
  INFER_INLINE static I multiplier_of(I a) { return or_i(and_i(a, 0xffff), shl(a, 16)); }
  INFER_INLINE static I times(I m, int32_t x) { return _mm512_madd_epi16(m, set1_i(x & 0xffff)); }
  INFER_INLINE static I times_pair(I m0, I m1, const int16_t* x) {
    int32_t both;
    __builtin_memcpy(&both, x, 4);
    return _mm512_madd_epi16(or_i(and_i(m0, 0xffff), and_i(m1, 0xffff0000u)), set1_i(both));
  }
  INFER_INLINE static int32_t reduce_add_i(I a) {
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
  }
  INFER_INLINE static int32_t reduce_max_i(I a) {
    const __m256i half = _mm256_max_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
    __m128i s = _mm_max_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
    s = _mm_max_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_cvtsi128_si32(_mm_max_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
  }
  INFER_INLINE static void store_i8(int8_t* p, I a) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtsepi32_epi8(a));
  }

  // -- between them
  INFER_INLINE static F to_f(I a) { return _mm512_cvtepi32_ps(a); }
  INFER_INLINE static I to_i(F a) { return _mm512_cvtps_epi32(a); }
  INFER_INLINE static I bits(F a) { return _mm512_castps_si512(a); }
  INFER_INLINE static F from_bits(I a) { return _mm512_castsi512_ps(a); }
  INFER_INLINE static F low_f16(I a) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(a)); }

  // -- bytes of kLanes rows, `stride` bytes apart
  INFER_INLINE static int32_t load32(const uint8_t* p) {
    int32_t x;
    __builtin_memcpy(&x, p, 4);
    return x;
  }
  INFER_INLINE static __m256i gather8(const uint8_t* p, int64_t s) {
    const uint8_t* q = p + 4 * s;
    return _mm256_setr_epi32(load32(p), load32(p + s), load32(p + 2 * s), load32(p + 3 * s), load32(q), load32(q + s),
                             load32(q + 2 * s), load32(q + 3 * s));
  }
  INFER_INLINE static I gather32(const uint8_t* p, int64_t s) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(gather8(p, s)), gather8(p + 8 * s, s), 1);
  }
  INFER_INLINE static __m128i load128(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
  INFER_INLINE static I load_quad(const uint8_t* p, int64_t s4) {  // rows 0, 4, 8, 12
    I r = _mm512_castsi128_si512(load128(p));
    r = _mm512_inserti32x4(r, load128(p + s4), 1);
    r = _mm512_inserti32x4(r, load128(p + 2 * s4), 2);
    return _mm512_inserti32x4(r, load128(p + 3 * s4), 3);
  }
  INFER_INLINE static void load16(const uint8_t* p, int64_t s, B out[4]) {
    const I a = load_quad(p, 4 * s), b = load_quad(p + s, 4 * s), c = load_quad(p + 2 * s, 4 * s),
            d = load_quad(p + 3 * s, 4 * s);
    const I ab0 = _mm512_unpacklo_epi32(a, b), ab1 = _mm512_unpackhi_epi32(a, b);
    const I cd0 = _mm512_unpacklo_epi32(c, d), cd1 = _mm512_unpackhi_epi32(c, d);
    out[0] = _mm512_unpacklo_epi64(ab0, cd0);
    out[1] = _mm512_unpackhi_epi64(ab0, cd0);
    out[2] = _mm512_unpacklo_epi64(ab1, cd1);
    out[3] = _mm512_unpackhi_epi64(ab1, cd1);
  }
  INFER_INLINE static B load_b(const uint8_t* p) { return _mm512_loadu_si512(p); }
  INFER_INLINE static void store_b(uint8_t* p, B a) { _mm512_storeu_si512(p, a); }
  INFER_INLINE static B and_b(B a, uint8_t mask) {
    return _mm512_and_si512(a, _mm512_set1_epi8(static_cast<char>(mask)));
  }
  INFER_INLINE static B or_b(B a, B b) { return _mm512_or_si512(a, b); }
  INFER_INLINE static B shr_b(B a, int n, uint8_t mask) {
    return and_b(_mm512_srl_epi16(a, _mm_cvtsi32_si128(n)), mask);
  }
  INFER_INLINE static B shl_b(B a, int n) { return _mm512_sll_epi16(a, _mm_cvtsi32_si128(n)); }
  INFER_INLINE static I four_times(__m128i a) { return _mm512_broadcast_i32x4(a); }
  INFER_INLINE static B lookup(const int8_t table[16], B index) {
    return _mm512_shuffle_epi8(four_times(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table))), index);
  }
  template <int j>
  INFER_INLINE static B bits_to_bytes(I a) {
    const char b = j / 2;
    const I pick = four_times(_mm_setr_epi8(b, b, b, b, b + 4, b + 4, b + 4, b + 4, b + 8, b + 8, b + 8, b + 8, b + 12,
                                            b + 12, b + 12, b + 12));
    const I mask = _mm512_set1_epi32(j % 2 ? static_cast<int32_t>(0x80402010) : 0x08040201);
    return _mm512_maskz_mov_epi8(_mm512_test_epi8_mask(_mm512_shuffle_epi8(a, pick), mask), _mm512_set1_epi8(16));
  }
  INFER_INLINE static B flip_sign(B a) { return _mm512_xor_si512(a, _mm512_set1_epi8(static_cast<char>(0x80))); }

  // -- sums of products of 4 bytes
  INFER_INLINE static I activation(const int8_t* a) {
    return _mm512_set1_epi32(load32(reinterpret_cast<const uint8_t*>(a)));
  }
  template <bool kSigned, int kChainMost, int kPart, bool kScaled>
  struct Dot {
    static constexpr int kChain = kChainMost < kPart ? kChainMost : kPart;
    I pairs, sum;
    int n = 0;
    INFER_INLINE static I products(B w, I a) {
      if constexpr (!kSigned) return _mm512_maddubs_epi16(w, a);
      const I signed_a = _mm512_mask_sub_epi8(a, _mm512_movepi8_mask(w), zero_i(), a);
      return _mm512_maddubs_epi16(_mm512_abs_epi8(w), signed_a);
    }
    template <class M>
    INFER_INLINE void step(B w, I a, M m) {
      const I p = products(w, a);
      pairs = n % kChain == 0 ? p : _mm512_add_epi16(pairs, p);
      if (++n % kChain != 0) return;
      I by = _mm512_set1_epi16(1);
      if constexpr (kScaled) by = m();
      const I s = _mm512_madd_epi16(pairs, by);
      sum = n == kChain ? s : _mm512_add_epi32(sum, s);
    }
    INFER_INLINE I result() const { return sum; }
  };
};

}  // namespace infer::cpu::avx512

#if defined(INFER_WITH_VNNI)
namespace infer::cpu::avx512vnni {

struct Vec : avx512::Vec {
  struct TakesTiles {};
  static constexpr bool kUnsignedOnly = true;
  static constexpr int kStreams = 4;
  INFER_INLINE static I multiplier(I a, int i) { return byte(a, i); }
  INFER_INLINE static I multiplier_signed(I a, int i) { return sar(shl(a, 24 - 8 * i), 24); }
  INFER_INLINE static I multiplier_of(I a) { return a; }
  INFER_INLINE static I times(I m, int32_t x) { return _mm512_mullo_epi32(m, set1_i(x)); }
  INFER_INLINE static I times_pair(I m0, I m1, const int16_t* x) { return add_i(times(m0, x[0]), times(m1, x[1])); }
  template <bool, int, int kPart, bool kScaled>
  struct Dot {
    I part, sum;
    int n = 0;
    template <class M>
    INFER_INLINE void step(B w, I a, M m) {
      part = _mm512_dpbusd_epi32(n % kPart == 0 ? _mm512_setzero_si512() : part, w, a);
      if (++n % kPart == 0) add(part, n == kPart, m);
    }
    template <class M>
    INFER_INLINE void add(I whole, bool first, M m) {  // the sum of a part
      if constexpr (kScaled) whole = _mm512_mullo_epi32(whole, m());
      sum = first ? whole : _mm512_add_epi32(sum, whole);
    }
    INFER_INLINE I result() const { return sum; }
  };
};

}  // namespace infer::cpu::avx512vnni
#endif
