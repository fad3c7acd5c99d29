// Thirty-two values of a row of weights as whole numbers, for the types whose values are a scale times one of them,
// less a minimum: lib/quant/blocks.h describes the bytes, weights.cuh how wide a word can be read.
//
//   I::ints(b, p, tables, w, scale, low)    unit p of the block at b
//
// Value i of the 32 is scale.x (the first sixteen) or scale.y times byte i % 4 of w[i / 4], with its sign, less low.
// kTwoScales, kLow: scale.y differs, low is not 0.
#pragma once
#include "backends/cuda/kernels/code_books.cuh"

using Words = uint32_t (&)[8];

#define FOUR _Pragma("unroll") for (uint32_t i = 0; i < 4; ++i)

template <int A>
__device__ inline void sixteen_bytes(Bytes p, uint32_t (&q)[4]) {
  if constexpr (A >= 16) {
    const uint4 all = __ldg(reinterpret_cast<const uint4*>(p));
    q[0] = all.x, q[1] = all.y, q[2] = all.z, q[3] = all.w;
  } else if constexpr (A >= 4) {
    FOUR q[i] = word<4>(p + 4 * i);
  } else {
    const auto at = reinterpret_cast<uintptr_t>(p);
    const auto* w = reinterpret_cast<const uint32_t*>(at & ~uintptr_t{3});
    const uint32_t s = static_cast<uint32_t>(at & 3) * 8;
    uint32_t before = __ldg(w);
    FOUR {
      const uint32_t next = __ldg(w + i + 1);
      q[i] = __funnelshift_r(before, next, s);
      before = next;
    }
  }
}

// Sixteen bytes' low nibbles are the first half, their high ones the second.
template <int A>
__device__ inline void nibble_halves(Bytes p, Words w) {
  uint32_t q[4];
  sixteen_bytes<A>(p, q);
  FOUR w[i] = q[i] & 0x0f0f0f0fu, w[i + 4] = q[i] >> 4 & 0x0f0f0f0fu;
}
// Thirty-two bytes, shifted.
template <int A>
__device__ inline void shifted_bytes(Bytes p, uint32_t shift, Words w) {
  uint32_t q0[4], q1[4];
  sixteen_bytes<A>(p, q0), sixteen_bytes<A>(p + 16, q1);
  FOUR w[i] = q0[i] >> shift, w[i + 4] = q1[i] >> shift;
}
// Bit j of the lowest four into bit 4 of byte j.
__device__ inline uint32_t fifth_bits(uint32_t bits) { return ((bits & 15) * 0x00204081u & 0x01010101u) << 4; }
__device__ inline void add_fifths(uint32_t bits, Words w) {
  FOUR w[i] |= fifth_bits(bits >> 4 * i), w[i + 4] |= fifth_bits(bits >> (4 * i + 16));
}
// Bytes that hold numbers of some bits less half of what they can hold, to signed bytes.
__device__ inline uint32_t centred(uint32_t q, uint32_t half_byte, uint32_t upper) {
  q ^= half_byte;
  return q | (q & half_byte) * upper;
}
// Values of a table of sixteen for nibbles.
__device__ inline void look_up(const uint32_t* tables, uint32_t values, Words w) {
  EACH {
    const uint32_t nibbles = w[i];
    uint32_t four = 0;
#pragma unroll
    for (uint32_t k = 0; k < 4; ++k) four |= (__ldg(tables + values + (nibbles >> 8 * k & 15)) & 255) << 8 * k;
    w[i] = four;
  }
}

