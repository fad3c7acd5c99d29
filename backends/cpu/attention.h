// Attention of a block of rows over paged keys and values.
//
// Numeric form: positions are cut at absolute multiples of kAttentionChunk. A chunk gives, for one query, its largest
// score m, the sum l of exp(score - m) and the vector a of values so weighted; chunks are merged into a running (m, l,
// a) in ascending order. So the result does not depend on how rows and chunks were spread over tiles, runs and threads.
// A query never touches a position that it does not see.
//
// Keys lie transposed inside a page (stored.h): scores of neighbouring positions lie in lanes, without sums across
// lanes. Queries and weights stay floats; a scale multiplies the sum of its 32 products, or the weight.
#pragma once
#include "backends/cpu/formats.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/stored.h"
#include "backends/cpu/vector_math.h"

namespace infer::cpu {

inline constexpr float kLog2E = 1.44269504f;

// The queries of a tile: T rows of heads that all see exactly positions lo .. hi-1, a part of the chunk that starts at
// p0.
template <int T>
struct Tile {
  const AttentionArgs& a;
  int64_t p0, lo, hi;
  const float* q[T];
  float* part[T];  // m, l, a: what comes out
  float* score;    // [T][kScoreStride], position p at 16 + p - p0: scores, then weights
  float* scaled;   // [T][kScoreStride]: weights times scales
};

// A tile that comes first in its chunk fetches what it will read soon, a little with every row of cells that it works
// on: many lines at once would hold up the loads behind them. Parts are counted in the order in which they are read:
// keys of the chunk's pages, values of its pages, keys of what comes next.
struct Stream {
  const AttentionArgs& a;
  int64_t first, n;      // pages of this chunk
  int64_t last;          // page of the last row; the table says nothing of those behind it
  int64_t k_row, v_row;  // bytes of a position in a head's part
  bool on;
  static constexpr int64_t kAhead = 2;  // parts

  INFER_INLINE Stream(const AttentionArgs& args, int64_t lo, int64_t hi, bool fetches)
      : a(args),
        first(lo / a.page),
        n((hi - 1) / a.page + 1 - first),
        last((a.first_position + a.n_rows - 1) / a.page),
        k_row(a.k_page / a.n_kv_heads / a.page),
        v_row(a.v_page / a.n_kv_heads / a.page),
        on(fetches) {}
  struct Ahead {
    const uint8_t* at;
    int64_t row;  // bytes per position that is worked on
  };
  INFER_INLINE Ahead ahead(int64_t part) const {  // of what is read kAhead parts later
    const int64_t i = part + kAhead;
    if (on && i < n) return {a.k_state + a.block_table[first + i] * a.k_page + a.kv_head * a.page * k_row, k_row};
    if (on && i < 2 * n)
      return {a.v_state + a.block_table[first + i - n] * a.v_page + a.kv_head * a.page * v_row, v_row};
    if (on && a.next_position >= 0) {
      const int64_t page = a.next_position / a.page + i - 2 * n;
      if (page <= last) return {a.k_state + a.block_table[page] * a.k_page + a.next_head * a.page * k_row, k_row};
    }
    return {a.k_state, 0};
  }
};

// Vectors beside each other for T queries: what 16 registers (32 of AVX-512 and NEON) hold beside T sums of each, about
// 8 sums to hide a multiply-add's latency. 32 lanes at most: a page's slots as a rule, a group of columns.
template <class V, int T>
inline constexpr int kAbreast = T <= 2 || V::kLanes == 16 ? 32 / V::kLanes : 16 / V::kLanes;

// by * (q . k) for W vectors of slots, of which `exist` slots are there -> score[t][0 ..].
template <class V, class S, int T, int W, bool kWhole>
void score_vectors(const AttentionArgs& a, const Part<S>& k, int64_t slot, int64_t exist, const float* const q[T],
                   float by, float* score, Stream::Ahead ahead) {
  using F = typename V::F;
  constexpr int L = V::kLanes, kApart = kScaleGroup / 2;
  const int64_t dims = S::kScaled ? kScaleGroup : a.head_dim, page = a.page;
  const uint8_t* fetch = ahead.at + slot * ahead.row;
  const int64_t fetch_step = ahead.row * W * L * S::kValues / a.head_dim;
  const typename S::Cell* cells = k.cells + slot;
  F sum[T][W];
  INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int i = 0; i < W; i++) sum[t][i] = V::zero();
  for (int64_t d0 = 0; d0 < a.head_dim; d0 += dims) {
    F acc[T][W];
    const float* x[T];
    INFER_UNROLL for (int t = 0; t < T; t++) {
      x[t] = q[t] + d0;
      INFER_UNROLL for (int i = 0; i < W; i++) acc[t][i] = V::zero();
    }
    for (int64_t d = 0; d < dims / S::kValues; d++, cells += page, fetch += fetch_step) {
      __builtin_prefetch(fetch);
      F kv[W][S::kValues];
      INFER_UNROLL for (int i = 0; i < W; i++) {
        if constexpr (kWhole)
          S::template load<V>(cells + i * L, kv[i]);
        else
          load_cells<V, S>(cells, exist, kv[i]);
      }
      INFER_UNROLL for (int h = 0; h < S::kValues; h++) INFER_UNROLL for (int t = 0; t < T; t++) {
        const F y = V::set1(x[t][d + h * kApart]);
        INFER_UNROLL for (int i = 0; i < W; i++) acc[t][i] = V::fma(y, kv[i][h], acc[t][i]);
      }
    }
    INFER_UNROLL for (int i = 0; i < W; i++) {
      if constexpr (S::kScaled) {
        F scale[1];
        const uint16_t* at = k.scales + d0 / kScaleGroup * page + slot + i * L;
        if constexpr (kWhole)
          scale[0] = V::load_f16(at);
        else
          load_cells<V, StoredF16>(at, exist, scale);
        INFER_UNROLL for (int t = 0; t < T; t++) sum[t][i] = V::fma(scale[0], acc[t][i], sum[t][i]);
      } else {
        INFER_UNROLL for (int t = 0; t < T; t++) sum[t][i] = acc[t][i];
      }
    }
  }
  INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int i = 0; i < W; i++)
      V::store(score + t * kScoreStride + i * L, V::mul(sum[t][i], V::set1(by)));
}

