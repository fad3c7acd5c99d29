// One row of activations times rows of an unpacked type whose Unpacker has the products' sums from the blocks: what
// matmul_quant.h defines, with the same sums in another order. They are exact integers, so that makes no difference;
// all float operations come after them, with a weight row in each lane and in the order of the definition.
#pragma once
#include "backends/cpu/matmul_quant.h"

namespace infer::cpu {

// The sums of kLanes weight rows, in parts of kPart values. They lie where unpacked rows would, and need less than
// those.
template <class V, int kPart>
class DotRows {
 public:
  // Rows are an odd number of cache lines apart: what is read together must not fall on the same few sets of the cache.
  DotRows(uint8_t* scratch, int64_t k)
      : at_(scratch), array_(k / kPart * 4), stride_(((3 * array_ + 63) / 64 | 1) * 64) {}
  RowDots row(int lane) const {
    uint8_t* p = at_ + lane * stride_;
    return {reinterpret_cast<int32_t*>(p), reinterpret_cast<int32_t*>(p + array_),
            reinterpret_cast<float*>(p + 2 * array_)};
  }

  INFER_INLINE typename V::F sum(const Record<V>& x, int64_t k) const {
    typename V::F y = V::zero();
    for (int64_t g0 = 0, panel = 0; g0 < k / 32; g0 += kPanelValues / 32, panel++) {
      const int64_t g1 = g0 + kPanelValues / 32 < k / 32 ? g0 + kPanelValues / 32 : k / 32;
      for (int64_t g = g0; g < g1; g += 4 / kParts) {
        typename V::I dot[4], scale[4];
        four(first(g), dot);
        four(scale_of(g), scale);
        INFER_UNROLL for (int i = 0; i < 4; i++) y =
            add_part<V>(y, dot[i], V::from_bits(scale[i]), x.first, g + i / kParts);
      }
      for (int64_t n = x.panel[panel]; n < x.panel[panel + 1]; n++)
        INFER_UNROLL for (int i = 0; i < kParts; i++) y =
            add_part<V>(y, V::gather32(second(n) + 4 * i, stride_),
                        V::from_bits(V::gather32(scale_of(x.group[n]) + 4 * i, stride_)), x.second, n);
    }
    return y;
  }

 private:
  static constexpr int kParts = 32 / kPart;  // of a group
  // Of the first row, from group g or second term n on.
  INFER_INLINE const uint8_t* first(int64_t g) const { return at_ + g * kParts * 4; }
  INFER_INLINE const uint8_t* second(int64_t n) const { return first(n) + array_; }
  INFER_INLINE const uint8_t* scale_of(int64_t g) const { return first(g) + 2 * array_; }
  // Four neighbouring words of each row.
  INFER_INLINE void four(const uint8_t* p, typename V::I (&words)[4]) const {
    typename V::B bytes[4];
    V::load16(p, stride_, bytes);
    static_assert(sizeof bytes == sizeof words);
    __builtin_memcpy(words, bytes, sizeof words);
  }

  uint8_t* at_;
  int64_t array_, stride_;  // bytes of an array, and from row to row
};

template <class V, int kPart>
void run_dots(const MatmulArgs& a) {
  const Record<V> x = record<V>(a, 0);
  const int64_t n_panels = (a.k + kPanelValues - 1) / kPanelValues;
  const Activations q{
      {x.first.q(0), x.first.isum16(0)}, {x.second.q(0), x.second.isum16(0)}, x.group, x.panel[n_panels]};
  const DotRows<V, kPart> rows(unpacked_scratch<V>(a), a.k);
  for (int64_t n0 = a.n0; n0 < a.n1; n0 += V::kLanes) {
    const RowWindow<V> window(a, n0, a.scratch);
    for (int lane = 0; lane < V::kLanes; lane++)
      a.unpacker->dots(window.p + lane * window.stride, a.k, q, rows.row(lane));
    put<V>(a, 0, n0, window.skip, rows.sum(x, a.k));
  }
}

template <class V, int kPart>
void matmul_unpacked(const MatmulArgs& a) {
  a.m == 1 && a.unpacker->dots ? run_dots<V, kPart>(a) : matmul_rows<V, Unpacked<V, kPart>>(a);
}

}  // namespace infer::cpu
