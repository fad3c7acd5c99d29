// matmul.cuh with x as two numbers of 8 bits per value and a scale per 32 (rounding.cuh), so that sums over a unit of
// 32 values of K are exact in integers, by dot products of bytes over few columns and by tensor cores over many.
//
// The order of accumulation of an element is the same for any number of columns: the products of a run of eight units
// meet in a tree (u with u + 4, then + 2, then + 1); a quarter of the runs is added up in order; quarters meet in a
// tree (the first with the second, the third with the fourth).
//   a: y, rounded x, w, bias or 0, ids or 0, scales of x, -, tables
//   n: as of matmul.cuh; of many columns: columns / 32 first
#include "backends/cuda/kernels/ints.cuh"
#include "backends/cuda/kernels/matmul.cuh"
#include "backends/cuda/kernels/sizes.h"
#include "backends/cuda/kernels/tensor.cuh"

constexpr uint32_t kRun = 8;  // units

__device__ inline uint32_t runs_of_quarter(uint32_t units) { return (units + 4 * kRun - 1) / (4 * kRun); }

// Whole numbers and rests of a unit, times the first and the second half of the weights.
struct Dots {
  int32_t whole[2], rest[2];
};
// What they are worth; pair: the scale of x, and its sum (rounding.cuh).
template <class I>
__device__ inline float worth(const Dots& d, float2 scale, float low, float2 pair) {
  float v;
  if constexpr (I::kTwoScales) {
    v = __fmaf_rn(scale.y, static_cast<float>(254 * d.whole[1] + d.rest[1]),
                  scale.x * static_cast<float>(254 * d.whole[0] + d.rest[0]));
  } else {
    v = scale.x * static_cast<float>(254 * (d.whole[0] + d.whole[1]) + (d.rest[0] + d.rest[1]));
  }
  if constexpr (I::kLow) v = __fmaf_rn(-low, pair.y, v);
  return pair.x * v;
}

// Unit of a row of weights; beyond the row: zeros.
template <class I>
__device__ inline void weights_of(Bytes row, uint32_t unit, uint32_t units, const uint32_t* tables, Words w,
                                  float2& scale, float& low) {
  constexpr uint32_t kUnits = I::kElems / 32;
  scale = make_float2(0.0f, 0.0f), low = 0.0f;
  if (unit < units)
    return I::ints(row + static_cast<uint64_t>(unit / kUnits) * I::kBytes, unit % kUnits, tables, w, scale, low);
  EACH w[i] = 0;
}

// ---- few columns: a warp makes R rows of w times C columns. Eight lanes take a run, four runs are under way.

__device__ inline int32_t dot4(uint32_t a, uint32_t b, int32_t sum) {
  return __dp4a(static_cast<int32_t>(a), static_cast<int32_t>(b), sum);
}

template <class I, uint32_t R, uint32_t C>
__device__ inline void matvec_int8(const Record& r) {
  const uint32_t warp = blockIdx.x * (blockDim.x / kWarp) + threadIdx.x / kWarp, lane = lane_of();
  if (warp >= r.n[0]) return;
  const Tile<R> at = tile_of<R, C>(r, warp);
  const uint32_t n_columns = r.n[1], units = r.n[3] / 32, runs = runs_of_quarter(units);
  const auto* tables = memory<const uint32_t>(r.a[7]);

  constexpr uint32_t kMine = C * R > kRun ? C * R / kRun : 1;  // sums that a lane keeps
  float sums[kMine] = {};
  for (uint32_t run = 0; run < runs; ++run) {
    const uint32_t unit = (lane / kRun * runs + run) * kRun + lane % kRun;
    uint32_t w[R][8];
    float2 scale[R];
    float low[R], products[C * R];  // rows of a column side by side
#pragma unroll
    for (uint32_t i = 0; i < R; ++i) weights_of<I>(at.rows[i], unit, units, tables, w[i], scale[i], low[i]);
#pragma unroll
    for (uint32_t c = 0; c < C; ++c) {
      const uint64_t x = C == 1 ? at.x_row : min(at.column + c, n_columns - 1);
      const uint64_t in = x * units + min(unit, units - 1);
      const auto* const fours = memory<const uint4>(r.a[1], 4 * in);
      uint32_t q[16];  // whole numbers, then the rests
      FOUR {
        const uint4 v = fours[i];
        q[4 * i] = v.x, q[4 * i + 1] = v.y, q[4 * i + 2] = v.z, q[4 * i + 3] = v.w;
      }
      const float2 pair = *memory<const float2>(r.a[5], in);
#pragma unroll
      for (uint32_t i = 0; i < R; ++i) {
        Dots d = {};
#pragma unroll
        for (uint32_t k = 0; k < 8; ++k) {
          d.whole[k / 4] = dot4(w[i][k], q[k], d.whole[k / 4]);
          d.rest[k / 4] = dot4(w[i][k], q[k + 8], d.rest[k / 4]);
        }
        products[c * R + i] = worth<I>(d, scale[i], low[i], pair);
      }
    }
    spread_sums<C * R, kRun>(products, lane);
#pragma unroll
    for (uint32_t i = 0; i < kMine; ++i) sums[i] += products[i];
  }
#pragma unroll
  for (uint32_t i = 0; i < kMine; ++i) {
    sums[i] += __shfl_xor_sync(kAll, sums[i], kRun);
    sums[i] += __shfl_xor_sync(kAll, sums[i], 2 * kRun);
  }
  put_sums<R, C, kRun>(r, at, sums, lane);
}