template <class V, class S, int T>
void scores(const Tile<T>& tile, const Stream& stream) {
  constexpr int L = V::kLanes, W = kAbreast<V, T>;
  const AttentionArgs& a = tile.a;
  const float by = a.softcap > 0 ? a.scale / a.softcap : a.scale * kLog2E;
  for (int64_t pos = tile.lo, i = 0; pos < tile.hi; i++) {
    const int64_t page = pos / a.page, first = page * a.page, end = tile.hi < first + a.page ? tile.hi : first + a.page;
    const Stream::Ahead ahead = stream.ahead(i);
    const Part<S> k(a.k_state + a.block_table[page] * a.k_page, a.head_dim, a.kv_head, a.page);
    for (int64_t slot = (pos - first) / L * L; slot < end - first;) {
      float* at = tile.score + 16 + first + slot - tile.p0;
      const int64_t exist = a.page - slot, wanted = end - first - slot;
      if (W > 1 && exist >= W * L && wanted > (W - 1) * L) {
        score_vectors<V, S, T, W, true>(a, k, slot, exist, tile.q, by, at, ahead);
        slot += W * L;
      } else if (exist >= L) {
        score_vectors<V, S, T, 1, true>(a, k, slot, exist, tile.q, by, at, ahead);
        slot += L;
      } else {
        score_vectors<V, S, T, 1, false>(a, k, slot, exist, tile.q, by, at, ahead);
        slot += L;
      }
    }
    pos = end;
  }
}

// Turns the scores (in units of ln 2; before a softcap: of the cap) of lo .. hi-1 into weights in place; returns (m, l)
// in part.
template <class V>
void weights(float* s, int64_t lo, int64_t hi, float softcap, float* part) {
  constexpr int L = V::kLanes;
  const float none = -__builtin_inff();
  const int64_t from = lo / L * L, to = (hi + L - 1) / L * L;
  if (softcap > 0)
    for (int64_t i = from; i < to; i += L)
      V::store(s + i, V::mul(V::set1(softcap * kLog2E), vector_tanh<V>(V::load(s + i))));
  for (int64_t i = from; i < lo; i++) s[i] = none;
  for (int64_t i = hi; i < to; i++) s[i] = none;
  typename V::F m = V::set1(none);
  for (int64_t i = from; i < to; i += L) m = V::max(V::load(s + i), m);
  part[0] = V::reduce_max(m);
  m = V::set1(part[0]);
  typename V::F l = V::zero();
  for (int64_t i = from; i < to; i += L) {
    const typename V::F p = vector_exp2<V>(V::sub(V::load(s + i), m));
    V::store(s + i, p);
    l = V::add(l, p);
  }
  part[1] = V::reduce_add(l);
}

