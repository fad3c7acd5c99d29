// CUDA's language for the host's compiler: stands in front of each .cu file (-include), so that the kernels of
// backends/cuda run on a processor. A kernel's threads are fibres (block.h); what they ask of each other switches
// between them. Only what our kernels use is here; what they must not do on a GPU is an error here, too (emulation.h).
#pragma once
#define INFER_EMULATED
#include <cmath>
#include <cstdint>
#include <cstring>

#include "tests/cuda_emulated/block.h"

#define __device__
#define __global__

using std::isnan;

struct alignas(8) uint2 {
  uint32_t x, y;
};
struct alignas(16) uint4 {
  uint32_t x, y, z, w;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline uint2 make_uint2(uint32_t x, uint32_t y) { return {x, y}; }
inline uint4 make_uint4(uint32_t x, uint32_t y, uint32_t z, uint32_t w) { return {x, y, z, w}; }
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

#define threadIdx (infer::cuda_emulated::now->thread)
#define blockIdx (infer::cuda_emulated::now->block)
#define blockDim (infer::cuda_emulated::now->block_dim)

// line: of whoever calls.
inline void __syncthreads(int line = __builtin_LINE()) { infer::cuda_emulated::barrier(line); }
template <class T>
inline T __shfl_xor_sync(uint32_t mask, T v, uint32_t by, int line = __builtin_LINE()) {
  static_assert(sizeof(T) == 4);
  uint32_t bits;
  std::memcpy(&bits, &v, 4);
  bits = infer::cuda_emulated::exchange(mask, bits, by, line);
  std::memcpy(&v, &bits, 4);
  return v;
}

// A load at an address that does not suit its width ends a kernel on a GPU.
template <class T>
inline T __ldg(const T* p) {
  if (reinterpret_cast<uintptr_t>(p) % sizeof(T)) infer::cuda_emulated::violation("a load that is not aligned");
  return *p;
}
inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline uint32_t __umulhi(uint32_t a, uint32_t b) { return static_cast<uint32_t>(static_cast<uint64_t>(a) * b >> 32); }
inline uint32_t __popc(uint32_t v) { return static_cast<uint32_t>(__builtin_popcount(v)); }
inline uint32_t __funnelshift_r(uint32_t low, uint32_t high, uint32_t by) {
  return static_cast<uint32_t>((static_cast<uint64_t>(high) << 32 | low) >> (by & 31));
}
inline int32_t __dp4a(int32_t a, int32_t b, int32_t sum) {  // signed bytes
  for (int i = 0; i < 32; i += 8) sum += static_cast<int8_t>(a >> i) * static_cast<int8_t>(b >> i);
  return sum;
}
inline float __uint_as_float(uint32_t v) {
  float f;
  std::memcpy(&f, &v, 4);
  return f;
}
inline uint32_t __float_as_uint(float f) {
  uint32_t v;
  std::memcpy(&v, &f, 4);
  return v;
}
inline uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }
inline uint32_t max(uint32_t a, uint32_t b) { return a > b ? a : b; }
