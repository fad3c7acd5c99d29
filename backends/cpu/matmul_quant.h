// Block-quantised weights times 8-bit activations.
//
// One output element is, for groups of 32 (or 16) values in ascending order,
//     acc = fma(float(exact integer dot of the group), weight scale * activation scale, acc)
//     acc = fma(weight offset, activation sum, acc)                                   where the type has an offset
// for each of the two terms of the activations, then the sum of the two, and nothing else, whatever the number of rows,
// the tile or the thread: rows of weights lie in lanes, so no sum ever crosses lanes. Two forms of the same arithmetic:
// `few` goes from the blocks to the accumulators in registers; `many` unpacks a panel of weight rows once into scratch
// (first-level cache) and multiplies all tokens with it.
#pragma once
#include "backends/cpu/formats.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/unpack.h"

namespace infer::cpu {

inline constexpr int64_t kPanelValues = 1024;  // values of K per panel: 16 rows take 16 KiB
template <class V>
inline constexpr int64_t kPanelTerms = 32 * V::kTokenTile;  // terms of activations per pass over a panel: whole tiles

// kLanes weight rows of a format with kernels of its own, in place.
template <class V, class Format>
struct BlockRows : Format {
  const uint8_t* p;
  int64_t stride;
  INFER_INLINE typename Format::Scales scales(int64_t b) const {
    return typename Format::Scales(p + b * Format::kBytes, stride);
  }
  INFER_INLINE void load_step(int64_t b, int step, typename V::B w[][8]) const {
    Format::load(p + b * Format::kBytes, stride, step, w);
  }
};

// kLanes rows that an Unpacker has written: q[k], scale[k / group], offset[k / group] each `stride` bytes apart.
template <class V, int kGroupSize, bool kHasOffset>
struct UnpackedRows : Simple32 {
  static constexpr int kGroup = kGroupSize, kBytes = 32;
  static constexpr bool kSigned = true, kOffset = kHasOffset;
  const uint8_t *q, *scale_at, *offset_at;
  int64_t stride;
  struct Scales {
    typename V::F s[32 / kGroupSize], o[32 / kGroupSize];
    INFER_INLINE typename V::F scale(int i) const { return s[i]; }
    INFER_INLINE typename V::F offset(int i) const { return o[i]; }
  };
  INFER_INLINE Scales scales(int64_t b) const {
    Scales r;
    for (int i = 0; i < 32 / kGroup; i++) {
      const int64_t at = (b * (32 / kGroup) + i) * 4;
      r.s[i] = V::from_bits(V::gather32(scale_at + at, stride));
      if constexpr (kHasOffset) r.o[i] = V::from_bits(V::gather32(offset_at + at, stride));
    }
    return r;
  }
  INFER_INLINE void load_step(int64_t b, int, typename V::B w[][8]) const { load_bytes<V>(q + b * 32, stride, w[0]); }
};

// One term of a quantised row of activations.
struct Record {
  const int8_t* q;
  const float *scale, *sum, *sum16;
  const int32_t *isum, *isum16;
};
template <class V>
INFER_INLINE Record record(const MatmulArgs& a, int64_t term) {  // 2 * row + which term
  const int64_t i = term / 2;
  const RecordLayout& l = *a.layout;
  const uint8_t* p = a.x + (a.x_rows ? a.x_rows[i] : i) * a.x_stride + term % 2 * l.term;
  return {reinterpret_cast<const int8_t*>(p),           reinterpret_cast<const float*>(p + l.scale),
          reinterpret_cast<const float*>(p + l.sum),    reinterpret_cast<const float*>(p + l.sum16),
          reinterpret_cast<const int32_t*>(p + l.isum), reinterpret_cast<const int32_t*>(p + l.isum16)};
}

// The one step that defines the result: group i (of kGroup values) of a row of activations.
template <class V, class Rows>
INFER_INLINE typename V::F accumulate(typename V::F acc, typename V::I dot, typename V::F scale, typename V::F offset,
                                      const Record& x, int64_t i) {
  constexpr bool k16 = Rows::kGroup == 16;
  constexpr int kZero = Rows::kSigned && V::kUnsignedOnly ? 7 : Rows::kZero;
  if constexpr (kZero >= 0) dot = V::sub_i(dot, V::shl(V::set1_i((k16 ? x.isum16 : x.isum)[i]), kZero));
  acc = V::fma(V::to_f(dot), V::mul(scale, V::set1(x.scale[k16 ? i / 2 : i])), acc);
  if constexpr (Rows::kOffset) acc = V::fma(offset, V::set1((k16 ? x.sum16 : x.sum)[i]), acc);
  return acc;
}

template <class V, class Rows>
using DotOf =
    typename V::template Dot<Rows::kSigned, (Rows::kChain < Rows::kGroup / 4 ? Rows::kChain : Rows::kGroup / 4)>;

// Weight bytes as the instruction set's dot product wants them.
template <class V, class Rows>
INFER_INLINE typename V::B prepared(typename V::B w) {
  if constexpr (Rows::kSigned && V::kUnsignedOnly) return V::flip_sign(w);
  return w;
}

// ---- few rows: blocks to accumulators
// -----------------------------------------------------------------------------------

// Rows of a tile are read side by side, which hardware prefetchers follow badly: while one tile is computed, the next
// (`ahead`, the memory right behind it) is fetched in one line, as many bytes as are consumed.
template <class V, class Rows>
INFER_INLINE void fetch(const uint8_t* ahead, int64_t b) {
  constexpr int kBytes = V::kLanes * Rows::kBytes;
  const uintptr_t at = reinterpret_cast<uintptr_t>(ahead) + static_cast<uintptr_t>(b * kBytes);
  INFER_UNROLL for (int i = 0; i < (kBytes + 63) / 64; i++)
      __builtin_prefetch(reinterpret_cast<const void*>(at + static_cast<uintptr_t>(64 * i)));
}

template <class V, class Rows, int T>
INFER_INLINE void few(const Rows& rows, int64_t k, const uint8_t* ahead, const Record x[T], typename V::F acc[T]) {
  constexpr int kParts = 32 / Rows::kGroup, kSteps = Rows::kGroup / 4, kGroups = Rows::kValues / 32;
  for (int t = 0; t < T; t++) acc[t] = V::zero();
  for (int64_t b = 0; b < k / Rows::kValues; b++) {
    fetch<V, Rows>(ahead, b);
    const auto scales = rows.scales(b);
    for (int step = 0; step < kGroups / Rows::kStep; step++) {
      typename V::B w[Rows::kStep][8];
      rows.load_step(b, step, w);
      INFER_UNROLL for (int s = 0; s < Rows::kStep; s++) {
        const int64_t g = b * kGroups + step * Rows::kStep + s;
        INFER_UNROLL for (int part = 0; part < kParts; part++) {
          const int in_block = (step * Rows::kStep + s) * kParts + part;
          INFER_UNROLL for (int t = 0; t < T; t++) {
            DotOf<V, Rows> dot{};
            INFER_UNROLL for (int j = 0; j < kSteps; j++) dot.step(
                prepared<V, Rows>(w[s][part * kSteps + j]), V::activation(x[t].q + g * 32 + part * 16 + 4 * j), j);
            acc[t] = accumulate<V, Rows>(acc[t], dot.result(), scales.scale(in_block), scales.offset(in_block), x[t],
                                         g * kParts + part);
          }
        }
      }
    }
  }
}

// ---- many rows: a panel of R * kLanes weight rows
// -------------------------------------------------------------------------

template <class V, class Rows>
struct Panel {
  static constexpr int R = V::kRowVectors, kParts = 32 / Rows::kGroup;
  uint8_t* q;     // [k/4][R][kLanes] groups of 4 bytes
  float* scale;   // [k/group][R][kLanes]
  float* offset;  // the same
  explicit Panel(uint8_t* scratch)
      : q(scratch),
        scale(reinterpret_cast<float*>(q + kPanelValues * R * V::kLanes)),
        offset(scale + kPanelValues / Rows::kGroup * R * V::kLanes) {}