// part[t] += the sum over positions lo .. hi-1 of w[t][16 + position - p0] * value, for W vectors of columns from
// vector u on.
template <class V, class S, int T, int W, bool kWhole>
void value_vectors(const Tile<T>& tile, const Stream& stream, int64_t lo, int64_t hi, int64_t u, const float* w) {
  using F = typename V::F;
  constexpr int L = V::kLanes;
  const AttentionArgs& a = tile.a;
  const int64_t stride = a.head_dim_v / S::kValues, valid = a.head_dim_v - u * L;
  F acc[T][W];
  INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int i = 0; i < W; i++) {
    const float* p = tile.part[t] + kStateHead + column<V, S>(u + i);
    acc[t][i] = kWhole ? V::load(p) : V::load_n(p, static_cast<int>(valid));
  }
  w += 16 + lo - tile.p0;
  for (int64_t pos = lo; pos < hi;) {
    const int64_t page = pos / a.page, slot = pos % a.page, end = hi - pos < a.page - slot ? hi : pos + a.page - slot;
    const Part<S> v(a.v_state + a.block_table[page] * a.v_page, a.head_dim_v, a.kv_head, a.page);
    const typename S::Cell* cells = v.cells + slot * stride + cell<V, S>(u);
    const Stream::Ahead ahead = stream.ahead(stream.n + page - stream.first);
    const int64_t fetch_step = ahead.row * W * L / a.head_dim_v;  // this vector's share
    const uint8_t* fetch = ahead.at + slot * ahead.row + u / W * (end - pos) * fetch_step;
    for (; pos < end; pos++, w++, cells += stride, fetch += fetch_step) {
      __builtin_prefetch(fetch);
      F x[W];
      if constexpr (kWhole) {
        INFER_UNROLL for (int i = 0; i < W; i += S::kValues) S::template load<V>(cells + cell<V, S>(i), x + i);
      } else {
        load_cells<V, S>(cells, valid, x);
      }
      INFER_UNROLL for (int t = 0; t < T; t++) {
        const F y = V::set1(w[t * kScoreStride]);
        INFER_UNROLL for (int i = 0; i < W; i++) acc[t][i] = V::fma(y, x[i], acc[t][i]);
      }
    }
  }
  INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int i = 0; i < W; i++) {
    float* p = tile.part[t] + kStateHead + column<V, S>(u + i);
    kWhole ? V::store(p, acc[t][i]) : V::store_n(p, acc[t][i], static_cast<int>(valid));
  }
}

// Weights of lo .. hi-1 times the scales of group g of the values -> tile.scaled.
template <class V, class S, int T>
void scale_weights(const Tile<T>& tile, int64_t lo, int64_t hi, int64_t g) {
  constexpr int L = V::kLanes;
  const AttentionArgs& a = tile.a;
  for (int64_t pos = lo; pos < hi;) {
    const int64_t page = pos / a.page, slot = pos % a.page, n = hi - pos < a.page - slot ? hi - pos : a.page - slot;
    const Part<S> v(a.v_state + a.block_table[page] * a.v_page, a.head_dim_v, a.kv_head, a.page);
    const uint16_t* scales = v.scales + g * a.page + slot;
    const int64_t at = 16 + pos - tile.p0;
    for (int64_t i = 0; i < n; i += L) {
      typename V::F scale[1];
      load_cells<V, StoredF16>(scales + i, a.page - slot - i, scale);
      INFER_UNROLL for (int t = 0; t < T; t++) V::store(
          tile.scaled + t * kScoreStride + at + i, V::mul(V::load(tile.score + t * kScoreStride + at + i), scale[0]));
    }
    pos += n;
  }
}

// Sum of weight * value -> part[t][kStateHead ..]. So many positions at a time that what columns share stays near.
template <class V, class S, int T>
void weighted_values(const Tile<T>& tile, const Stream& stream) {
  constexpr int L = V::kLanes, W = kAbreast<V, T>, kSpan = 64;
  const AttentionArgs& a = tile.a;
  const int64_t dim = a.head_dim_v;
  for (int t = 0; t < T; t++)
    for (int64_t c = 0; c < dim; c++) tile.part[t][kStateHead + c] = 0;
  for (int64_t lo = tile.lo; lo < tile.hi;) {
    const int64_t whole = (lo / kSpan + 1) * kSpan, hi = tile.hi < whole ? tile.hi : whole;
    int64_t u = 0;
    if constexpr (S::kScaled) {
      for (; u * L < dim; u += W) {
        if (u * L % kScaleGroup == 0) scale_weights<V, S>(tile, lo, hi, u * L / kScaleGroup);
        value_vectors<V, S, T, W, true>(tile, stream, lo, hi, u, tile.scaled);
      }
    } else {
      for (; (u + W) * L <= dim; u += W) value_vectors<V, S, T, W, true>(tile, stream, lo, hi, u, tile.score);
      for (; (u + 1) * L <= dim; u++) value_vectors<V, S, T, 1, true>(tile, stream, lo, hi, u, tile.score);
      if (u * L < dim) value_vectors<V, S, T, 1, false>(tile, stream, lo, hi, u, tile.score);
    }
    lo = hi;
  }
}

