// Block-quantised weights times 8-bit activations.
//
// A row of activations is RecordLayout's first terms for all groups of 32 values, and second terms for those that stand
// out. One output element is y + low, where, over panels of kPanelValues values in ascending order, first
//   y   = fma(float(dot) * x scale, w scale, y)    for each part (16 or 32 values) of formats with float scales, or
//   y   = fma(s, d, y), s = fma(float(dot * w multiplier), x scale, s)    over the groups of a block of the other ones
//   low = fma(x sum, w offset, low), or likewise by blocks                where the format has offsets
// for the panel's first terms, then its second terms, each as if it were a block, in the order of their groups. dot is
// exact. It is
// that and nothing else whatever the number of rows, the tile or the thread: rows of weights lie in lanes, so no sum
// ever crosses lanes. Two forms of the same arithmetic: matmul_few.h and matmul_many.h; here is what picks and drives.
#pragma once
#include "backends/cpu/matmul_few.h"
#include "backends/cpu/matmul_many.h"

namespace infer::cpu {

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

// Scratch: [rows of a small matrix, or unpacked rows][panel][y][low].
inline constexpr int64_t kScratchAlign = 64;
template <class V>
int64_t rows_scratch(int64_t k, int64_t row_bytes) {
  const int64_t padded = V::kLanes * row_bytes;
  const int64_t unpacked = V::kRowVectors * V::kLanes * (k + 4 * (k / 16) + 64);
  return (padded + unpacked + 2 * kScratchAlign) / kScratchAlign * kScratchAlign;
}
template <class V>
int64_t panel_scratch() {
  return (Panel<V, Simple32>::bytes() + kScratchAlign - 1) / kScratchAlign * kScratchAlign;
}
template <class V>
int64_t scratch_bytes(int64_t k, int64_t row_bytes) {
  const int64_t sums = kPassRows<V> * V::kRowVectors * V::kLanes * 4;
  return rows_scratch<V>(k, row_bytes) + panel_scratch<V>() + 2 * sums + kScratchAlign;
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

// Rows of packed tiles; the matrix has whole tiles only. n0 is a multiple of kLanes, or the last row for any others.
template <class V, class Format>
struct Packed {
  using Rows = PackedRows<V, Format>;
  static Rows rows(const MatmulArgs& a, int64_t n0, int, uint8_t*, int* skip) {
    Rows r;
    r.lane = static_cast<int>(n0 % kPackedRows) / V::kLanes * V::kLanes;
    r.tile = a.packed + n0 / kPackedRows * kPackedRows * a.row_bytes;
    *skip = 0;
    return r;
  }
};

// Where unpacked rows begin: behind those of a small matrix.
template <class V>
INFER_INLINE uint8_t* unpacked_scratch(const MatmulArgs& a) {
  return a.scratch + (V::kLanes * a.row_bytes + 63) / 64 * 64;
}

// Rows through an Unpacker.
template <class V, int kGroup>
struct Unpacked {
  using Rows = UnpackedRows<V, kGroup>;
  static Rows rows(const MatmulArgs& a, int64_t n0, int r, uint8_t* scratch, int* skip) {
    const RowWindow<V> window(a, n0, scratch);
    *skip = window.skip;
    const int64_t groups = a.k / kGroup, stride = (a.k + groups * 4 + 63) / 64 * 64;
    uint8_t* q = unpacked_scratch<V>(a) + r * V::kLanes * stride;
    for (int lane = 0; lane < V::kLanes; lane++) {
      uint8_t* at = q + lane * stride;
      float* scale = reinterpret_cast<float*>(at + a.k);
      a.unpacker->row(window.p + lane * window.stride, a.k, reinterpret_cast<int8_t*>(at), scale);
    }
    Rows rows;
    rows.q = q;
    rows.scale_at = q + a.k;
    rows.stride = stride;
    return rows;
  }
};

template <class V, class Source>
void run_one(const MatmulArgs& a) {
  using Rows = typename Source::Rows;
  constexpr int R = few_vectors<V, Rows>(), L = V::kLanes,
                G = Rows::kStreams < V::kStreams ? Rows::kStreams : V::kStreams;
  const Record<V> x = record<V>(a, 0);
  const auto places = [&]<int kPlaces>(int64_t n0) {
    Rows rows[kPlaces][R];
    int skip[kPlaces][R];
    for (int p = 0; p < kPlaces; p++)
      for (int r = 0; r < R; r++) rows[p][r] = Source::rows(a, n0 + (p * R + r) * L, r, a.scratch, &skip[p][r]);
    Few<V, Rows, R, kPlaces> sums(rows, x);
    sums.run(a.k, a.w + (n0 + R * L) * a.row_bytes);
    for (int p = 0; p < kPlaces; p++)
      for (int r = 0; r < R; r++) put<V>(a, 0, n0 + (p * R + r) * L, skip[p][r], sums.result(p, r));
  };
  int64_t n0 = a.n0;
  if constexpr (G > 1)
    for (; n0 + G * R * L <= a.n1; n0 += G * R * L) places.template operator()<G>(n0);
  for (; n0 < a.n1; n0 += R * L) places.template operator()<1>(n0);
}

// What AMX does in place of many() where MatmulArgs::tiles says so: see matmul_tiles.h. Compiled in isa_amx.cc alone.
namespace amx {
template <class U>
struct Tiles {
  // As multiply() below without second terms, of as many rows as fill tiles. Returns their number. panel: Panel::q.
  static int64_t multiply(const MatmulArgs& a, uint8_t* panel, int64_t g0, int64_t n_groups, int64_t m0,
                          int64_t m_count, float* y, float* low);
};
}  // namespace amx

// The panel's n_groups groups, which are those of the rows from g0 on, times m_count rows of activations from m0 on:
// added to y and low, [m_count][R][kLanes].
template <class V, class U>
void multiply(const MatmulArgs& a, const Panel<V, U>& panel, int64_t g0, int64_t n_groups, int64_t m0, int64_t m_count,
              float* y, float* low) {
  constexpr int T = V::kTokenTile, kRow = V::kRowVectors * V::kLanes;
  const int64_t b0 = g0 * 32 / U::kValues, n_blocks = n_groups * 32 / U::kValues;
  const auto tile = [&]<int kRows>(int64_t t) {
    Record<V> x[kRows];
    for (int i = 0; i < kRows; i++) x[i] = record<V>(a, m0 + t + i);
    many<V, U, kRows>(panel, n_blocks, x, b0, y + t * kRow, low + t * kRow);
  };
  int64_t t = 0;
  if constexpr (kTakesTiles<V>)
    if (a.tiles) t = amx::Tiles<U>::multiply(a, panel.q, g0, n_groups, m0, m_count, y, low);
  for (; t + T <= m_count; t += T) tile.template operator()<T>(t);
  for (; t + 2 <= m_count; t += 2) tile.template operator()<2>(t);
  if (t < m_count) tile.template operator()<1>(t);
  for (t = 0; t < m_count; t++) many_second<V, U>(panel, record<V>(a, m0 + t), b0, y + t * kRow, low + t * kRow);
}

// m_count rows from m0 on times columns n0 .. n0 + R * kLanes.
template <class V, class Source>
void run_panel(const MatmulArgs& a, int64_t m0, int64_t m_count, int64_t n0) {
  using Rows = typename Source::Rows;
  using U = UnblockedOf<V, Rows>;
  constexpr int R = V::kRowVectors, L = V::kLanes;
  constexpr int64_t kPanelBlocks = kPanelValues / Rows::kValues, kGroups = Rows::kValues / 32;
  Panel<V, U> panel(a.scratch + rows_scratch<V>(a.k, a.row_bytes));
  float* y = reinterpret_cast<float*>(a.scratch + rows_scratch<V>(a.k, a.row_bytes) + panel_scratch<V>());
  float* low = y + kPassRows<V> * R * L;
  Rows rows[R];
  int skip[R];
  for (int r = 0; r < R; r++) {
    // A vector past the end repeats the last rows; its columns are not written.
    const int64_t start = n0 + r * L < a.n ? n0 + r * L : a.n - 1;
    rows[r] = Source::rows(a, start, r, a.scratch, &skip[r]);
  }
  __builtin_memset(y, 0, static_cast<size_t>(m_count) * R * L * sizeof(float));
  __builtin_memset(low, 0, static_cast<size_t>(m_count) * R * L * sizeof(float));
  const int64_t n_blocks = a.k / Rows::kValues;
  for (int64_t b0 = 0; b0 < n_blocks; b0 += kPanelBlocks) {
    const int64_t count = n_blocks - b0 < kPanelBlocks ? n_blocks - b0 : kPanelBlocks;
    for (int r = 0; r < R; r++) panel.fill(rows[r], r, b0, count);
    multiply<V, U>(a, panel, b0 * kGroups, count * kGroups, m0, m_count, y, low);
  }
  for (int64_t t = 0; t < m_count; t++)
    for (int r = 0; r < R; r++)
      if (n0 + r * L < a.n1) {
        const int64_t at = (t * R + r) * L;
        const typename V::F sum = V::load(y + at);
        put<V>(a, m0 + t, n0 + r * L, skip[r], Rows::kOffset ? V::add(sum, V::load(low + at)) : sum);
      }
}

template <class V, class Source>
void run_many(const MatmulArgs& a) {
  for (int64_t m0 = 0; m0 < a.m; m0 += kPassRows<V>)
    for (int64_t n0 = a.n0; n0 < a.n1; n0 += V::kRowVectors * V::kLanes)
      run_panel<V, Source>(a, m0, a.m - m0 < kPassRows<V> ? a.m - m0 : kPassRows<V>, n0);
}

// Rows of activations up to which weights go from their blocks to registers, without a panel.
inline constexpr int64_t kInRegisters = 1;

template <class V, class Source>
void matmul_rows(const MatmulArgs& a) {
  a.m == 1 ? run_one<V, Source>(a) : run_many<V, Source>(a);
}

// A type with kernels of its own: from the packed form where there is one.
template <class V, template <class> class Format>
void matmul_blocks(const MatmulArgs& a) {
  a.packed ? matmul_rows<V, Packed<V, Format<V>>>(a) : matmul_rows<V, InPlace<V, Format<V>>>(a);
}

}  // namespace infer::cpu