  // Row vector r, values from block b0 of n_blocks.
  void fill(const Rows& rows, int r, int64_t b0, int64_t n_blocks) {
    constexpr int kGroups = Rows::kValues / 32, L = V::kLanes;
    for (int64_t b = 0; b < n_blocks; b++) {
      const auto scales = rows.scales(b0 + b);
      for (int i = 0; i < kGroups * kParts; i++) {
        const int64_t at = ((b * kGroups * kParts + i) * R + r) * L;
        V::store(scale + at, scales.scale(i));
        if constexpr (Rows::kOffset) V::store(offset + at, scales.offset(i));
      }
      for (int step = 0; step < kGroups / Rows::kStep; step++) {
        typename V::B w[Rows::kStep][8];
        rows.load_step(b0 + b, step, w);
        for (int s = 0; s < Rows::kStep; s++)
          for (int j = 0; j < 8; j++)
            V::store_b(q + (((b * kGroups + step * Rows::kStep + s) * 8 + j) * R + r) * 4 * L,
                       prepared<V, Rows>(w[s][j]));
      }
    }
  }
};

template <class V, class Rows, int T>
void many(const Panel<V, Rows>& panel, int64_t n_groups, const Record x[T], int64_t g0, float* acc_at) {
  constexpr int R = V::kRowVectors, L = V::kLanes, kParts = 32 / Rows::kGroup, kSteps = Rows::kGroup / 4;
  typename V::F acc[R][T];
  const int8_t* a[T];
  INFER_UNROLL for (int t = 0; t < T; t++) {
    a[t] = x[t].q + g0 * 32;
    INFER_UNROLL for (int r = 0; r < R; r++) acc[r][t] = V::load(acc_at + (t * R + r) * L);
  }
  const uint8_t* q = panel.q;
  for (int64_t g = 0; g < n_groups; g++) {
    INFER_UNROLL for (int part = 0; part < kParts; part++) {
      DotOf<V, Rows> dot[R][T] = {};
      INFER_UNROLL for (int j = 0; j < kSteps; j++) {
        typename V::B w[R];
        INFER_UNROLL for (int r = 0; r < R; r++) w[r] = V::load_b(q + (j * R + r) * 4 * L);
        INFER_UNROLL for (int t = 0; t < T; t++) {
          const typename V::I v = V::activation(a[t] + 4 * j);
          INFER_UNROLL for (int r = 0; r < R; r++) dot[r][t].step(w[r], v, j);
        }
      }
      q += kSteps * R * 4 * L;
      const int64_t i = g * kParts + part;
      INFER_UNROLL for (int t = 0; t < T; t++) a[t] += 4 * kSteps;
      INFER_UNROLL for (int r = 0; r < R; r++) {
        const typename V::F scale = V::load(panel.scale + (i * R + r) * L);
        const typename V::F offset = Rows::kOffset ? V::load(panel.offset + (i * R + r) * L) : V::zero();
        INFER_UNROLL for (int t = 0; t < T; t++) acc[r][t] =
            accumulate<V, Rows>(acc[r][t], dot[r][t].result(), scale, offset, x[t], g0 * kParts + i);
      }
    }
  }
  INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int r = 0; r < R; r++)
      V::store(acc_at + (t * R + r) * L, acc[r][t]);
}

