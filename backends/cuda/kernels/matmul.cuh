// y = x w^T + bias: a warp makes R rows of w times C columns (rows of x), its lanes taking every 32nd part of eight
// values of K. Weights are decoded once for the C columns, and nothing but registers is shared.
//
// The order of accumulation of an element is the same for every R and C: lane l adds up its parts l, l + 32, ... in
// ascending order, value by value, fused; then the lanes' sums meet in one tree. So a row's answer has the same bits
// whether it is computed alone or among hundreds.
//   a: y, x, w, bias or 0, ids or 0, -, -, tables
//   n: warps, columns, rows of w (N), K, bytes of a row, columns per row of x (experts), whole (below)
#pragma once
#include "backends/cuda/kernels/code_books.cuh"

constexpr uint32_t kWholeX = 1;  // rows of x begin at multiples of 16 bytes, and K is a multiple of 8
constexpr uint32_t kWholeW = 2;  // the same of w, for plain types

__device__ inline void load8(const float* x, uint32_t at, uint32_t n, bool whole, Eight v) {
  if (whole) {
    const float4 a = *reinterpret_cast<const float4*>(x + at), b = *reinterpret_cast<const float4*>(x + at + 4);
    v[0] = a.x, v[1] = a.y, v[2] = a.z, v[3] = a.w, v[4] = b.x, v[5] = b.y, v[6] = b.z, v[7] = b.w;
    return;
  }
  EACH v[i] = at + i < n ? x[at + i] : 0.0f;
}

// The sums of N values over every so many lanes, spread over them: with every step of the tree a lane keeps half of the
// values, so N - 1 shuffles do for N up to Lanes. Value k ends in s[0] of the lanes whose number / (Lanes / N) is k, or
// in s[k % (N / Lanes)] of lane k / (N / Lanes).
template <uint32_t N, uint32_t Lanes = kWarp>
__device__ inline void spread_sums(float (&s)[N], uint32_t lane) {
  uint32_t left = N;
#pragma unroll
  for (uint32_t h = Lanes / 2; h > 0; h /= 2) {
    if (left == 1) {
      s[0] += __shfl_xor_sync(kAll, s[0], h);
      continue;
    }
    left /= 2;
    const bool upper = (lane & h) != 0;
#pragma unroll
    for (uint32_t i = 0; i < N / 2; ++i) {
      if (i >= left) continue;
      const float give = upper ? s[i] : s[i + left], keep = upper ? s[i + left] : s[i];
      s[i] = keep + __shfl_xor_sync(kAll, give, h);
    }
  }
}

// What a warp makes.
template <uint32_t R>
struct Tile {
  uint32_t first, column;  // rows of w, columns: the first ones
  uint64_t bias;           // of the first row
  uint32_t x_row;          // of the one column, where C is 1
  Bytes rows[R];           // of w
};
template <uint32_t R, uint32_t C>
__device__ inline Tile<R> tile_of(const Record& r, uint32_t warp) {
  const uint32_t n_rows = r.n[2], row_groups = (n_rows + R - 1) / R;
  Tile<R> t;
  t.first = warp % row_groups * R, t.column = warp / row_groups * C;
  uint64_t w = r.a[2];
  t.bias = t.first, t.x_row = t.column;
  if (r.a[4]) {  // a column per chosen expert; C is 1
    const uint64_t before = static_cast<uint64_t>(memory<const int32_t>(r.a[4])[t.column]) * n_rows;
    t.x_row = t.column / r.n[5];
    w += before * r.n[4];
    t.bias += before;
  }
#pragma unroll
  for (uint32_t i = 0; i < R; ++i)
    t.rows[i] = memory<const uint8_t>(w + static_cast<uint64_t>(min(t.first + i, n_rows - 1)) * r.n[4]);
  return t;
}

