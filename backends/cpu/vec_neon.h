// The vector interface (see vec_portable.h for what each operation means) in NEON: 4 lanes. Dotprod adds the byte dot
// product instruction, i8mm the one that multiplies two rows of 8 bytes with two others.
#pragma once
#include <arm_neon.h>

#include <cstdint>

#include "backends/cpu/codegen.h"

namespace infer::cpu::neon {

struct Vec {
  static constexpr int kLanes = 4;
  static constexpr bool kUnsignedOnly = false;
  static constexpr int kFloatTile = 4, kRowVectors = 2, kTokenTile = 4, kAttentionTile = 6, kFewSums = 8, kStreams = 4;
  using F = float32x4_t;
  using I = int32x4_t;
  using B = uint8x16_t;

  // -- floats
  INFER_INLINE static F zero() { return vdupq_n_f32(0); }
  INFER_INLINE static F set1(float x) { return vdupq_n_f32(x); }
  INFER_INLINE static F load(const float* p) { return vld1q_f32(p); }
  INFER_INLINE static F load_n(const float* p, int n) {
    float lanes[4] = {};
    for (int i = 0; i < n; i++) lanes[i] = p[i];
    return vld1q_f32(lanes);
  }
  INFER_INLINE static uint16x4_t load_u16(const uint16_t* p) {
    uint16_t lanes[4];
    __builtin_memcpy(lanes, p, 8);
    return vld1_u16(lanes);
  }
  INFER_INLINE static F load_f16(const uint16_t* p) { return vcvt_f32_f16(vreinterpret_f16_u16(load_u16(p))); }
  INFER_INLINE static F load_bf16(const uint16_t* p) { return vreinterpretq_f32_u32(vshll_n_u16(load_u16(p), 16)); }
  INFER_INLINE static F load_i8(const int8_t* p) {
    const int8x8_t four = vreinterpret_s8_s32(vdup_n_s32(load32(reinterpret_cast<const uint8_t*>(p))));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(four))));
  }
  INFER_INLINE static void load_nibbles(const uint8_t* p, F& low, F& high) {
    const uint8x8_t four = vreinterpret_u8_s32(vdup_n_s32(load32(p)));
    const I x = vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(four)))), eight = set1_i(8);
    low = vcvtq_f32_s32(sub_i(and_i(x, 15), eight));
    high = vcvtq_f32_s32(sub_i(shr(x, 4), eight));
  }
  INFER_INLINE static void store(float* p, F a) { vst1q_f32(p, a); }
  INFER_INLINE static void store_n(float* p, F a, int n) {
    float lanes[4];
    vst1q_f32(lanes, a);
    for (int i = 0; i < n; i++) p[i] = lanes[i];
  }
  INFER_INLINE static void store_f16(uint16_t* p, F a) { vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(a))); }
  INFER_INLINE static F add(F a, F b) { return vaddq_f32(a, b); }
  INFER_INLINE static F sub(F a, F b) { return vsubq_f32(a, b); }
  INFER_INLINE static F mul(F a, F b) { return vmulq_f32(a, b); }
  INFER_INLINE static F div(F a, F b) { return vdivq_f32(a, b); }
  INFER_INLINE static F max(F a, F b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  INFER_INLINE static F min(F a, F b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  INFER_INLINE static F fma(F a, F b, F c) { return vfmaq_f32(c, a, b); }
  INFER_INLINE static F zero_if_less(F y, F x, F bound) {
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(y), vcltq_f32(x, bound)));
  }
  INFER_INLINE static float reduce_add(F a) { return vaddvq_f32(a); }
  INFER_INLINE static float reduce_max(F a) {
    const F b = max(a, vextq_f32(a, a, 2));
    return vgetq_lane_f32(max(b, vextq_f32(b, b, 1)), 0);
  }

  // -- integers
  INFER_INLINE static I zero_i() { return vdupq_n_s32(0); }
  INFER_INLINE static I set1_i(int32_t x) { return vdupq_n_s32(x); }
  INFER_INLINE static I add_i(I a, I b) { return vaddq_s32(a, b); }
  INFER_INLINE static I sub_i(I a, I b) { return vsubq_s32(a, b); }
  INFER_INLINE static I max_i(I a, I b) { return vmaxq_s32(a, b); }
  INFER_INLINE static I and_i(I a, uint32_t mask) { return vandq_s32(a, vreinterpretq_s32_u32(vdupq_n_u32(mask))); }
  INFER_INLINE static I or_i(I a, I b) { return vorrq_s32(a, b); }
  INFER_INLINE static I shl(I a, int n) { return vshlq_s32(a, vdupq_n_s32(n)); }
  INFER_INLINE static I shr(I a, int n) {
    return vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(a), vdupq_n_s32(-n)));
  }
  INFER_INLINE static I sar(I a, int n) { return vshlq_s32(a, vdupq_n_s32(-n)); }
  INFER_INLINE static I byte(I a, int i) { return and_i(shr(a, 8 * i), 255); }
  INFER_INLINE static I multiplier(I a, int i) { return byte(a, i); }
  INFER_INLINE static I multiplier_signed(I a, int i) { return sar(shl(a, 24 - 8 * i), 24); }
  INFER_INLINE static I multiplier_of(I a) { return a; }
  INFER_INLINE static I times(I m, int32_t x) { return vmulq_n_s32(m, x); }
  INFER_INLINE static I times_pair(I m0, I m1, const int16_t* x) { return vmlaq_n_s32(times(m0, x[0]), m1, x[1]); }
  INFER_INLINE static int32_t reduce_add_i(I a) { return vaddvq_s32(a); }
  INFER_INLINE static int32_t reduce_max_i(I a) { return vmaxvq_s32(a); }
  INFER_INLINE static void store_i8(int8_t* p, I a) {
    const int8x8_t b = vqmovn_s16(vcombine_s16(vqmovn_s32(a), vdup_n_s16(0)));
    const int32_t four = vget_lane_s32(vreinterpret_s32_s8(b), 0);
    __builtin_memcpy(p, &four, 4);
  }

  // -- between them
  INFER_INLINE static F to_f(I a) { return vcvtq_f32_s32(a); }
  INFER_INLINE static I to_i(F a) { return vcvtnq_s32_f32(a); }
  INFER_INLINE static I bits(F a) { return vreinterpretq_s32_f32(a); }
  INFER_INLINE static F from_bits(I a) { return vreinterpretq_f32_s32(a); }
  INFER_INLINE static F low_f16(I a) { return vcvt_f32_f16(vreinterpret_f16_s16(vmovn_s32(a))); }

  // -- bytes of kLanes rows, `stride` bytes apart
  INFER_INLINE static int32_t load32(const uint8_t* p) {
    int32_t x;
    __builtin_memcpy(&x, p, 4);
    return x;
  }
  INFER_INLINE static I gather32(const uint8_t* p, int64_t s) {
    const int32_t lanes[4] = {load32(p), load32(p + s), load32(p + 2 * s), load32(p + 3 * s)};
    return vld1q_s32(lanes);
  }
  INFER_INLINE static I load128(const uint8_t* p) { return vreinterpretq_s32_u8(vld1q_u8(p)); }
  INFER_INLINE static B pair_low(I a, I b) {
    return vreinterpretq_u8_s64(vtrn1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
  }
  INFER_INLINE static B pair_high(I a, I b) {
    return vreinterpretq_u8_s64(vtrn2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
  }
  INFER_INLINE static void load16(const uint8_t* p, int64_t s, B out[4]) {
    const I a = load128(p), b = load128(p + s), c = load128(p + 2 * s), d = load128(p + 3 * s);
    const I ab0 = vtrn1q_s32(a, b), ab1 = vtrn2q_s32(a, b), cd0 = vtrn1q_s32(c, d), cd1 = vtrn2q_s32(c, d);
    out[0] = pair_low(ab0, cd0);
    out[1] = pair_low(ab1, cd1);
    out[2] = pair_high(ab0, cd0);
    out[3] = pair_high(ab1, cd1);
  }
  INFER_INLINE static B load_b(const uint8_t* p) { return vld1q_u8(p); }
  INFER_INLINE static void store_b(uint8_t* p, B a) { vst1q_u8(p, a); }
  INFER_INLINE static B and_b(B a, uint8_t mask) { return vandq_u8(a, vdupq_n_u8(mask)); }
  INFER_INLINE static B or_b(B a, B b) { return vorrq_u8(a, b); }
  INFER_INLINE static B shr_b(B a, int n, uint8_t mask) {
    return and_b(vshlq_u8(a, vdupq_n_s8(static_cast<int8_t>(-n))), mask);
  }
  INFER_INLINE static B shl_b(B a, int n) { return vshlq_u8(a, vdupq_n_s8(static_cast<int8_t>(n))); }
  INFER_INLINE static B lookup(const int8_t table[16], B index) {
    return vreinterpretq_u8_s8(vqtbl1q_s8(vld1q_s8(table), index));
  }
  template <int j>
  INFER_INLINE static B bits_to_bytes(I a) {
    constexpr uint8_t b = j / 2, m = j % 2 ? 16 : 1;
    const uint8_t pick[16] = {b,     b,     b,     b,     b + 4,  b + 4,  b + 4,  b + 4,
                              b + 8, b + 8, b + 8, b + 8, b + 12, b + 12, b + 12, b + 12};
    const uint8_t mask[16] = {m, 2 * m, 4 * m, 8 * m, m, 2 * m, 4 * m, 8 * m,
                              m, 2 * m, 4 * m, 8 * m, m, 2 * m, 4 * m, 8 * m};
    return and_b(vtstq_u8(vqtbl1q_u8(vreinterpretq_u8_s32(a), vld1q_u8(pick)), vld1q_u8(mask)), 16);
  }
  INFER_INLINE static B flip_sign(B a) { return veorq_u8(a, vdupq_n_u8(0x80)); }

  // -- sums of products of 4 bytes. Both operands are taken as signed: unsigned weights are below 128.
  INFER_INLINE static I activation(const int8_t* a) { return vdupq_n_s32(load32(reinterpret_cast<const uint8_t*>(a))); }
  template <bool kSigned, int kChainMost, int kPart, bool kScaled>
  struct Dot {
    static constexpr int kWanted = kChainMost < 2 ? 2 : kChainMost;  // single products are summed here, not pairs
    static constexpr int kChain = kWanted < kPart ? kWanted : kPart;
    int16x8_t low, high;
    I part, sum;
    int n = 0;
    template <class M>
    INFER_INLINE void step(B w, I a, M m) {
      const int8x16_t x = vreinterpretq_s8_u8(w), y = vreinterpretq_s8_s32(a);
      low = n % kChain == 0 ? vmull_s8(vget_low_s8(x), vget_low_s8(y)) : vmlal_s8(low, vget_low_s8(x), vget_low_s8(y));
      high = n % kChain == 0 ? vmull_high_s8(x, y) : vmlal_high_s8(high, x, y);
      if (++n % kChain != 0) return;
      const I s = vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high));
      part = n % kPart == kChain % kPart ? s : vaddq_s32(part, s);
      if (n % kPart != 0) return;
      if constexpr (kScaled) part = vmulq_s32(part, m());
      sum = n == kPart ? part : vaddq_s32(sum, part);
    }
    INFER_INLINE I result() const { return sum; }
  };
};

}  // namespace infer::cpu::neon