// ---- the driver
// ---------------------------------------------------------------------------------------------------------

// kLanes consecutive weight rows that contain row n0; the first `skip` of them belong to the tile before. A matrix of
// fewer than kLanes rows is copied to scratch, the missing rows as zeros.
template <class V>
struct RowWindow {
  const uint8_t* p;
  int64_t stride;
  int skip;
  RowWindow(const MatmulArgs& a, int64_t n0, uint8_t* scratch) : p(a.w), stride(a.row_bytes), skip(0) {
    if (a.n < V::kLanes) {
      __builtin_memcpy(scratch, a.w, static_cast<size_t>(a.n * stride));
      __builtin_memset(scratch + a.n * stride, 0, static_cast<size_t>((V::kLanes - a.n) * stride));
      p = scratch;
      skip = static_cast<int>(n0);
      return;
    }
    const int64_t first = n0 + V::kLanes <= a.n ? n0 : a.n - V::kLanes;
    p = a.w + first * stride;
    skip = static_cast<int>(n0 - first);
  }
};

// Writes columns n0 .. of row m from a vector whose first `skip` lanes are not wanted.
template <class V>
INFER_INLINE void put(const MatmulArgs& a, int64_t m, int64_t n0, int skip, typename V::F v) {
  int64_t count = V::kLanes - skip;
  if (n0 + count > a.n1) count = a.n1 - n0;
  if (count <= 0) return;
  const int64_t at = (a.y_rows ? a.y_rows[m] : m) * a.y_stride + n0;
  if (count == V::kLanes) {
    if (a.bias) v = V::add(v, V::load(a.bias + n0));
    if (a.residual) v = V::add(v, V::load(a.residual + at));
    V::store(a.y + at, v);
    return;
  }
  float lanes[V::kLanes];
  V::store(lanes, v);
  for (int64_t i = 0; i < count; i++) {
    float y = lanes[skip + i];
    if (a.bias) y += a.bias[n0 + i];
    if (a.residual) y += a.residual[at + i];
    a.y[at + i] = y;
  }
}

