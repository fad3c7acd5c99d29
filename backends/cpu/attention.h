// Attention of a block of rows over paged keys and values.
//
// Numeric form: positions are cut at absolute multiples of kAttentionChunk. A chunk gives, for one query, its largest
// score m, the sum l of exp(score - m) and the vector a of values so weighted; chunks are merged into a running (m, l,
// a) in ascending order. So the result does not depend on how rows and chunks were spread over tiles, runs and threads.
// A query never touches a position that it does not see.
//
// Keys lie transposed inside a page ([head][D][slot]): scores of neighbouring positions lie in lanes, without sums
// across lanes.
#pragma once
#include "backends/cpu/formats.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/vector_math.h"

namespace infer::cpu {

struct StoredF32 {
  using Element = float;
  template <class V>
  INFER_INLINE static typename V::F load(const Element* p) {
    return V::load(p);
  }
};
struct StoredF16 {
  using Element = uint16_t;
  template <class V>
  INFER_INLINE static typename V::F load(const Element* p) {
    return V::load_f16(p);
  }
};
template <class V, class Stored>
INFER_INLINE typename V::F load_stored(const typename Stored::Element* p, int64_t n) {  // n elements, zeros above
  if (n >= V::kLanes) return Stored::template load<V>(p);
  typename Stored::Element padded[V::kLanes] = {};
  for (int64_t i = 0; i < n; i++) padded[i] = p[i];
  return Stored::template load<V>(padded);
}

// q . k for `kVectors` vectors of positions (`valid` of them exist) -> score[t][0 ..].
template <class V, class Stored, int T, int kVectors>
void score_vectors(const AttentionArgs& a, const typename Stored::Element* k, int64_t valid, const float* const q[T],
                   float* score) {
  typename V::F acc[T][kVectors];
  INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int i = 0; i < kVectors; i++) acc[t][i] = V::zero();
  for (int64_t d = 0; d < a.head_dim; d++) {
    typename V::F kv[kVectors];
    INFER_UNROLL for (int i = 0; i < kVectors; i++) kv[i] =
        load_stored<V, Stored>(k + d * a.page + i * V::kLanes, valid - i * V::kLanes);
    INFER_UNROLL for (int t = 0; t < T; t++) {
      const typename V::F x = V::set1(q[t][d]);
      INFER_UNROLL for (int i = 0; i < kVectors; i++) acc[t][i] = V::fma(x, kv[i], acc[t][i]);
    }
  }
  INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int i = 0; i < kVectors; i++) {
    typename V::F s = V::mul(acc[t][i], V::set1(a.scale));
    if (a.softcap > 0) s = V::mul(V::set1(a.softcap), vector_tanh<V>(V::div(s, V::set1(a.softcap))));
    V::store(score + t * kScoreStride + i * V::kLanes, s);
  }
}

// Positions lo .. hi-1, all in the chunk that starts at p0 -> score[t][16 + position - p0].
template <class V, class Stored, int T>
void scores(const AttentionArgs& a, int64_t p0, int64_t lo, int64_t hi, const float* const q[T], float* score) {
  constexpr int L = V::kLanes;
  for (int64_t pos = lo; pos < hi;) {
    const int64_t page = pos / a.page, first = page * a.page, end = hi < first + a.page ? hi : first + a.page;
    const auto* k = reinterpret_cast<const typename Stored::Element*>(a.k_state + a.block_table[page] * a.k_page) +
                    static_cast<int64_t>(a.kv_head) * a.head_dim * a.page;
    for (int64_t slot = (pos - first) / L * L; slot < end - first;) {
      float* at = score + 16 + first + slot - p0;
      const int64_t valid = a.page - slot;
      if (valid >= 2 * L && end - first - slot > L) {
        score_vectors<V, Stored, T, 2>(a, k + slot, 2 * L, q, at);
        slot += 2 * L;
      } else if (valid >= L) {
        score_vectors<V, Stored, T, 1>(a, k + slot, L, q, at);
        slot += L;
      } else {
        score_vectors<V, Stored, T, 1>(a, k + slot, valid, q, at);
        slot += L;
      }
    }
    pos = end;
  }
}