// into = into merged with part, its right neighbour. An empty state is m = -inf, l = 0, a = 0.
template <class V>
void attention_merge(float* into, const float* part, int64_t head_dim_v) {
  constexpr int L = V::kLanes;
  const float m = part[0] > into[0] ? part[0] : into[0];
  const float x = scalar_exp2<V>(into[0] - m), y = scalar_exp2<V>(part[0] - m);
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
    sink *= kLog2E;
    if (sink > m) m = sink;
    x = scalar_exp2<V>(state[0] - m);
    l = l * x + scalar_exp2<V>(sink - m);
  }
  const float by = x / l;
  for (int64_t i = 0; i < head_dim_v; i++) out[i] = state[kStateHead + i] * by;
}

template <class V, class S, int T>
void attend_tile(const AttentionArgs& a, int64_t p0, int64_t lo, int64_t hi, const float* const q[],
                 float* const part[], bool first) {
  Tile<T> tile{a, p0, lo, hi, {}, {}, a.scratch, a.scratch + kAttentionTileMax * kScoreStride};
  for (int t = 0; t < T; t++) tile.q[t] = q[t], tile.part[t] = part[t];
  const Stream stream(a, lo, hi, first);
  scores<V, S>(tile, stream);
  for (int t = 0; t < T; t++) weights<V>(tile.score + t * kScoreStride + 16, lo - p0, hi - p0, a.softcap, part[t]);
  weighted_values<V, S>(tile, stream);
}

template <class V, class S, int T = V::kAttentionTile>
void attend_tile_of(int n, const AttentionArgs& a, int64_t p0, int64_t lo, int64_t hi, const float* const q[],
                    float* const part[], bool first) {
  if constexpr (T > 1)
    if (n < T) return attend_tile_of<V, S, T - 1>(n, a, p0, lo, hi, q, part, first);
  attend_tile<V, S, T>(a, p0, lo, hi, q, part, first);
}

// How many queries at a time: a single row's heads in equal tiles.
inline int tile_size(int most, int n_rows, int group) {
  if (n_rows > 1 || group <= most) return most;
  const int tiles = (group + most - 1) / most;
  return (group + tiles - 1) / tiles;
}

// Scratch: [what a tile needs][parts of a tile].
template <class V, class S>
void attend_chunk(const AttentionArgs& a, int64_t chunk) {
  const int group = a.n_heads / a.n_kv_heads;
  const int64_t p0 = chunk * kAttentionChunk, p1 = p0 + kAttentionChunk, part_size = kStateHead + a.head_dim_v;
  float* parts = a.scratch + 2 * kAttentionTileMax * kScoreStride;
  const float* q[kAttentionTileMax];
  float *part[kAttentionTileMax], *state[kAttentionTileMax];
  const int most = tile_size(V::kAttentionTile, a.n_rows, group);
  bool first = true;
  int n = 0;
  int64_t lo = 0, hi = 0;
  const auto flush = [&] {
    if (n == 0) return;
    attend_tile_of<V, S>(n, a, p0, lo, hi, q, part, first);
    first = false;
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
      if (n == most) flush();
      q[n] = a.q + r * a.q_stride + static_cast<int64_t>(a.kv_head * group + g) * a.head_dim;
      state[n] = a.state + (static_cast<int64_t>(r) * group + g) * a.state_stride;
      part[n] = a.raw ? state[n] : parts + n * part_size;
      n++;
    }
  }
  flush();
}

template <class V, class S>
void attend_chunks(const AttentionArgs& a) {
  AttentionArgs one = a;
  for (int64_t c = a.chunk0; c < a.chunk1; c++) {
    const bool last = c + 1 == a.chunk1;
    one.next_position = last ? a.next_position : (c + 1) * kAttentionChunk;
    one.next_head = last ? a.next_head : a.kv_head;
    attend_chunk<V, S>(one, c);
  }
}

template <class V>
void attend(const AttentionArgs& a) {
  switch (a.kv_type) {
    case quant::Type::kF32:
      return attend_chunks<V, StoredF32>(a);
    case quant::Type::kBF16:
      return attend_chunks<V, StoredBF16>(a);
    case quant::Type::kQ8_0:
      return attend_chunks<V, StoredQ8_0>(a);
    case quant::Type::kQ4_0:
      return attend_chunks<V, StoredQ4_0>(a);
    default:
      return attend_chunks<V, StoredF16>(a);
  }
}

}  // namespace infer::cpu
