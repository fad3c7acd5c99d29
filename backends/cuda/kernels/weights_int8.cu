// matmul.cuh with x as two numbers of 8 bits per value and a scale per 32 (rounding.cuh): a lane
// takes every 32nd unit of 32 values of K, whose products are 16 sums of four products of bytes, exact in integers, and
// then one product of scales. The order of accumulation is the same for any number of columns.
//   a: y, rounded x, w, bias or 0, ids or 0, scales of x, -, tables
//   n: as of matmul.cuh
#include "backends/cuda/kernels/ints.cuh"
#include "backends/cuda/kernels/matmul.cuh"

__device__ inline int32_t dot4(uint32_t a, uint32_t b, int32_t sum) {
  return __dp4a(static_cast<int32_t>(a), static_cast<int32_t>(b), sum);
}

template <class I, uint32_t R, uint32_t C>
__device__ inline void matmul_int8(const Record& r) {
  const uint32_t warp = blockIdx.x * (blockDim.x / kWarp) + threadIdx.x / kWarp, lane = lane_of();
  if (warp >= r.n[0]) return;
  const Tile<R> at = tile_of<R, C>(r, warp);
  const uint32_t n_columns = r.n[1], units = r.n[3] / 32;
  const auto* tables = memory<const uint32_t>(r.a[7]);
  uint64_t x[C];  // which row
#pragma unroll
  for (uint32_t c = 0; c < C; ++c) x[c] = C == 1 ? at.x_row : min(at.column + c, n_columns - 1);

  float sums[C * R] = {};  // rows of a column side by side
  for (uint32_t unit = lane; unit < units; unit += kWarp) {
    uint32_t w[R][8];
    float2 scale[R];
    float low[R];
    constexpr uint32_t kUnits = I::kElems / 32;
#pragma unroll
    for (uint32_t i = 0; i < R; ++i)
      I::ints(at.rows[i] + static_cast<uint64_t>(unit / kUnits) * I::kBytes, unit % kUnits, tables, w[i], scale[i],
              low[i]);
#pragma unroll
    for (uint32_t c = 0; c < C; ++c) {
      const uint64_t in = x[c] * units + unit;
      const auto* const fours = memory<const uint4>(r.a[1], 4 * in);
      uint32_t q[16];  // whole numbers, then the rests
      FOUR {
        const uint4 v = fours[i];
        q[4 * i] = v.x, q[4 * i + 1] = v.y, q[4 * i + 2] = v.z, q[4 * i + 3] = v.w;
      }
      const float2 pair = *memory<const float2>(r.a[5], in);  // the scale, and the sum
#pragma unroll
      for (uint32_t i = 0; i < R; ++i) {
        int32_t whole[2] = {}, rest[2] = {};  // of the first and the second half of the weights
#pragma unroll
        for (uint32_t k = 0; k < 8; ++k) {
          whole[k / 4] = dot4(w[i][k], q[k], whole[k / 4]);
          rest[k / 4] = dot4(w[i][k], q[k + 8], rest[k / 4]);
        }
        float product;
        if constexpr (I::kTwoScales) {
          product = scale[i].x * (static_cast<float>(whole[0]) + static_cast<float>(rest[0]) / 254.0f) +
                    scale[i].y * (static_cast<float>(whole[1]) + static_cast<float>(rest[1]) / 254.0f);
        } else {
          product =
              scale[i].x * (static_cast<float>(whole[0] + whole[1]) + static_cast<float>(rest[0] + rest[1]) / 254.0f);
        }
        if constexpr (I::kLow) product -= low[i] * pair.y;
        sums[c * R + i] = __fmaf_rn(pair.x, product, sums[c * R + i]);
      }
    }
  }
  put_sums<R, C>(r, at, sums, lane);
}

#define INT8_KERNELS(name, I)                                      \
  KERNEL(matvec_int8_##name##_1, 128) { matmul_int8<I, 2, 1>(r); } \
  KERNEL(matvec_int8_##name##_2, 128) { matmul_int8<I, 2, 2>(r); } \
  KERNEL(matvec_int8_##name##_4, 128) { matmul_int8<I, 2, 4>(r); } \
  KERNEL(matvec_int8_##name##_8, 128) { matmul_int8<I, 2, 8>(r); } \
  KERNEL(matmat_int8_##name, 128) { matmul_int8<I, 8, 8>(r); }

INT8_KERNELS(q4_0, IntsQ4_0)
INT8_KERNELS(q4_1, IntsQ4_1)
INT8_KERNELS(q5_0, IntsQ5_0)
INT8_KERNELS(q5_1, IntsQ5_1)
INT8_KERNELS(q8_0, IntsQ8_0)
INT8_KERNELS(q3_k, IntsQ3_K)
INT8_KERNELS(q4_k, IntsQ4_K)
INT8_KERNELS(q5_k, IntsQ5_K)
INT8_KERNELS(q6_k, IntsQ6_K)
INT8_KERNELS(iq4_nl, IntsIQ4_NL)
INT8_KERNELS(iq4_xs, IntsIQ4_XS)
INT8_KERNELS(mxfp4, IntsMXFP4)