// Turns scores into weights in place; returns (m, l) in part.
template <class V>
void weights(float* score, int64_t p0, int64_t lo, int64_t hi, float* part) {
  constexpr int L = V::kLanes;
  const float none = -__builtin_inff();
  float* s = score + 16;
  const int64_t from = (lo - p0) / L * L, to = (hi - p0 + L - 1) / L * L;
  for (int64_t i = from; i < lo - p0; i++) s[i] = none;
  for (int64_t i = hi - p0; i < to; i++) s[i] = none;
  typename V::F m = V::set1(none);
  for (int64_t i = from; i < to; i += L) m = V::max(V::load(s + i), m);
  part[0] = V::reduce_max(m);
  m = V::set1(part[0]);
  typename V::F l = V::zero();
  for (int64_t i = from; i < to; i += L) {
    const typename V::F p = vector_exp<V>(V::sub(V::load(s + i), m));
    V::store(s + i, p);
    l = V::add(l, p);
  }
  part[1] = V::reduce_add(l);
}

// Sum of weight * value over lo .. hi-1 for columns c .. -> part[t][kStateHead + c].
template <class V, class Stored, int T, int kVectors>
void weighted_values(const AttentionArgs& a, int64_t p0, int64_t lo, int64_t hi, int64_t c, const float* score,
                     float* const part[T]) {
  typename V::F acc[T][kVectors];
  INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int i = 0; i < kVectors; i++) acc[t][i] = V::zero();
  const int64_t valid = a.head_dim_v - c;
  for (int64_t pos = lo; pos < hi;) {
    const int64_t page = pos / a.page, first = page * a.page, end = hi < first + a.page ? hi : first + a.page;
    const auto* v = reinterpret_cast<const typename Stored::Element*>(a.v_state + a.block_table[page] * a.v_page) +
                    (static_cast<int64_t>(a.kv_head) * a.page + pos - first) * a.head_dim_v + c;
    const float* p = score + 16 + pos - p0;
    for (int64_t i = 0; i < end - pos; i++, v += a.head_dim_v) {
      typename V::F x[kVectors];
      INFER_UNROLL for (int j = 0; j < kVectors; j++) x[j] =
          load_stored<V, Stored>(v + j * V::kLanes, valid - j * V::kLanes);
      INFER_UNROLL for (int t = 0; t < T; t++) {
        const typename V::F w = V::set1(p[t * kScoreStride + i]);
        INFER_UNROLL for (int j = 0; j < kVectors; j++) acc[t][j] = V::fma(w, x[j], acc[t][j]);
      }
    }
    pos = end;
  }
  for (int t = 0; t < T; t++)
    for (int j = 0; j < kVectors; j++) {
      const int64_t n = valid - j * V::kLanes;
      float* at = part[t] + kStateHead + c + j * V::kLanes;
      if (n >= V::kLanes)
        V::store(at, acc[t][j]);
      else if (n > 0)
        V::store_n(at, acc[t][j], static_cast<int>(n));
    }
}

// into = into merged with part, its right neighbour. An empty state is m = -inf, l = 0, a = 0.
template <class V>
void attention_merge(float* into, const float* part, int64_t head_dim_v) {
  constexpr int L = V::kLanes;
  const float m = part[0] > into[0] ? part[0] : into[0];
  const float x = scalar_exp<V>(into[0] - m), y = scalar_exp<V>(part[0] - m);
  into[0] = m;
  into[1] = into[1] * x + part[1] * y;
  float* a = into + kStateHead;
  const float* b = part + kStateHead;
  int64_t i = 0;
  for (; i + L <= head_dim_v; i += L)
    V::store(a + i, V::fma(V::load(a + i), V::set1(x), V::mul(V::load(b + i), V::set1(y))));
  if (i < head_dim_v) {
    const int n = static_cast<int>(head_dim_v - i);
    V::store_n(a + i, V::fma(V::load_n(a + i, n), V::set1(x), V::mul(V::load_n(b + i, n), V::set1(y))), n);
  }
}