// Scratch: [rows of a small matrix, or unpacked rows][panel][accumulators].
inline constexpr int64_t kScratchAlign = 64;
template <class V>
int64_t rows_scratch(int64_t k, int64_t row_bytes) {
  const int64_t padded = V::kLanes * row_bytes;
  const int64_t unpacked = V::kRowVectors * V::kLanes * (k + 2 * 4 * (k / 16) + 64);
  return (padded + unpacked + 2 * kScratchAlign) / kScratchAlign * kScratchAlign;
}
template <class V>
int64_t panel_scratch() {
  return kPanelValues * V::kRowVectors * V::kLanes * (16 + 4 + 4) / 16 + kScratchAlign;
}
template <class V>
int64_t scratch_bytes(int64_t k, int64_t row_bytes) {
  return rows_scratch<V>(k, row_bytes) + panel_scratch<V>() + kPanelTerms<V> * V::kRowVectors * V::kLanes * 4 +
         kScratchAlign;
}

// Rows in place.
template <class V, class Format>
struct InPlace {
  using Rows = BlockRows<V, Format>;
  static Rows rows(const MatmulArgs& a, int64_t n0, int, uint8_t* scratch, int* skip) {
    const RowWindow<V> window(a, n0, scratch);
    Rows r;
    r.p = window.p;
    r.stride = window.stride;
    *skip = window.skip;
    return r;
  }
};

// Rows through an Unpacker.
template <class V, int kGroup, bool kOffset>
struct Unpacked {
  using Rows = UnpackedRows<V, kGroup, kOffset>;
  static Rows rows(const MatmulArgs& a, int64_t n0, int r, uint8_t* scratch, int* skip) {
    const RowWindow<V> window(a, n0, scratch);
    *skip = window.skip;
    const int64_t groups = a.k / kGroup, stride = (a.k + groups * 8 + 63) / 64 * 64;
    uint8_t* q = scratch + (V::kLanes * a.row_bytes + 63) / 64 * 64 + r * V::kLanes * stride;
    for (int lane = 0; lane < V::kLanes; lane++) {
      uint8_t* at = q + lane * stride;
      float* scale = reinterpret_cast<float*>(at + a.k);
      a.unpacker->row(window.p + lane * window.stride, a.k, reinterpret_cast<int8_t*>(at), scale, scale + groups);
    }
    Rows rows;
    rows.q = q;
    rows.scale_at = q + a.k;
    rows.offset_at = q + a.k + groups * 4;
    rows.stride = stride;
    return rows;
  }
};

