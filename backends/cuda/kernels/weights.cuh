// Eight values of a row of weights, for each type: lib/quant/blocks.h describes the bytes.
//
//   W::eight(row, chunk, n, tables, v)    values 8 * chunk .. 8 * chunk + 7 of n
//
// Rows of block types begin at multiples of their blocks' bytes from an address that is a multiple of 16 (the host
// checks), so how wide a word can be read is known when this is compiled.
#pragma once
#include "backends/cuda/kernels/tables.cuh"

using Bytes = const uint8_t*;

// ---- words of memory that no kernel in flight writes. A: the address is a multiple of it
// ------------------------------

template <int A>
__device__ inline uint32_t word(Bytes p) {
  if constexpr (A >= 4) return __ldg(reinterpret_cast<const uint32_t*>(p));
  const auto at = reinterpret_cast<uintptr_t>(p);
  const auto* w = reinterpret_cast<const uint32_t*>(at & ~uintptr_t{3});
  return __funnelshift_r(__ldg(w), __ldg(w + 1), static_cast<uint32_t>(at & 3) * 8);
}
template <int A>
__device__ inline uint2 eight_bytes(Bytes p) {
  if constexpr (A >= 8) return __ldg(reinterpret_cast<const uint2*>(p));
  if constexpr (A >= 4) return make_uint2(word<4>(p), word<4>(p + 4));
  const auto at = reinterpret_cast<uintptr_t>(p);
  const auto* w = reinterpret_cast<const uint32_t*>(at & ~uintptr_t{3});
  const uint32_t s = static_cast<uint32_t>(at & 3) * 8, middle = __ldg(w + 1);
  return make_uint2(__funnelshift_r(__ldg(w), middle, s), __funnelshift_r(middle, __ldg(w + 2), s));
}
__device__ inline uint32_t u8(Bytes p) { return __ldg(p); }
__device__ inline uint32_t u16(Bytes p) { return __ldg(reinterpret_cast<const uint16_t*>(p)); }  // at even addresses
__device__ inline float half_at(Bytes p) { return half_to_float(u16(p)); }
__device__ inline float2 halves_at(Bytes p) { return make_float2(half_at(p), half_at(p + 2)); }

// Byte i (0..7) of eight.
__device__ inline uint32_t byte_of(uint2 b, uint32_t i) { return (i < 4 ? b.x : b.y) >> (i & 3) * 8 & 255; }
__device__ inline uint2 shifted(uint2 b, uint32_t s) { return make_uint2(b.x >> s, b.y >> s); }
__device__ inline uint32_t q4(uint2 b, uint32_t i) { return byte_of(b, i) & 15; }
__device__ inline uint32_t q2(uint2 b, uint32_t i) { return byte_of(b, i) & 3; }
__device__ inline float signed_of(uint32_t byte) { return static_cast<float>(static_cast<int8_t>(byte)); }

#define EACH _Pragma("unroll") for (uint32_t i = 0; i < 8; ++i)
using Eight = float (&)[8];

// ---- plain types: rows at multiples of their element, eight at a time where whole is said
// ----------------------------

struct F32 {
  static constexpr uint32_t kBytes = 4;
  static __device__ float at(Bytes row, uint32_t i) { return __ldg(reinterpret_cast<const float*>(row) + i); }
  static __device__ void whole(Bytes p, Eight v) {
    const float4 a = __ldg(reinterpret_cast<const float4*>(p)), b = __ldg(reinterpret_cast<const float4*>(p) + 1);
    v[0] = a.x, v[1] = a.y, v[2] = a.z, v[3] = a.w, v[4] = b.x, v[5] = b.y, v[6] = b.z, v[7] = b.w;
  }
};
template <float (*Convert)(uint32_t)>
struct Sixteen {  // bits
  static constexpr uint32_t kBytes = 2;
  static __device__ float at(Bytes row, uint32_t i) { return Convert(u16(row + 2 * i)); }
  static __device__ void whole(Bytes p, Eight v) {
    const uint4 b = __ldg(reinterpret_cast<const uint4*>(p));
    const uint32_t words[4] = {b.x, b.y, b.z, b.w};
    EACH v[i] = Convert(words[i / 2] >> (i & 1) * 16 & 65535);
  }
};
using F16 = Sixteen<half_to_float>;
using BF16 = Sixteen<bf16_to_float>;

template <class P>
struct Plain {
  static constexpr bool kPlain = true;
  static __device__ void eight(Bytes row, uint32_t chunk, uint32_t n, bool whole, const uint32_t*, Eight v) {
    if (whole) return P::whole(row + chunk * 8 * P::kBytes, v);
    EACH v[i] = 8 * chunk + i < n ? P::at(row, 8 * chunk + i) : 0.0f;
  }
};

// ---- block types: B::block8(b, e, tables, v) gives part e of the block at b
// -------------------------------------------

template <class B>
struct Blocks {
  static constexpr bool kPlain = false;
  static __device__ void eight(Bytes row, uint32_t chunk, uint32_t, bool, const uint32_t* tables, Eight v) {
    constexpr uint32_t kParts = B::kElems / 8;
    B::block8(row + static_cast<uint64_t>(chunk / kParts) * B::kBytes, chunk % kParts, tables, v);
  }
};