// ---- many columns: a block makes 64 rows of w times 32 columns, each of its four warps 16 rows. A run of x and of
// decoded weights lies in shared memory, from where words go to the lanes that mma (tensor.cuh) wants them in.
//
// Words of a row or column there are 8 to a unit; those of every other four rows have their halves exchanged, so that
// the 32 lanes read from 32 banks.
constexpr uint32_t kTileRows = infer::cuda::kBlockRows / 4, kTileColumns = infer::cuda::kBlockColumns;  // of a warp
struct SharedRun {
  uint32_t x[kRun][2][kTileColumns][8];  // whole numbers, rests
  float2 pairs[kRun][kTileColumns];
  uint32_t w[4][kRun][kTileRows][8];
  float4 scales[4][kRun][kTileRows];  // two scales, low, -
};
static_assert(sizeof(SharedRun) == infer::cuda::kRunBytes);

__device__ inline uint32_t half_place(uint32_t row, uint32_t half) { return 4 * (half ^ (row / 4 & 1)); }

__device__ inline void share_x(const Record& r, SharedRun& s, uint32_t column, uint32_t first, uint32_t units) {
  for (uint32_t i = threadIdx.x; i < kTileColumns * kRun * 4; i += blockDim.x) {
    const uint32_t c = i / (kRun * 4), unit = i / 4 % kRun, four = i % 4;
    const uint64_t in = static_cast<uint64_t>(min(column + c, r.n[1] - 1)) * units + min(first + unit, units - 1);
    *reinterpret_cast<uint4*>(&s.x[unit][four / 2][c][half_place(c, four % 2)]) =
        memory<const uint4>(r.a[1], 4 * in)[four];
    if (four == 0) s.pairs[unit][c] = *memory<const float2>(r.a[5], in);
  }
}
template <class I>
__device__ inline void share_weights(const Record& r, SharedRun& s, uint32_t row, uint32_t first, uint32_t units) {
  const uint32_t warp = threadIdx.x / kWarp;
  for (uint32_t i = lane_of(); i < kTileRows * kRun; i += kWarp) {
    const uint32_t unit = i % kRun, at = i / kRun;
    uint32_t w[8];
    float2 scale;
    float low;
    weights_of<I>(memory<const uint8_t>(r.a[2] + static_cast<uint64_t>(min(row + at, r.n[2] - 1)) * r.n[4]),
                  first + unit, units, memory<const uint32_t>(r.a[7]), w, scale, low);
    uint32_t* const out = s.w[warp][unit][at];
#pragma unroll
    for (uint32_t h = 0; h < 2; ++h)
      *reinterpret_cast<uint4*>(out + half_place(at, h)) =
          make_uint4(w[4 * h], w[4 * h + 1], w[4 * h + 2], w[4 * h + 3]);
    s.scales[warp][unit][at] = make_float4(scale.x, scale.y, low, 0.0f);
  }
}

// What a lane makes of a unit: of the warp's four times 8 columns, as mma gives them.
constexpr uint32_t kEights = kTileColumns / 8;
using Made = float[kEights][4];
#define EACH_MADE \
  _Pragma("unroll") for (uint32_t e = 0; e < kEights; ++e) _Pragma("unroll") for (uint32_t i = 0; i < 4; ++i)