struct IntsQ4_0 : Q4_0 {
  static constexpr bool kTwoScales = false, kLow = true;
  static __device__ void ints(Bytes b, uint32_t, const uint32_t*, Words w, float2& scale, float& low) {
    nibble_halves<2>(b + 2, w);
    scale.x = half_at(b), low = 8.0f * scale.x;
  }
};
struct IntsQ4_1 : Q4_1 {
  static constexpr bool kTwoScales = false, kLow = true;
  static __device__ void ints(Bytes b, uint32_t, const uint32_t*, Words w, float2& scale, float& low) {
    nibble_halves<4>(b + 4, w);
    const float2 dm = halves_at(b);
    scale.x = dm.x, low = -dm.y;
  }
};
struct IntsQ5_0 : Q5_0 {
  static constexpr bool kTwoScales = false, kLow = true;
  static __device__ void ints(Bytes b, uint32_t, const uint32_t*, Words w, float2& scale, float& low) {
    nibble_halves<2>(b + 6, w);
    add_fifths(word<2>(b + 2), w);
    scale.x = half_at(b), low = 16.0f * scale.x;
  }
};
struct IntsQ5_1 : Q5_1 {
  static constexpr bool kTwoScales = false, kLow = true;
  static __device__ void ints(Bytes b, uint32_t, const uint32_t*, Words w, float2& scale, float& low) {
    nibble_halves<8>(b + 8, w);
    add_fifths(word<4>(b + 4), w);
    const float2 dm = halves_at(b);
    scale.x = dm.x, low = -dm.y;
  }
};
struct IntsQ8_0 : Q8_0 {
  static constexpr bool kTwoScales = false, kLow = false;
  static __device__ void ints(Bytes b, uint32_t, const uint32_t*, Words w, float2& scale, float&) {
    shifted_bytes<2>(b + 2, 0, w);
    scale.x = half_at(b);
  }
};
struct IntsQ3_K : Q3_K {
  static constexpr bool kTwoScales = true, kLow = false;
  static __device__ void ints(Bytes b, uint32_t p, const uint32_t*, Words w, float2& scale, float&) {
    uint32_t high[8];
    shifted_bytes<2>(b + 32 + 32 * (p / 4), 2 * (p % 4), w);
    shifted_bytes<2>(b, p, high);
    EACH w[i] = centred((w[i] & 0x03030303u) | (high[i] & 0x01010101u) << 2, 0x04040404u, 62);
    const auto scale_of = [&](uint32_t g) {
      const uint32_t s = (u8(b + 96 + g % 8) >> 4 * (g / 8) & 15) | (u8(b + 104 + g % 4) >> 2 * (g / 4) & 3) << 4;
      return half_at(b + 108) * (static_cast<float>(s) - 32.0f);
    };
    scale = make_float2(scale_of(2 * p), scale_of(2 * p + 1));
  }
};
struct IntsQ4_K : Q4_K {
  static constexpr bool kTwoScales = false, kLow = true;
  static __device__ void ints(Bytes b, uint32_t p, const uint32_t*, Words w, float2& scale, float& low) {
    shifted_bytes<16>(b + 16 + 32 * (p / 2), 4 * (p % 2), w);
    EACH w[i] &= 0x0f0f0f0fu;
    const float2 dm = halves_at(b), s = scale_min(b + 4, p);
    scale.x = dm.x * s.x, low = dm.y * s.y;
  }
};
struct IntsQ5_K : Q5_K {
  static constexpr bool kTwoScales = false, kLow = true;
  static __device__ void ints(Bytes b, uint32_t p, const uint32_t*, Words w, float2& scale, float& low) {
    uint32_t fifth[8];
    shifted_bytes<16>(b + 48 + 32 * (p / 2), 4 * (p % 2), w);
    shifted_bytes<16>(b + 16, p, fifth);
    EACH w[i] = (w[i] & 0x0f0f0f0fu) | (fifth[i] & 0x01010101u) << 4;
    const float2 dm = halves_at(b), s = scale_min(b + 4, p);
    scale.x = dm.x * s.x, low = dm.y * s.y;
  }
};
struct IntsQ6_K : Q6_K {
  static constexpr bool kTwoScales = true, kLow = false;
  static __device__ void ints(Bytes b, uint32_t p, const uint32_t*, Words w, float2& scale, float&) {
    const uint32_t c = p / 4;
    uint32_t high[8];
    shifted_bytes<2>(b + 64 * c + 32 * (p % 2), 4 * (p % 4 / 2), w);
    shifted_bytes<2>(b + 128 + 32 * c, 2 * (p % 4), high);
    EACH w[i] = centred((w[i] & 0x0f0f0f0fu) | (high[i] & 0x03030303u) << 4, 0x20202020u, 6);
    const float d = half_at(b + 208);
    scale = make_float2(d * signed_of(u8(b + 192 + 2 * p)), d * signed_of(u8(b + 193 + 2 * p)));
  }
};
struct IntsIQ4_NL : IQ4_NL {
  static constexpr bool kTwoScales = false, kLow = false;
  static __device__ void ints(Bytes b, uint32_t, const uint32_t* tables, Words w, float2& scale, float&) {
    nibble_halves<2>(b + 2, w);
    look_up(tables, kValuesIq4, w);
    scale.x = half_at(b);
  }
};
struct IntsIQ4_XS : IQ4_XS {
  static constexpr bool kTwoScales = false, kLow = false;
  static __device__ void ints(Bytes b, uint32_t p, const uint32_t* tables, Words w, float2& scale, float&) {
    nibble_halves<8>(b + 8 + 16 * p, w);
    look_up(tables, kValuesIq4, w);
    const uint32_t s = (u8(b + 4 + p / 2) >> 4 * (p % 2) & 15) | (u16(b + 2) >> 2 * p & 3) << 4;
    scale.x = half_at(b) * (static_cast<float>(s) - 32.0f);
  }
};
struct IntsMXFP4 : MXFP4 {
  static constexpr bool kTwoScales = false, kLow = false;
  static __device__ void ints(Bytes b, uint32_t, const uint32_t* tables, Words w, float2& scale, float&) {
    nibble_halves<1>(b + 1, w);
    look_up(tables, kValuesFp4, w);
    const uint32_t x = u8(b);
    scale.x = __uint_as_float(x < 2 ? 0x00200000u << x : (x - 1) << 23);
  }
};
