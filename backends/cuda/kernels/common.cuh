// What all kernels share. A kernel takes one Record by value (so it lies in constant memory) and nothing else.
//
// The same sources are compiled by nvcc for GPUs and, for tests, by the host's compiler with
// tests/backends/cuda_emulated/cuda_on_host.h in front (INFER_EMULATED). What differs is in this file alone.
//
// Contraction is off (nvcc -fmad=false): a sum of products is fused where it says fma, so every kernel that computes an
// element gets the same bits.
#pragma once
#include "backends/common/record.h"

using infer::backend::Record;

#ifdef INFER_EMULATED
// Kernels are called infer_NAME.
#define KERNEL(name, threads)                                                                      \
  static void name(Record r);                                                                      \
  static const infer::cuda_emulated::Registration name##_is_kernel{"infer_" #name, name, threads}; \
  static void name([[maybe_unused]] Record r)
#define SHARED_FLOATS(pool) float* const pool = infer::cuda_emulated::shared_floats()
__device__ inline float half_to_float(uint32_t h) { return infer::cuda_emulated::half_to_float(h); }
__device__ inline uint32_t float_to_half(float f) { return infer::cuda_emulated::float_to_half(f); }
#else
// threads: of a block, at most.
#define KERNEL(name, threads) \
  extern "C" __global__ void __launch_bounds__(threads) infer_##name(const __grid_constant__ Record r)
#define SHARED_FLOATS(pool) extern __shared__ float pool[]
__device__ inline float half_to_float(uint32_t h) {
  float f;
  asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(static_cast<unsigned short>(h)));
  return f;
}
__device__ inline uint32_t float_to_half(float f) {  // to nearest, ties to even
  unsigned short h;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h) : "f"(f));
  return h;
}
#endif

constexpr uint32_t kWarp = 32, kAll = 0xffffffffu;
constexpr float kNone = -3.0e38f;  // less than any score

template <class T>
__device__ T* memory(uint64_t address, uint64_t elements = 0) {
  return reinterpret_cast<T*>(address) + elements;
}
__device__ inline uint32_t invocation() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline uint32_t lane_of() { return threadIdx.x % kWarp; }

__device__ inline float bf16_to_float(uint32_t b) { return __uint_as_float(b << 16); }
__device__ inline uint32_t float_to_bf16(float f) {
  const uint32_t bits = __float_as_uint(f);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return (bits >> 16) | 0x40u;
  return (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
}

// Over a warp; every lane gets it. The tree is the same in every kernel.
__device__ inline float warp_sum(float v) {
  for (uint32_t h = kWarp / 2; h > 0; h /= 2) v += __shfl_xor_sync(kAll, v, h);
  return v;
}
__device__ inline float warp_max(float v) {
  for (uint32_t h = kWarp / 2; h > 0; h /= 2) v = fmaxf(v, __shfl_xor_sync(kAll, v, h));
  return v;
}
// Over a block of 128, each of whose threads gets it; warps: four floats of shared memory.
__device__ inline float block_sum(float v, float* warps) {
  v = warp_sum(v);
  if (lane_of() == 0) warps[threadIdx.x / kWarp] = v;
  __syncthreads();
  v = warps[0];
  for (uint32_t w = 1; w < blockDim.x / kWarp; ++w) v += warps[w];
  return v;
}