template <class I>
__device__ inline void products_of(const SharedRun& s, uint32_t unit, Made& p) {
  const uint32_t warp = threadIdx.x / kWarp, g = lane_of() / 4, t = lane_of() % 4;
  const auto& rows = s.w[warp][unit];
  const uint32_t near = half_place(g, 0) + t, far = half_place(g, 1) + t;  // g + 8 has its halves where g has them
  const uint32_t a[4] = {rows[g][near], rows[g + 8][near], rows[g][far], rows[g + 8][far]};
  const float4 scale[2] = {s.scales[warp][unit][g], s.scales[warp][unit][g + 8]};
#pragma unroll
  for (uint32_t e = 0; e < kEights; ++e) {
    int32_t whole[2][4] = {}, rest[2][4] = {};  // halves, of which the second stays 0 where there is one scale
    const uint32_t(&q)[8] = s.x[unit][0][8 * e + g], (&rests)[8] = s.x[unit][1][8 * e + g];
    if constexpr (I::kTwoScales) {
      mma16(whole[0], a, q[near]), mma16(whole[1], a + 2, q[far]);
      mma16(rest[0], a, rests[near]), mma16(rest[1], a + 2, rests[far]);
    } else {
      mma32(whole[0], a, {q[near], q[far]}), mma32(rest[0], a, {rests[near], rests[far]});
    }
#pragma unroll
    for (uint32_t i = 0; i < 4; ++i) {
      const float4& row = scale[i / 2];
      const Dots d = {{whole[0][i], whole[1][i]}, {rest[0][i], rest[1][i]}};
      p[e][i] = worth<I>(d, make_float2(row.x, row.y), row.z, s.pairs[unit][8 * e + 2 * t + i % 2]);
    }
  }
}

template <class I>
__device__ inline void sum_of_run(const SharedRun& s, Made& sum) {
  Made other, third, p;
  products_of<I>(s, 0, sum), products_of<I>(s, 4, p);
  EACH_MADE sum[e][i] += p[e][i];
  products_of<I>(s, 2, other), products_of<I>(s, 6, p);
  EACH_MADE sum[e][i] += other[e][i] + p[e][i];
  products_of<I>(s, 1, other), products_of<I>(s, 5, p);
  EACH_MADE other[e][i] += p[e][i];
  products_of<I>(s, 3, third), products_of<I>(s, 7, p);
  EACH_MADE sum[e][i] += other[e][i] + (third[e][i] + p[e][i]);
}

template <class I>
__device__ inline void matmat_int8(const Record& r) {
  SHARED_FLOATS(pool);
  SharedRun& s = *reinterpret_cast<SharedRun*>(pool);
  const uint32_t column = blockIdx.x % r.n[0] * kTileColumns;
  const uint32_t row = (blockIdx.x / r.n[0] * 4 + threadIdx.x / kWarp) * kTileRows;
  const uint32_t n_columns = r.n[1], n_rows = r.n[2], units = r.n[3] / 32, runs = runs_of_quarter(units);

  Made half, before, quarter;  // the first two quarters, one, and the one that is added up
  for (uint32_t q = 0; q < 4; ++q) {
    EACH_MADE quarter[e][i] = 0.0f;
    for (uint32_t run = q * runs; run < (q + 1) * runs && run * kRun < units; ++run) {
      __syncthreads();  // all have read the last run
      share_x(r, s, column, run * kRun, units);
      share_weights<I>(r, s, row, run * kRun, units);
      __syncthreads();
      Made sum;
      sum_of_run<I>(s, sum);
      EACH_MADE quarter[e][i] += sum[e][i];
    }
    if (q % 2 == 0) EACH_MADE before[e][i] = quarter[e][i];
    if (q == 1) EACH_MADE half[e][i] = before[e][i] + quarter[e][i];
    if (q == 3) EACH_MADE half[e][i] += before[e][i] + quarter[e][i];
  }

  const uint32_t g = lane_of() / 4, t = lane_of() % 4;
  EACH_MADE {
    const uint32_t to = row + g + i / 2 * 8, c = column + 8 * e + 2 * t + i % 2;
    if (to >= n_rows || c >= n_columns) continue;
    const float bias = r.a[3] ? memory<const float>(r.a[3])[to] : 0.0f;
    memory<float>(r.a[0], static_cast<uint64_t>(c) * n_rows)[to] = r.a[3] ? half[e][i] + bias : half[e][i];
  }
}

#define INT8_KERNELS(name, I)                                      \
  KERNEL(matvec_int8_##name##_1, 128) { matvec_int8<I, 2, 1>(r); } \
  KERNEL(matvec_int8_##name##_2, 128) { matvec_int8<I, 2, 2>(r); } \
  KERNEL(matvec_int8_##name##_4, 128) { matvec_int8<I, 2, 4>(r); } \
  KERNEL(matvec_int8_##name##_8, 128) { matvec_int8<I, 2, 8>(r); } \
  KERNEL(matmat_int8_##name, 128) { matmat_int8<I>(r); }

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