#if defined(INFER_WITH_DOTPROD) || defined(INFER_WITH_I8MM)
namespace infer::cpu::neon_dotprod {

struct Vec : neon::Vec {
  template <bool, int, int kPart, bool kScaled>
  struct Dot {
    I part, sum;
    int n = 0;
    template <class M>
    INFER_INLINE void step(B w, I a, M m) {
      part = vdotq_s32(n % kPart == 0 ? vdupq_n_s32(0) : part, vreinterpretq_s8_u8(w), vreinterpretq_s8_s32(a));
      if (++n % kPart == 0) add(part, n == kPart, m);
    }
    template <class M>
    INFER_INLINE void add(I whole, bool first, M m) {  // the sum of a part
      if constexpr (kScaled) whole = vmulq_s32(whole, m());
      sum = first ? whole : vaddq_s32(sum, whole);
    }
    INFER_INLINE I result() const { return sum; }
  };
};

}  // namespace infer::cpu::neon_dotprod
#endif

#if defined(INFER_WITH_I8MM)
namespace infer::cpu::neon_i8mm {

struct Vec : neon_dotprod::Vec {
  // 8 bytes of each row, and of two rows of activations.
  struct B2 {
    int8x16_t rows01, rows23;
  };
  INFER_INLINE static B2 beside(B a, B b) {  // a: the first 4 of them
    const I x = vreinterpretq_s32_u8(a), y = vreinterpretq_s32_u8(b);
    return {vreinterpretq_s8_s32(vzip1q_s32(x, y)), vreinterpretq_s8_s32(vzip2q_s32(x, y))};
  }
  INFER_INLINE static B2 load_b2(const uint8_t* p) {
    return {vreinterpretq_s8_u8(vld1q_u8(p)), vreinterpretq_s8_u8(vld1q_u8(p + 16))};
  }
  INFER_INLINE static void store_b2(uint8_t* p, B2 w) {
    vst1q_u8(p, vreinterpretq_u8_s8(w.rows01));
    vst1q_u8(p + 16, vreinterpretq_u8_s8(w.rows23));
  }
  INFER_INLINE static int8x16_t activations(const int8_t* a, const int8_t* b) {
    return vcombine_s8(vld1_s8(a), vld1_s8(b));
  }
  // Sums of products of the rows with two rows of activations. Lanes are row 0 with a, row 0 with b, row 1 with a, ...
  struct Dot2 {
    I rows01 = vdupq_n_s32(0), rows23 = vdupq_n_s32(0);
    INFER_INLINE void step(B2 w, int8x16_t ab) {
      rows01 = vmmlaq_s32(rows01, w.rows01, ab);
      rows23 = vmmlaq_s32(rows23, w.rows23, ab);
    }
    INFER_INLINE I with_a() const { return vuzp1q_s32(rows01, rows23); }
    INFER_INLINE I with_b() const { return vuzp2q_s32(rows01, rows23); }
  };
};

}  // namespace infer::cpu::neon_i8mm
#endif