struct Q4_0 {
  static constexpr uint32_t kElems = 32, kBytes = 18;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint2 q = shifted(eight_bytes<2>(b + 2 + 8 * (e & 1)), 4 * (e >> 1));
    const float d = half_at(b);
    EACH v[i] = d * (static_cast<float>(q4(q, i)) - 8.0f);
  }
};
struct Q4_1 {
  static constexpr uint32_t kElems = 32, kBytes = 20;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint2 q = shifted(eight_bytes<4>(b + 4 + 8 * (e & 1)), 4 * (e >> 1));
    const float2 dm = halves_at(b);
    EACH v[i] = dm.x * static_cast<float>(q4(q, i)) + dm.y;
  }
};
struct Q5_0 {
  static constexpr uint32_t kElems = 32, kBytes = 22;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint2 q = shifted(eight_bytes<2>(b + 6 + 8 * (e & 1)), 4 * (e >> 1));
    const float d = half_at(b);
    const uint32_t fifth = u8(b + 2 + e);
    EACH v[i] = d * (static_cast<float>(q4(q, i) | (fifth >> i & 1) << 4) - 16.0f);
  }
};
struct Q5_1 {
  static constexpr uint32_t kElems = 32, kBytes = 24;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint2 q = shifted(eight_bytes<8>(b + 8 + 8 * (e & 1)), 4 * (e >> 1));
    const float2 dm = halves_at(b);
    const uint32_t fifth = u8(b + 4 + e);
    EACH v[i] = dm.x * static_cast<float>(q4(q, i) | (fifth >> i & 1) << 4) + dm.y;
  }
};
struct Q8_0 {
  static constexpr uint32_t kElems = 32, kBytes = 34;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint2 q = eight_bytes<2>(b + 2 + 8 * e);
    const float d = half_at(b);
    EACH v[i] = d * signed_of(byte_of(q, i));
  }
};

// Where part e of a block of 256 begins among bytes of two bits, 32 of them per 128 values, and its shift.
__device__ inline uint32_t at2(uint32_t e) { return 32 * (e / 16) + 8 * (e % 4); }
__device__ inline uint32_t shift2(uint32_t e) { return 2 * (e / 4 % 4); }
// Scale and minimum i of Q4_K and Q5_K; s: the twelve bytes.
__device__ inline float2 scale_min(Bytes s, uint32_t i) {
  if (i < 4) return make_float2(static_cast<float>(u8(s + i) & 63), static_cast<float>(u8(s + i + 4) & 63));
  const uint32_t both = u8(s + i + 4);
  return make_float2(static_cast<float>((both & 15) | u8(s + i - 4) >> 6 << 4),
                     static_cast<float>(both >> 4 | u8(s + i) >> 6 << 4));
}

struct Q2_K {
  static constexpr uint32_t kElems = 256, kBytes = 84;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint2 q = shifted(eight_bytes<4>(b + 16 + at2(e)), shift2(e));
    const uint32_t s = u8(b + e / 2);
    const float scale = half_at(b + 80) * static_cast<float>(s & 15),
                low = half_at(b + 82) * static_cast<float>(s >> 4);
    EACH v[i] = scale * static_cast<float>(q2(q, i)) - low;
  }
};
struct Q3_K {
  static constexpr uint32_t kElems = 256, kBytes = 110;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint2 q = shifted(eight_bytes<2>(b + 32 + at2(e)), shift2(e)),
                m = shifted(eight_bytes<2>(b + 8 * (e % 4)), e / 4);
    const uint32_t g = e / 2;
    const uint32_t s = (u8(b + 96 + g % 8) >> 4 * (g / 8) & 15) | (u8(b + 104 + g % 4) >> 2 * (g / 4) & 3) << 4;
    const float scale = half_at(b + 108) * (static_cast<float>(s) - 32.0f);
    EACH v[i] = scale * (static_cast<float>(q2(q, i)) - ((byte_of(m, i) & 1) != 0 ? 0.0f : 4.0f));
  }
};
struct Q4_K {
  static constexpr uint32_t kElems = 256, kBytes = 144;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint2 q = shifted(eight_bytes<8>(b + 16 + 32 * (e / 8) + 8 * (e % 4)), 4 * (e / 4 % 2));
    const float2 dm = halves_at(b), s = scale_min(b + 4, e / 4);
    const float scale = dm.x * s.x, low = dm.y * s.y;
    EACH v[i] = scale * static_cast<float>(q4(q, i)) - low;
  }
};
struct Q5_K {
  static constexpr uint32_t kElems = 256, kBytes = 176;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint2 q = shifted(eight_bytes<8>(b + 48 + 32 * (e / 8) + 8 * (e % 4)), 4 * (e / 4 % 2));
    const uint2 fifth = shifted(eight_bytes<8>(b + 16 + 8 * (e % 4)), e / 4);
    const float2 dm = halves_at(b), s = scale_min(b + 4, e / 4);
    const float scale = dm.x * s.x, low = dm.y * s.y;
    EACH v[i] = scale * static_cast<float>(q4(q, i) | (byte_of(fifth, i) & 1) << 4) - low;
  }
};
struct Q6_K {
  static constexpr uint32_t kElems = 256, kBytes = 210;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint32_t c = e / 16, j = 8 * (e % 16);
    const uint2 q = shifted(eight_bytes<2>(b + 64 * c + j % 64), 4 * (j / 64));
    const uint2 high = shifted(eight_bytes<2>(b + 128 + 32 * c + j % 32), 2 * (j / 32));
    const float scale = half_at(b + 208) * signed_of(u8(b + 192 + e / 2));
    EACH v[i] = scale * (static_cast<float>(q4(q, i) | (byte_of(high, i) & 3) << 4) - 32.0f);
  }
};
