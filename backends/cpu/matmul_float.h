// f32, f16 and bf16 weights times f32 activations: partial sums over K lie in lanes, one fused multiply-add per step,
// and the lanes are added once at the end in a fixed tree. So an element's bits do not depend on the tile it was
// computed in.
#pragma once
#include "backends/cpu/formats.h"
#include "backends/cpu/kernels.h"

namespace infer::cpu {

template <class V>
struct WeightF32 {
  using Element = float;
  INFER_INLINE static typename V::F load(const uint8_t* p) { return V::load(reinterpret_cast<const float*>(p)); }
};
template <class V>
struct WeightF16 {
  using Element = uint16_t;
  INFER_INLINE static typename V::F load(const uint8_t* p) { return V::load_f16(reinterpret_cast<const uint16_t*>(p)); }
};
template <class V>
struct WeightBF16 {
  using Element = uint16_t;
  INFER_INLINE static typename V::F load(const uint8_t* p) {
    return V::load_bf16(reinterpret_cast<const uint16_t*>(p));
  }
};

template <class V, class W>
typename V::F load_tail(const uint8_t* p, int64_t n) {  // n elements, zeros above
  typename W::Element padded[V::kLanes] = {};
  __builtin_memcpy(padded, p, static_cast<size_t>(n) * sizeof(typename W::Element));
  return W::load(reinterpret_cast<const uint8_t*>(padded));
}

inline constexpr int kFloatRows = 4;  // weight rows per tile

template <class V, class W, int R, int T>
void float_tile(const MatmulArgs& a, int64_t n0, int64_t m0) {
  constexpr int64_t kSize = sizeof(typename W::Element);
  typename V::F acc[R][T];
  const uint8_t* w = a.w + n0 * a.row_bytes;
  const float* x[T];
  INFER_UNROLL for (int t = 0; t < T; t++) {
    x[t] = reinterpret_cast<const float*>(a.x + (a.x_rows ? a.x_rows[m0 + t] : m0 + t) * a.x_stride);
    INFER_UNROLL for (int r = 0; r < R; r++) acc[r][t] = V::zero();
  }
  int64_t i = 0;
  for (; i + V::kLanes <= a.k; i += V::kLanes) {
    typename V::F v[T];
    INFER_UNROLL for (int t = 0; t < T; t++) v[t] = V::load(x[t] + i);
    INFER_UNROLL for (int r = 0; r < R; r++) {
      const typename V::F u = W::load(w + r * a.row_bytes + i * kSize);
      INFER_UNROLL for (int t = 0; t < T; t++) acc[r][t] = V::fma(u, v[t], acc[r][t]);
    }
  }
  if (i < a.k) {
    const int64_t n = a.k - i;
    for (int r = 0; r < R; r++) {
      const typename V::F u = load_tail<V, W>(w + r * a.row_bytes + i * kSize, n);
      for (int t = 0; t < T; t++) acc[r][t] = V::fma(u, V::load_n(x[t] + i, static_cast<int>(n)), acc[r][t]);
    }
  }
  for (int t = 0; t < T; t++) {
    const int64_t at = (a.y_rows ? a.y_rows[m0 + t] : m0 + t) * a.y_stride;
    for (int r = 0; r < R; r++) {
      float y = V::reduce_add(acc[r][t]);
      if (a.bias) y += a.bias[n0 + r];
      if (a.residual) y += a.residual[at + n0 + r];
      a.y[at + n0 + r] = y;
    }
  }
}

template <class V, class W, int T>
void float_columns(const MatmulArgs& a, int64_t m0) {
  int64_t n = a.n0;
  for (; n + kFloatRows <= a.n1; n += kFloatRows) float_tile<V, W, kFloatRows, T>(a, n, m0);
  for (; n < a.n1; n++) float_tile<V, W, 1, T>(a, n, m0);
}

template <class V, class W>
void matmul_float(const MatmulArgs& a) {
  constexpr int T = V::kFloatTile;
  constexpr int64_t kBlock = 48;  // rows of x that stay in the second-level cache while the weights pass
  if (a.m < T) {
    for (int64_t m = 0; m < a.m; m++) float_columns<V, W, 1>(a, m);
    return;
  }
  for (int64_t m0 = 0; m0 < a.m; m0 += kBlock) {
    const int64_t m1 = m0 + kBlock < a.m ? m0 + kBlock : a.m;
    for (int64_t n = a.n0; n < a.n1;) {
      const bool four = n + kFloatRows <= a.n1;
      int64_t m = m0;
      for (; m + T <= m1; m += T) four ? float_tile<V, W, kFloatRows, T>(a, n, m) : float_tile<V, W, 1, T>(a, n, m);
      for (; m < m1; m++) four ? float_tile<V, W, kFloatRows, 1>(a, n, m) : float_tile<V, W, 1, 1>(a, n, m);
      n += four ? kFloatRows : 1;
    }
  }
}

}  // namespace infer::cpu