template <class V>
void attention_finish(const float* state, float sink, int32_t has_sink, float* out, int64_t head_dim_v) {
  float m = state[0], l = state[1], x = 1.0f;
  if (has_sink) {
    if (sink > m) m = sink;
    x = scalar_exp<V>(state[0] - m);
    l = l * x + scalar_exp<V>(sink - m);
  }
  const float by = x / l;
  for (int64_t i = 0; i < head_dim_v; i++) out[i] = state[kStateHead + i] * by;
}

// T queries that all see exactly lo .. hi-1 of one chunk -> their parts.
template <class V, class Stored, int T>
void attend_tile(const AttentionArgs& a, int64_t p0, int64_t lo, int64_t hi, const float* const q[],
                 float* const part[]) {
  float* score = a.scratch;
  scores<V, Stored, T>(a, p0, lo, hi, q, score);
  for (int t = 0; t < T; t++) weights<V>(score + t * kScoreStride, p0, lo, hi, part[t]);
  int64_t c = 0;
  for (; c + V::kLanes < a.head_dim_v; c += 2 * V::kLanes)
    weighted_values<V, Stored, T, 2>(a, p0, lo, hi, c, score, part);
  for (; c < a.head_dim_v; c += V::kLanes) weighted_values<V, Stored, T, 1>(a, p0, lo, hi, c, score, part);
}

template <class V, class Stored>
void attend_tile_of(int n, const AttentionArgs& a, int64_t p0, int64_t lo, int64_t hi, const float* const q[],
                    float* const part[]) {
  switch (n) {
    case 1:
      return attend_tile<V, Stored, 1>(a, p0, lo, hi, q, part);
    case 2:
      return attend_tile<V, Stored, 2>(a, p0, lo, hi, q, part);
    case 3:
      return attend_tile<V, Stored, 3>(a, p0, lo, hi, q, part);
    case 4:
      return attend_tile<V, Stored, 4>(a, p0, lo, hi, q, part);
    case 5:
      return attend_tile<V, Stored, 5>(a, p0, lo, hi, q, part);
    default:
      return attend_tile<V, Stored, 6>(a, p0, lo, hi, q, part);
  }
}

// Scratch: [scores of a tile][parts of a tile].
template <class V, class Stored>
void attend_chunk(const AttentionArgs& a, int64_t chunk) {
  const int group = a.n_heads / a.n_kv_heads;
  const int64_t p0 = chunk * kAttentionChunk, p1 = p0 + kAttentionChunk, part_size = kStateHead + a.head_dim_v;
  float* parts = a.scratch + kAttentionTileMax * kScoreStride;
  const float* q[kAttentionTileMax];
  float *part[kAttentionTileMax], *state[kAttentionTileMax];
  int n = 0;
  int64_t lo = 0, hi = 0;
  const auto flush = [&] {
    if (n == 0) return;
    attend_tile_of<V, Stored>(n, a, p0, lo, hi, q, part);
    if (!a.raw)
      for (int i = 0; i < n; i++) attention_merge<V>(state[i], part[i], a.head_dim_v);
    n = 0;
  };
  for (int32_t r = 0; r < a.n_rows; r++) {
    const int64_t position = a.first_position + r;
    int64_t row_lo = p0, row_hi = position + 1 < p1 ? position + 1 : p1;
    if (a.window > 0 && position + 1 - a.window > row_lo) row_lo = position + 1 - a.window;
    if (row_lo >= row_hi) continue;
    if (row_lo != lo || row_hi != hi) flush();
    lo = row_lo;
    hi = row_hi;
    for (int g = 0; g < group; g++) {
      if (n == V::kAttentionTile) flush();
      q[n] = a.q + r * a.q_stride + static_cast<int64_t>(a.kv_head * group + g) * a.head_dim;
      state[n] = a.state + (static_cast<int64_t>(r) * group + g) * a.state_stride;
      part[n] = a.raw ? state[n] : parts + n * part_size;
      n++;
    }
  }
  flush();
}

template <class V>
void attend(const AttentionArgs& a) {
  for (int64_t c = a.chunk0; c < a.chunk1; c++)
    a.f16 ? attend_chunk<V, StoredF16>(a, c) : attend_chunk<V, StoredF32>(a, c);
}

}  // namespace infer::cpu
