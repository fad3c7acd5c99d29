// Products of matrices of bytes by a warp's tensor cores, exact in 32-bit integers (PTX ISA 9.7.14.5, mma.sync).
//
//   d [16, 8] += a [16, k] * b [k, 8],  k = 32, or 16
//
// Who holds what, with g = lane / 4 and t = lane % 4, four values of k in a word: a[0], a[1] are rows g and g + 8 at
// k = 4 t, a[2], a[3] the same at k = 16 + 4 t; b[0], b[1] column g at k = 4 t and 16 + 4 t; d[0], d[1] row g of
// columns 2 t and 2 t + 1, d[2], d[3] row g + 8.
#pragma once
#include "backends/cuda/kernels/common.cuh"

#ifdef INFER_EMULATED
__device__ inline void mma32(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  infer::cuda_emulated::mma(d, a, b, 32);
}
__device__ inline void mma16(int32_t (&d)[4], const uint32_t* a, uint32_t b) {
  infer::cuda_emulated::mma(d, a, &b, 16);
}
#else
__device__ inline void mma32(int32_t (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
__device__ inline void mma16(int32_t (&d)[4], const uint32_t* a, uint32_t b) {
  asm("mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(b));
}
#endif