// Writes y from sums that spread_sums left in the first so many lanes.
template <uint32_t R, uint32_t C, uint32_t Lanes = kWarp>
__device__ inline void put_sums(const Record& r, const Tile<R>& t, const float* sums, uint32_t lane) {
  const uint32_t n_columns = r.n[1], n_rows = r.n[2];
  constexpr uint32_t kLanes = C * R < Lanes ? Lanes / (C * R) : 1, kEach = C * R > Lanes ? C * R / Lanes : 1;
  if (lane >= Lanes || lane % kLanes != 0) return;
#pragma unroll
  for (uint32_t i = 0; i < kEach; ++i) {
    const uint32_t at = lane / kLanes * kEach + i, row = at % R, c = at / R;
    if (t.first + row >= n_rows || t.column + c >= n_columns) continue;
    const float sum = r.a[3] ? sums[i] + memory<const float>(r.a[3])[t.bias + row] : sums[i];
    memory<float>(r.a[0], static_cast<uint64_t>(t.column + c) * n_rows)[t.first + row] = sum;
  }
}

template <class W, uint32_t R, uint32_t C>
__device__ inline void matmul(const Record& r) {
  const uint32_t warp = blockIdx.x * (blockDim.x / kWarp) + threadIdx.x / kWarp, lane = lane_of();
  if (warp >= r.n[0]) return;
  const Tile<R> t = tile_of<R, C>(r, warp);
  const uint32_t n_columns = r.n[1], n_k = r.n[3];
  const auto* tables = memory<const uint32_t>(r.a[7]);
  const bool whole_x = (r.n[6] & kWholeX) != 0, whole_w = (r.n[6] & kWholeW) != 0;
  const float* x[C];
#pragma unroll
  for (uint32_t c = 0; c < C; ++c)
    x[c] =
        memory<const float>(r.a[1], static_cast<uint64_t>(C == 1 ? t.x_row : min(t.column + c, n_columns - 1)) * n_k);

  float sums[C * R] = {};  // rows of a column side by side
  for (uint32_t part = lane; 8 * part < n_k; part += kWarp) {
    float v[R][8];
#pragma unroll
    for (uint32_t i = 0; i < R; ++i) W::eight(t.rows[i], part, n_k, whole_w, tables, v[i]);
#pragma unroll
    for (uint32_t c = 0; c < C; ++c) {
      float in[8];
      load8(x[c], 8 * part, n_k, whole_x, in);
#pragma unroll
      for (uint32_t i = 0; i < R; ++i)
#pragma unroll
        for (uint32_t k = 0; k < 8; ++k) sums[c * R + i] = __fmaf_rn(v[i][k], in[k], sums[c * R + i]);
    }
  }
  spread_sums<C * R>(sums, lane);
  put_sums<R, C>(r, t, sums, lane);
}

// Rows of a table: eight values per thread.
//   a: out, table, ids, -, -, -, -, tables
//   n: threads, -, -, K, bytes of a row, -, whole
template <class W>
__device__ inline void embed(const Record& r) {
  if (invocation() >= r.n[0]) return;
  const uint32_t n_k = r.n[3], parts = (n_k + 7) / 8, t = invocation() / parts, part = invocation() % parts;
  const auto id = static_cast<uint64_t>(memory<const int32_t>(r.a[2])[t]);
  float v[8];
  W::eight(memory<const uint8_t>(r.a[1] + id * r.n[4]), part, n_k, (r.n[6] & kWholeW) != 0,
           memory<const uint32_t>(r.a[7]), v);
  float* const out = memory<float>(r.a[0], static_cast<uint64_t>(t) * n_k + 8 * part);
  EACH if (8 * part + i < n_k) out[i] = v[i];
}

// matvec_1 .. 8: so many columns at most; matmat: any number.
#define WEIGHT_KERNELS(name, W)                          \
  KERNEL(matvec_##name##_1, 128) { matmul<W, 2, 1>(r); } \
  KERNEL(matvec_##name##_2, 128) { matmul<W, 2, 2>(r); } \
  KERNEL(matvec_##name##_4, 128) { matmul<W, 2, 4>(r); } \
  KERNEL(matvec_##name##_8, 128) { matmul<W, 2, 8>(r); } \
  KERNEL(matmat_##name, 128) { matmul<W, 8, 8>(r); }     \
  KERNEL(embed_##name, 128) { embed<W>(r); }
