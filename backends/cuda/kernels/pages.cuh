// Pages of K and V: state[page, slot, kv head, value], and the tables that say where a sequence's positions lie.
#pragma once
#include "backends/cuda/kernels/weights.cuh"

// The sequence of row t: q_start[s] <= t < q_start[s + 1].
__device__ inline uint32_t sequence_of(const int32_t* q_start, uint32_t t, uint32_t n_seqs) {
  uint32_t s = 0;
  while (s + 1 < n_seqs && static_cast<uint32_t>(q_start[s + 1]) <= t) ++s;
  return s;
}
// Where row t of sequence s stands in it.
__device__ inline uint32_t position_of(const int32_t* q_start, const int32_t* kv_len, uint32_t s, uint32_t t) {
  return static_cast<uint32_t>(kv_len[s]) - (static_cast<uint32_t>(q_start[s + 1]) - t);
}
// Which slot, counted over all pages, a position of sequence s has.
__device__ inline uint64_t slot_of(const int32_t* table, uint32_t s, uint32_t columns, uint32_t page,
                                   uint32_t position) {
  return static_cast<uint64_t>(table[static_cast<uint64_t>(s) * columns + position / page]) * page + position % page;
}

// Each type: value i of a head's values, and eight of them where whole is said (they begin at a multiple of 16 bytes
// for plain types, at any block for others). Slots are written by kernels before, so nothing here is read as constant.
struct PagesF32 {
  static constexpr uint32_t kUnit = 1, kUnitBytes = 4;
  static __device__ float at(const uint8_t* p, uint32_t i) { return reinterpret_cast<const float*>(p)[i]; }
  static __device__ void eight(const uint8_t* p, uint32_t i, Eight v) {
    const float4* const four = reinterpret_cast<const float4*>(p + 4 * i);
    const float4 a = four[0], b = four[1];
    v[0] = a.x, v[1] = a.y, v[2] = a.z, v[3] = a.w, v[4] = b.x, v[5] = b.y, v[6] = b.z, v[7] = b.w;
  }
  static __device__ void put(uint8_t* to, const float* x) { *reinterpret_cast<float*>(to) = x[0]; }
};
template <float (*Decode)(uint32_t), uint32_t (*Encode)(float)>
struct PagesSixteen {
  static constexpr uint32_t kUnit = 1, kUnitBytes = 2;
  static __device__ float at(const uint8_t* p, uint32_t i) { return Decode(reinterpret_cast<const uint16_t*>(p)[i]); }
  static __device__ void eight(const uint8_t* p, uint32_t i, Eight v) {
    const uint4 b = *reinterpret_cast<const uint4*>(p + 2 * i);
    const uint32_t words[4] = {b.x, b.y, b.z, b.w};
#pragma unroll
    for (uint32_t k = 0; k < 8; ++k) v[k] = Decode(words[k / 2] >> (k & 1) * 16 & 65535);
  }
  static __device__ void put(uint8_t* to, const float* x) {
    *reinterpret_cast<uint16_t*>(to) = static_cast<uint16_t>(Encode(x[0]));
  }
};
using PagesF16 = PagesSixteen<half_to_float, float_to_half>;
using PagesBF16 = PagesSixteen<bf16_to_float, float_to_bf16>;

__device__ inline float scale_at(const uint8_t* p) { return half_to_float(*reinterpret_cast<const uint16_t*>(p)); }
__device__ inline void put_scale(uint8_t* to, float d) {
  *reinterpret_cast<uint16_t*>(to) = static_cast<uint16_t>(float_to_half(d));
}

struct PagesQ8_0 {  // lib/quant/encode.cc defines the blocks
  static constexpr uint32_t kUnit = 32, kUnitBytes = 34;
  static __device__ float at(const uint8_t* p, uint32_t i) {
    const uint8_t* const b = p + i / 32 * 34;
    return scale_at(b) * signed_of(b[2 + i % 32]);
  }
  static __device__ void eight(const uint8_t* p, uint32_t i, Eight v) {
    const uint8_t* const b = p + i / 32 * 34;
    const float d = scale_at(b);
    const auto* const pairs = reinterpret_cast<const uint16_t*>(b + 2 + i % 32);
#pragma unroll
    for (uint32_t k = 0; k < 8; k += 2) {
      const uint32_t two = pairs[k / 2];
      v[k] = d * signed_of(two & 255), v[k + 1] = d * signed_of(two >> 8);
    }
  }
  static __device__ void put(uint8_t* to, const float* x) {
    float most = 0.0f;
    for (uint32_t i = 0; i < 32; ++i) most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    const float d = most / 127.0f, by = d == 0.0f ? 0.0f : 1.0f / d;
    for (uint32_t i = 0; i < 32; ++i) {  // to nearest, ties away from zero
      const float v = x[i] * by, a = fabsf(v), whole = floorf(a);
      const float rounded = a < 128.0f ? fminf(whole + floorf(2.0f * (a - whole)), 127.0f) : 127.0f;
      to[2 + i] = static_cast<uint8_t>(static_cast<int32_t>(v < 0.0f ? -rounded : rounded));
    }
    put_scale(to, d);
  }
};
struct PagesQ4_0 {
  static constexpr uint32_t kUnit = 32, kUnitBytes = 18;
  static __device__ float at(const uint8_t* p, uint32_t i) {
    const uint8_t* const b = p + i / 32 * 18;
    const uint32_t both = b[2 + i % 16];
    return scale_at(b) * (static_cast<float>(i % 32 < 16 ? both & 15 : both >> 4) - 8.0f);
  }
  static __device__ void eight(const uint8_t* p, uint32_t i, Eight v) {
    const uint8_t* const b = p + i / 32 * 18;
    const float d = scale_at(b);
    const auto* const pairs = reinterpret_cast<const uint16_t*>(b + 2 + i % 16);
    const uint32_t s = i % 32 < 16 ? 0 : 4;
#pragma unroll
    for (uint32_t k = 0; k < 8; k += 2) {
      const uint32_t two = pairs[k / 2] >> s;
      v[k] = d * (static_cast<float>(two & 15) - 8.0f), v[k + 1] = d * (static_cast<float>(two >> 8 & 15) - 8.0f);
    }
  }
  static __device__ void put(uint8_t* to, const float* x) {
    float most = x[0];
    for (uint32_t i = 1; i < 32; ++i) most = fabsf(x[i]) > fabsf(most) ? x[i] : most;
    const float d = most / -8.0f, by = d == 0.0f ? 0.0f : 1.0f / d;
    const auto digit = [by](float v) {
      const float moved = v * by + 8.5f;
      return moved >= 15.0f ? 15u : moved >= 0.0f ? static_cast<uint32_t>(moved) : 0u;
    };
    for (uint32_t i = 0; i < 16; ++i) to[2 + i] = static_cast<uint8_t>(digit(x[i]) | digit(x[i + 16]) << 4);
    put_scale(to, d);
  }
};
