// The vector interface (see vec_portable.h for what each operation means) in AVX2 + FMA + F16C: 8 lanes. Vnni
// adds the byte dot product instruction in its encoding for processors without AVX-512.
#pragma once
#include <immintrin.h>

#include <cstdint>

#include "backends/cpu/codegen.h"

namespace infer::cpu::avx2 {

struct Vec {
  static constexpr int kLanes = 8;
  static constexpr bool kUnsignedOnly = false;
  static constexpr int kFloatTile = 3, kRowVectors = 2, kTokenTile = 4, kAttentionTile = 6, kFewSums = 8, kStreams = 4;
  using F = __m256;
  using I = __m256i;
  using B = __m256i;

  // -- floats
  INFER_INLINE static F zero() { return _mm256_setzero_ps(); }
  INFER_INLINE static F set1(float x) { return _mm256_set1_ps(x); }
  INFER_INLINE static F load(const float* p) { return _mm256_loadu_ps(p); }
  INFER_INLINE static I lanes_below(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  INFER_INLINE static F load_n(const float* p, int n) { return _mm256_maskload_ps(p, lanes_below(n)); }
  INFER_INLINE static F load_f16(const uint16_t* p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  INFER_INLINE static F load_bf16(const uint16_t* p) {
    const I x = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return _mm256_castsi256_ps(_mm256_slli_epi32(x, 16));
  }
  INFER_INLINE static F load_i8(const int8_t* p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }
  INFER_INLINE static void load_nibbles(const uint8_t* p, F& low, F& high) {
    const I x = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))), eight = set1_i(8);
    low = _mm256_cvtepi32_ps(sub_i(and_i(x, 15), eight));
    high = _mm256_cvtepi32_ps(sub_i(shr(x, 4), eight));
  }
  INFER_INLINE static void store(float* p, F a) { _mm256_storeu_ps(p, a); }
  INFER_INLINE static void store_n(float* p, F a, int n) { _mm256_maskstore_ps(p, lanes_below(n), a); }
  INFER_INLINE static void store_f16(uint16_t* p, F a) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
  }
  INFER_INLINE static F add(F a, F b) { return _mm256_add_ps(a, b); }
  INFER_INLINE static F sub(F a, F b) { return _mm256_sub_ps(a, b); }
  INFER_INLINE static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  INFER_INLINE static F div(F a, F b) { return _mm256_div_ps(a, b); }
  INFER_INLINE static F max(F a, F b) { return _mm256_max_ps(a, b); }
  INFER_INLINE static F min(F a, F b) { return _mm256_min_ps(a, b); }
  INFER_INLINE static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  INFER_INLINE static F zero_if_less(F y, F x, F bound) {
    return _mm256_and_ps(y, _mm256_cmp_ps(x, bound, _CMP_NLT_UQ));
  }
  INFER_INLINE static float reduce_add(F a) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  INFER_INLINE static float reduce_max(F a) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
  }

  // -- integers
  INFER_INLINE static I zero_i() { return _mm256_setzero_si256(); }
  INFER_INLINE static I set1_i(int32_t x) { return _mm256_set1_epi32(x); }
  INFER_INLINE static I add_i(I a, I b) { return _mm256_add_epi32(a, b); }
  INFER_INLINE static I sub_i(I a, I b) { return _mm256_sub_epi32(a, b); }
  INFER_INLINE static I max_i(I a, I b) { return _mm256_max_epi32(a, b); }
  INFER_INLINE static I and_i(I a, uint32_t mask) {
    return _mm256_and_si256(a, _mm256_set1_epi32(static_cast<int32_t>(mask)));
  }
  INFER_INLINE static I or_i(I a, I b) { return _mm256_or_si256(a, b); }
  INFER_INLINE static I shl(I a, int n) { return _mm256_slli_epi32(a, n); }
  INFER_INLINE static I shr(I a, int n) { return _mm256_srli_epi32(a, n); }
  INFER_INLINE static I sar(I a, int n) { return _mm256_srai_epi32(a, n); }
  // A multiplier has its number in both halves of a lane: byte i, nothing, byte i, nothing.
  INFER_INLINE static I both_halves(int i) {
    const I of_lane = _mm256_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c, 0, 0x04040404, 0x08080808, 0x0c0c0c0c);
    return or_i(_mm256_or_si256(of_lane, _mm256_set1_epi8(static_cast<char>(i))), _mm256_set1_epi16(-32768));
  }
  INFER_INLINE static I byte(I a, int i) { return and_i(shr(a, 8 * i), 255); }
  INFER_INLINE static I multiplier(I a, int i) { return _mm256_shuffle_epi8(a, both_halves(i)); }
  INFER_INLINE static I multiplier_signed(I a, int i) {
    return _mm256_srai_epi16(_mm256_slli_epi16(multiplier(a, i), 8), 8);
  }
  INFER_INLINE static I multiplier_of(I a) { return _mm256_blend_epi16(a, _mm256_slli_epi32(a, 16), 0xaa); }
  INFER_INLINE static I times(I m, int32_t x) { return _mm256_madd_epi16(m, set1_i(x & 0xffff)); }
  INFER_INLINE static I times_pair(I m0, I m1, const int16_t* x) {
    return _mm256_madd_epi16(_mm256_blend_epi16(m0, m1, 0xaa), set1_i(load32(reinterpret_cast<const uint8_t*>(x))));
  }
  INFER_INLINE static int32_t reduce_add_i(I a) {
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
  }
  INFER_INLINE static int32_t reduce_max_i(I a) {
    __m128i s = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    s = _mm_max_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_cvtsi128_si32(_mm_max_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
  }
  INFER_INLINE static void store_i8(int8_t* p, I a) {
    const __m128i w = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(w, w));
  }

  // -- between them
  INFER_INLINE static F to_f(I a) { return _mm256_cvtepi32_ps(a); }
  INFER_INLINE static I to_i(F a) { return _mm256_cvtps_epi32(a); }
  INFER_INLINE static I bits(F a) { return _mm256_castps_si256(a); }
  INFER_INLINE static F from_bits(I a) { return _mm256_castsi256_ps(a); }
  INFER_INLINE static F low_f16(I a) {
    const I x = and_i(a, 0xffff);
    return _mm256_cvtph_ps(_mm_packus_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1)));
  }

  // -- bytes of kLanes rows, `stride` bytes apart
  INFER_INLINE static int32_t load32(const uint8_t* p) {
    int32_t x;
    __builtin_memcpy(&x, p, 4);
    return x;
  }
  INFER_INLINE static I gather32(const uint8_t* p, int64_t s) {
    const uint8_t* q = p + 4 * s;
    return _mm256_setr_epi32(load32(p), load32(p + s), load32(p + 2 * s), load32(p + 3 * s), load32(q), load32(q + s),
                             load32(q + 2 * s), load32(q + 3 * s));
  }
  INFER_INLINE static I load_pair(const uint8_t* lo, const uint8_t* hi) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(lo))),
                                   _mm_loadu_si128(reinterpret_cast<const __m128i*>(hi)), 1);
  }
  INFER_INLINE static void load16(const uint8_t* p, int64_t s, B out[4]) {
    const uint8_t* q = p + 4 * s;
    const I a = load_pair(p, q), b = load_pair(p + s, q + s);
    const I c = load_pair(p + 2 * s, q + 2 * s), d = load_pair(p + 3 * s, q + 3 * s);
    const I ab0 = _mm256_unpacklo_epi32(a, b), ab1 = _mm256_unpackhi_epi32(a, b);
    const I cd0 = _mm256_unpacklo_epi32(c, d), cd1 = _mm256_unpackhi_epi32(c, d);
    out[0] = _mm256_unpacklo_epi64(ab0, cd0);
    out[1] = _mm256_unpackhi_epi64(ab0, cd0);
    out[2] = _mm256_unpacklo_epi64(ab1, cd1);
    out[3] = _mm256_unpackhi_epi64(ab1, cd1);
  }
  INFER_INLINE static B load_b(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  INFER_INLINE static void store_b(uint8_t* p, B a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a); }
  INFER_INLINE static B and_b(B a, uint8_t mask) {
    return _mm256_and_si256(a, _mm256_set1_epi8(static_cast<char>(mask)));
  }
  INFER_INLINE static B or_b(B a, B b) { return _mm256_or_si256(a, b); }
  INFER_INLINE static B shr_b(B a, int n, uint8_t mask) { return and_b(_mm256_srli_epi16(a, n), mask); }
  INFER_INLINE static B shl_b(B a, int n) { return _mm256_slli_epi16(a, n); }
  INFER_INLINE static B lookup(const int8_t table[16], B index) {
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table))),
                               index);
  }
  template <int j>
  INFER_INLINE static B bits_to_bytes(I a) {
    const int b = j / 2, lo = j % 2 ? 0x80402010 : 0x08040201;
    const I byte =
        _mm256_shuffle_epi8(a, _mm256_setr_epi8(b, b, b, b, b + 4, b + 4, b + 4, b + 4, b + 8, b + 8, b + 8, b + 8,
                                                b + 12, b + 12, b + 12, b + 12, b, b, b, b, b + 4, b + 4, b + 4, b + 4,
                                                b + 8, b + 8, b + 8, b + 8, b + 12, b + 12, b + 12, b + 12));
    const I mask = _mm256_set1_epi32(lo);
    return and_b(_mm256_cmpeq_epi8(_mm256_and_si256(byte, mask), mask), 16);
  }
  INFER_INLINE static B flip_sign(B a) { return _mm256_xor_si256(a, _mm256_set1_epi8(static_cast<char>(0x80))); }

  // -- sums of products of 4 bytes. |activation| <= 127 and |weight| <= 127, so a pair of products fits 16 bits.
  INFER_INLINE static I activation(const int8_t* a) {
    return _mm256_set1_epi32(load32(reinterpret_cast<const uint8_t*>(a)));
  }
  template <bool kSigned, int kChainMost, int kPart, bool kScaled>
  struct Dot {
    static constexpr int kChain = kChainMost < kPart ? kChainMost : kPart;
    I pairs, sum;
    int n = 0;
    template <class M>
    INFER_INLINE void step(B w, I a, M m) {
      const I p =
          kSigned ? _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w)) : _mm256_maddubs_epi16(w, a);
      pairs = n % kChain == 0 ? p : _mm256_add_epi16(pairs, p);
      if (++n % kChain != 0) return;
      I by = _mm256_set1_epi16(1);
      if constexpr (kScaled) by = m();
      const I s = _mm256_madd_epi16(pairs, by);
      sum = n == kChain ? s : _mm256_add_epi32(sum, s);
    }
    INFER_INLINE I result() const { return sum; }
  };
};

}  // namespace infer::cpu::avx2