// M rows from m0 on.
template <class V, class Source, int M>
void run_few(const MatmulArgs& a, int64_t m0) {
  constexpr int T = 2 * M;
  Record x[T];
  for (int t = 0; t < T; t++) x[t] = record<V>(a, 2 * m0 + t);
  for (int64_t n0 = a.n0; n0 < a.n1; n0 += V::kLanes) {
    int skip;
    const auto rows = Source::rows(a, n0, 0, a.scratch, &skip);
    typename V::F acc[T];
    few<V, typename Source::Rows, T>(rows, a.k, a.w + (n0 + V::kLanes) * a.row_bytes, x, acc);
    for (int t = 0; t < M; t++) put<V>(a, m0 + t, n0, skip, V::add(acc[2 * t], acc[2 * t + 1]));
  }
}

template <class V, class Source>
void run_many(const MatmulArgs& a) {
  using Rows = typename Source::Rows;
  constexpr int R = V::kRowVectors, L = V::kLanes, T = V::kTokenTile;
  Panel<V, Rows> panel(a.scratch + rows_scratch<V>(a.k, a.row_bytes));
  float* acc = reinterpret_cast<float*>(a.scratch + rows_scratch<V>(a.k, a.row_bytes) + panel_scratch<V>());
  constexpr int64_t kPanelBlocks = kPanelValues / Rows::kValues;
  const int64_t n_blocks = a.k / Rows::kValues, groups = Rows::kValues / 32;
  constexpr int64_t kPanelRows = kPanelTerms<V> / 2;
  for (int64_t m0 = 0; m0 < a.m; m0 += kPanelRows) {
    const int64_t m_count = a.m - m0 < kPanelRows ? a.m - m0 : kPanelRows, terms = 2 * m_count;
    for (int64_t n0 = a.n0; n0 < a.n1; n0 += R * L) {
      Rows rows[R];
      int skip[R];
      for (int r = 0; r < R; r++) {
        // A vector past the end repeats the last rows; its columns are not written.
        const int64_t start = n0 + r * L < a.n ? n0 + r * L : a.n - 1;
        rows[r] = Source::rows(a, start, r, a.scratch, &skip[r]);
      }
      __builtin_memset(acc, 0, static_cast<size_t>(terms) * R * L * sizeof(float));
      for (int64_t b0 = 0; b0 < n_blocks; b0 += kPanelBlocks) {
        const int64_t count = n_blocks - b0 < kPanelBlocks ? n_blocks - b0 : kPanelBlocks;
        for (int r = 0; r < R; r++) panel.fill(rows[r], r, b0, count);
        int64_t t = 0;
        for (; t + T <= terms; t += T) {
          Record x[T];
          for (int i = 0; i < T; i++) x[i] = record<V>(a, 2 * m0 + t + i);
          many<V, Rows, T>(panel, count * groups, x, b0 * groups, acc + t * R * L);
        }
        for (; t < terms; t++) {
          const Record x = record<V>(a, 2 * m0 + t);
          many<V, Rows, 1>(panel, count * groups, &x, b0 * groups, acc + t * R * L);
        }
      }
      for (int64_t t = 0; t < m_count; t++)
        for (int r = 0; r < R; r++)
          if (n0 + r * L < a.n1)
            put<V>(a, m0 + t, n0 + r * L, skip[r],
                   V::add(V::load(acc + (2 * t * R + r) * L), V::load(acc + ((2 * t + 1) * R + r) * L)));
    }
  }
}

// Up to this many rows the unpacked panel does not pay.
inline constexpr int64_t kFewRows = 4;

template <class V, class Source>
void matmul_quant(const MatmulArgs& a) {
  if (a.m > kFewRows) return run_many<V, Source>(a);
  int64_t m = 0;
  for (; m + 2 <= a.m; m += 2) run_few<V, Source, 2>(a, m);
  if (m < a.m) run_few<V, Source, 1>(a, m);
}

}  // namespace infer::cpu
