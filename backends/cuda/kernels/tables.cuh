// The code-books, which the host puts into memory in this order (backends/common/code_books.h): words from a[7] on.
#pragma once
#include "backends/cuda/kernels/common.cuh"

constexpr uint32_t kGridIq2xxs = 0;     // 256 entries of two words
constexpr uint32_t kGridIq2xs = 512;    // 512
constexpr uint32_t kGridIq2s = 1536;    // 1024
constexpr uint32_t kGridIq1 = 3584;     // 2048
constexpr uint32_t kGridIq3xxs = 7680;  // 256 of one word
constexpr uint32_t kGridIq3s = 7936;    // 512
constexpr uint32_t kValuesIq4 = 8448;   // 16
constexpr uint32_t kValuesFp4 = 8464;   // 16

__device__ inline uint2 grid8(const uint32_t* tables, uint32_t grid, uint32_t index) {
  return __ldg(reinterpret_cast<const uint2*>(tables + grid) + index);
}
__device__ inline float value4(const uint32_t* tables, uint32_t values, uint32_t index) {
  return static_cast<float>(static_cast<int32_t>(__ldg(tables + values + index)));
}

// Seven stored bits, and the eighth that makes their number even.
__device__ inline uint32_t signs7(uint32_t bits) {
  bits &= 127;
  return bits | (__popc(bits) & 1) << 7;
}
