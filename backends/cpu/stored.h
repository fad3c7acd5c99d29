// How keys and values lie in a page, and how their numbers become lanes of floats.
//
// A kv head has a part of its own of each page, made of cells; each type below says what a cell is. Keys have
// neighbouring positions ("slots") beside each other, values have neighbouring columns:
//
//   keys    [rows of cells][slot]     and, for types with scales, behind them   [group][slot] halves
//   values  [slot][cells of a row]                                              [group][slot] halves
//
// A cell is a number; in q4_0 it is a byte with two, 16 dimensions apart, as ggml has them in a block: byte r of group
// g of 32 holds dimension 32 g + r in its low and 32 g + r + 16 in its high bits. So a part has as many bytes as its
// rows have in blocks of their type. op_kv_write.cc writes what is read here.
#pragma once
#include "backends/cpu/codegen.h"
#include "backends/cpu/kernels.h"

namespace infer::cpu {

inline constexpr int kScaleGroup = 32;  // dimensions that share a scale

struct StoredF32 {
  using Cell = float;
  static constexpr int kValues = 1;  // of a cell
  static constexpr bool kScaled = false;
  template <class V>
  INFER_INLINE static void load(const Cell* p, typename V::F* out) {  // kLanes cells -> kValues vectors
    out[0] = V::load(p);
  }
};
struct StoredF16 {
  using Cell = uint16_t;
  static constexpr int kValues = 1;
  static constexpr bool kScaled = false;
  template <class V>
  INFER_INLINE static void load(const Cell* p, typename V::F* out) {
    out[0] = V::load_f16(p);
  }
};
struct StoredBF16 {
  using Cell = uint16_t;
  static constexpr int kValues = 1;
  static constexpr bool kScaled = false;
  template <class V>
  INFER_INLINE static void load(const Cell* p, typename V::F* out) {
    out[0] = V::load_bf16(p);
  }
};
struct StoredQ8_0 {
  using Cell = int8_t;
  static constexpr int kValues = 1;
  static constexpr bool kScaled = true;
  template <class V>
  INFER_INLINE static void load(const Cell* p, typename V::F* out) {
    out[0] = V::load_i8(p);
  }
};
struct StoredQ4_0 {
  using Cell = uint8_t;
  static constexpr int kValues = 2;
  static constexpr bool kScaled = true;
  template <class V>
  INFER_INLINE static void load(const Cell* p, typename V::F* out) {
    V::load_nibbles(p, out[0], out[1]);
  }
};

// The same for n cells; the lanes above hold whatever zeros stand for.
template <class V, class S>
INFER_INLINE void load_cells(const typename S::Cell* p, int64_t n, typename V::F* out) {
  if (n >= V::kLanes) return S::template load<V>(p, out);
  typename S::Cell padded[V::kLanes] = {};
  for (int64_t i = 0; i < n; i++) padded[i] = p[i];
  S::template load<V>(padded, out);
}

// Column of the first lane of vector u of a row of values, and the cell that it is loaded from. (Vectors come in the
// order in which load() gives them.)
template <class V, class S>
INFER_INLINE constexpr int64_t column(int64_t u) {
  constexpr int kOfGroup = kScaleGroup / V::kLanes;
  if constexpr (S::kValues == 1) return u * V::kLanes;
  return u / kOfGroup * kScaleGroup + u % kOfGroup / 2 * V::kLanes + u % 2 * (kScaleGroup / 2);
}
template <class V, class S>
INFER_INLINE constexpr int64_t cell(int64_t u) {
  return u / S::kValues * V::kLanes;
}

// One kv head's part of a page.
template <class S>
struct Part {
  const typename S::Cell* cells;
  const uint16_t* scales;  // S::kScaled

  // dim: of a head; index: of the head; page: positions.
  INFER_INLINE Part(const uint8_t* page_start, int64_t dim, int64_t index, int64_t page) {
    const int64_t n = dim / S::kValues * page, groups = S::kScaled ? dim / kScaleGroup * page : 0;
    const uint8_t* at = page_start + index * (n * static_cast<int64_t>(sizeof(typename S::Cell)) + groups * 2);
    cells = reinterpret_cast<const typename S::Cell*>(at);
    scales = reinterpret_cast<const uint16_t*>(cells + n);
  }
};

}  // namespace infer::cpu