#if defined(INFER_WITH_AVXVNNI)
namespace infer::cpu::avxvnni {

struct Vec : avx2::Vec {
  static constexpr bool kUnsignedOnly = true;
  static constexpr int kFewSums = 8;  // a sum is one register here, not two
  static constexpr int kStreams = 1;  // not measured; the code of more costs 100 KB
  INFER_INLINE static I multiplier(I a, int i) { return byte(a, i); }
  INFER_INLINE static I multiplier_signed(I a, int i) { return sar(shl(a, 24 - 8 * i), 24); }
  INFER_INLINE static I multiplier_of(I a) { return a; }
  INFER_INLINE static I times(I m, int32_t x) { return _mm256_mullo_epi32(m, set1_i(x)); }
  INFER_INLINE static I times_pair(I m0, I m1, const int16_t* x) { return add_i(times(m0, x[0]), times(m1, x[1])); }
  template <bool, int, int kPart, bool kScaled>
  struct Dot {
    I part, sum;
    int n = 0;
    template <class M>
    INFER_INLINE void step(B w, I a, M m) {
      part = _mm256_dpbusd_avx_epi32(n % kPart == 0 ? _mm256_setzero_si256() : part, w, a);
      if (++n % kPart != 0) return;
      if constexpr (kScaled) part = _mm256_mullo_epi32(part, m());
      sum = n == kPart ? part : _mm256_add_epi32(sum, part);
    }
    INFER_INLINE I result() const { return sum; }
  };
};

}  // namespace infer::cpu::avxvnni
#endif
