// The types whose values stand in code-books, and those of three values: weights.cuh continued.
#pragma once
#include "backends/cuda/kernels/weights.cuh"

__device__ inline void signed8(uint2 entry, uint32_t signs, float scale, Eight v) {
  EACH {
    const float x = signed_of(byte_of(entry, i));
    v[i] = scale * ((signs >> i & 1) != 0 ? -x : x);
  }
}
__device__ inline void moved8(uint2 entry, float delta, float scale, Eight v) {
  EACH v[i] = scale * (signed_of(byte_of(entry, i)) + delta);
}

struct IQ2_XXS {
  static constexpr uint32_t kElems = 256, kBytes = 66;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const Bytes group = b + 2 + 8 * (e / 4);
    const uint32_t bits = word<2>(group + 4);
    const float scale = half_at(b) * (0.5f + static_cast<float>(bits >> 28)) * 0.25f;
    signed8(grid8(tables, kGridIq2xxs, u8(group + e % 4)), signs7(bits >> 7 * (e % 4)), scale, v);
  }
};
struct IQ2_XS {
  static constexpr uint32_t kElems = 256, kBytes = 74;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const uint32_t q = u16(b + 2 + 2 * e), s = u8(b + 66 + e / 4) >> 4 * (e / 2 % 2) & 15;
    signed8(grid8(tables, kGridIq2xs, q & 511), signs7(q >> 9), half_at(b) * (0.5f + static_cast<float>(s)) * 0.25f, v);
  }
};
struct IQ2_S {
  static constexpr uint32_t kElems = 256, kBytes = 82;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const uint32_t s = u8(b + 74 + e / 4) >> 4 * (e / 2 % 2) & 15;
    const uint32_t index = u8(b + 2 + e) | (u8(b + 66 + e / 4) >> 2 * (e % 4) & 3) << 8;
    signed8(grid8(tables, kGridIq2s, index), u8(b + 34 + e), half_at(b) * (0.5f + static_cast<float>(s)) * 0.25f, v);
  }
};
struct IQ3_XXS {
  static constexpr uint32_t kElems = 256, kBytes = 98;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const uint32_t bits = word<2>(b + 66 + 4 * (e / 4));
    const uint2 grid =
        make_uint2(__ldg(tables + kGridIq3xxs + u8(b + 2 + 2 * e)), __ldg(tables + kGridIq3xxs + u8(b + 3 + 2 * e)));
    signed8(grid, signs7(bits >> 7 * (e % 4)), half_at(b) * (0.5f + static_cast<float>(bits >> 28)) * 0.5f, v);
  }
};
struct IQ3_S {
  static constexpr uint32_t kElems = 256, kBytes = 110;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const uint32_t s = u8(b + 106 + e / 8) >> 4 * (e / 4 % 2) & 15, ninth = u8(b + 66 + e / 4) >> 2 * (e % 4);
    const uint2 grid = make_uint2(__ldg(tables + kGridIq3s + (u8(b + 2 + 2 * e) | (ninth & 1) << 8)),
                                  __ldg(tables + kGridIq3s + (u8(b + 3 + 2 * e) | (ninth >> 1 & 1) << 8)));
    signed8(grid, u8(b + 74 + e), half_at(b) * static_cast<float>(1 + 2 * s), v);
  }
};
struct IQ1_S {
  static constexpr uint32_t kElems = 256, kBytes = 50;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const uint32_t bits = u16(b + 34 + 2 * (e / 4));
    const uint32_t index = u8(b + 2 + e) | (bits >> 3 * (e % 4) & 7) << 8;
    const float scale = half_at(b) * static_cast<float>(2 * (bits >> 12 & 7) + 1);
    moved8(grid8(tables, kGridIq1, index), (bits & 0x8000) != 0 ? -0.125f : 0.125f, scale, v);
  }
};
struct IQ1_M {
  static constexpr uint32_t kElems = 256, kBytes = 56;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const uint32_t d = u16(b + 48) >> 12 | u16(b + 50) >> 12 << 4 | u16(b + 52) >> 12 << 8 | u16(b + 54) >> 12 << 12;
    const uint32_t s = u16(b + 48 + 2 * (e / 8)) >> 3 * (e / 2 % 4) & 7, h = u8(b + 32 + e / 2) >> 4 * (e % 2);
    const float scale = half_to_float(d) * static_cast<float>(2 * s + 1);
    moved8(grid8(tables, kGridIq1, u8(b + e) | (h & 7) << 8), (h & 8) != 0 ? -0.125f : 0.125f, scale, v);
  }
};
struct IQ4_NL {
  static constexpr uint32_t kElems = 32, kBytes = 18;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const uint2 q = shifted(eight_bytes<2>(b + 2 + 8 * (e & 1)), 4 * (e >> 1));
    const float d = half_at(b);
    EACH v[i] = d * value4(tables, kValuesIq4, q4(q, i));
  }
};
struct IQ4_XS {
  static constexpr uint32_t kElems = 256, kBytes = 136;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const uint32_t g = e / 4;
    const uint2 q = shifted(eight_bytes<8>(b + 8 + 16 * g + 8 * (e & 1)), 4 * (e % 4 >> 1));
    const uint32_t s = (u8(b + 4 + g / 2) >> 4 * (g % 2) & 15) | (u16(b + 2) >> 2 * g & 3) << 4;
    const float scale = half_at(b) * (static_cast<float>(s) - 32.0f);
    EACH v[i] = scale * value4(tables, kValuesIq4, q4(q, i));
  }
};
struct TQ1_0 {
  static constexpr uint32_t kElems = 256, kBytes = 54;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const float d = half_at(b + 52);
    EACH {
      uint32_t at, k;  // byte and digit of the value
      if (e < 20)
        at = 8 * (e % 4) + i, k = e / 4;
      else if (e < 30)
        at = 32 + 8 * (e % 2) + i, k = (e - 20) / 2;
      else
        at = 48 + i % 4, k = 2 * (e - 30) + i / 4;
      const uint32_t power = k == 0 ? 1 : k == 1 ? 3 : k == 2 ? 9 : k == 3 ? 27 : 81;
      v[i] = d * (static_cast<float>((u8(b + at) * power & 255) * 3 >> 8) - 1.0f);
    }
  }
};
struct TQ2_0 {
  static constexpr uint32_t kElems = 256, kBytes = 66;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t*, Eight v) {
    const uint2 q = shifted(eight_bytes<2>(b + at2(e)), shift2(e));
    const float d = half_at(b + 64);
    EACH v[i] = d * (static_cast<float>(q2(q, i)) - 1.0f);
  }
};
struct MXFP4 {
  static constexpr uint32_t kElems = 32, kBytes = 17;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const uint2 q = shifted(eight_bytes<1>(b + 1 + 8 * (e & 1)), 4 * (e >> 1));
    const uint32_t x = u8(b);
    const float d = __uint_as_float(x < 2 ? 0x00200000u << x : (x - 1) << 23);
    EACH v[i] = d * value4(tables, kValuesFp4, q4(q, i));
  }
};
struct NVFP4 {
  static constexpr uint32_t kElems = 64, kBytes = 36;
  static __device__ void block8(Bytes b, uint32_t e, const uint32_t* tables, Eight v) {
    const uint2 q = shifted(eight_bytes<4>(b + 4 + 8 * (e / 2)), 4 * (e % 2));
    const uint32_t x = u8(b + e / 2), exponent = x >> 3 & 15, mantissa = x & 7;
    const float d = x == 0x7f       ? 0.0f
                    : exponent == 0 ? static_cast<float>(mantissa) * 0.0009765625f
                                    : __uint_as_float((exponent + 119) << 23 | mantissa << 20);
    EACH v[i] = d * value4(tables, kValuesFp4, q4(q, i));
  }
};
