// What both forms of the block-quantised matmul are made of: kLanes weight rows of either layout, rows of quantised
// activations, and the one step that defines a result: the dot product of a group.
#pragma once
#include "backends/cpu/formats_fp4.h"
#include "backends/cpu/formats_super.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/unpack.h"

namespace infer::cpu {

// ---- weights

// kLanes rows of a format with kernels of its own, in place.
template <class V, class Format>
struct BlockRows : Format {
  static constexpr int kVectors = 1;  // that lie side by side
  static constexpr int kStreams = 1;
  static constexpr bool kFetches = false;  // a block's bytes ask for those further on
  using Block = RowsBlock<V>;
  using BlockScales = typename Format::template Scales<Block>;
  const uint8_t* p;
  int64_t stride;
  INFER_INLINE Block block(int64_t b) const { return {p + b * Format::kBytes, stride}; }
};

// kLanes of the rows of a packed tile, from row `lane` of it on.
template <class V, class Format>
struct PackedRows : Format {
  static constexpr int kVectors = kPackedRows / V::kLanes;
  static constexpr bool kFetches = true;
  using Block = PackedBlock<V, Format>;
  using BlockScales = typename Format::template Scales<Block>;
  const uint8_t* tile;
  int lane;
  INFER_INLINE Block block(int64_t b) const { return {tile + b * kPackedRows * Format::kBytes, lane}; }
};

// kLanes rows that an Unpacker has written: q[k] and scale[k / part], each `stride` bytes apart.
template <class V, int kPartValues>
struct UnpackedRows : Simple32 {
  static constexpr int kVectors = 1, kStreams = 1, kPart = kPartValues, kBytes = 32;
  static constexpr bool kFetches = false, kSigned = true;
  struct Block : RowsBlock<V> {
    const uint8_t* scale_at;
  };
  struct BlockScales {
    typename V::F s[32 / kPart];
    BlockScales() = default;
    INFER_INLINE explicit BlockScales(const Block& b) {
      for (int i = 0; i < 32 / kPart; i++) s[i] = V::from_bits(V::gather32(b.scale_at + 4 * i, b.stride));
    }
    INFER_INLINE typename V::F scale(int i) const { return s[i]; }
  };
  const uint8_t *q, *scale_at;
  int64_t stride;
  INFER_INLINE Block block(int64_t b) const { return {{q + b * 32, stride}, scale_at + b * (32 / kPart) * 4}; }
  template <int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int, F f) {
    each_byte<V>(b, 0, f);
  }
  template <int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int, F f) {
    only_group<UnpackedRows>(b, f);
  }
};

// ---- activations: see RecordLayout

// One set of terms. (Templates throughout: each instruction set must have its own copy of every function.)
template <class V>
struct Terms {
  const uint8_t* at;
  const RecordLayout* layout;
  INFER_INLINE const int8_t* q(int64_t i) const { return reinterpret_cast<const int8_t*>(at) + 32 * i; }
  INFER_INLINE const float* scales(int64_t i) const { return reinterpret_cast<const float*>(at + layout->scale) + i; }
  INFER_INLINE float scale(int64_t i) const { return *scales(i); }
  INFER_INLINE float sum(int64_t i) const { return reinterpret_cast<const float*>(at + layout->sum)[i]; }
  INFER_INLINE const int16_t* isum16(int64_t i) const {
    return reinterpret_cast<const int16_t*>(at + layout->isum16) + 2 * i;
  }
};
template <class V>
struct Record {
  Terms<V> first, second;
  const int32_t* group;  // of each second term
  const int32_t* panel;  // number of the first second term of each panel
  INFER_INLINE const int8_t* q(int64_t i) const { return first.q(i); }
};
template <class V>
INFER_INLINE Record<V> record(const MatmulArgs& a, int64_t row) {
  const RecordLayout& l = *a.layout;
  const uint8_t* p = a.x + (a.x_rows ? a.x_rows[row] : row) * a.x_stride;
  return {{p, &l},
          {p + l.term, &l},
          reinterpret_cast<const int32_t*>(p + l.group),
          reinterpret_cast<const int32_t*>(p + l.panel)};
}

// ---- the dot product of a group of 32 values

template <class Rows>
inline constexpr int kDots = Rows::kScaled ? 1 : 32 / Rows::kPart;  // of a group, each with a factor of its own
template <class V, class Rows>
using DotOf = typename V::template Dot<Rows::kSigned, Rows::kChain, Rows::kPart / 4, Rows::kScaled>;
template <class V, class Rows>
inline constexpr int kZeroPoint = Rows::kSigned&& V::kUnsignedOnly ? 7 : Rows::kZero;

// multiplier(i) gives that of part i of the group (scaled formats).
template <class V, class Rows>
struct GroupDot {
  DotOf<V, Rows> dot[kDots<Rows>];
  // Words j = 0 .. 7, ascending from part to part.
  template <class M>
  INFER_INLINE void step(int j, typename V::B w, typename V::I x, M multiplier) {
    constexpr int kSteps = Rows::kPart / 4;
    dot[Rows::kScaled ? 0 : j / kSteps].step(w, x, [&]() INFER_INLINE_BODY { return multiplier(j / kSteps); });
  }
  // The exact sum of products (times multipliers) of dot i, less the zero point. at: the group's number in x.
  template <class M>
  INFER_INLINE typename V::I result(int i, const Terms<V>& x, int64_t at, M multiplier) const {
    constexpr int kZero = kZeroPoint<V, Rows>;
    if constexpr (kZero < 0) {
      return dot[i].result();
    } else {
      const int16_t* isum = x.isum16(at);
      typename V::I zero;
      if constexpr (!Rows::kScaled)
        zero = V::set1_i(Rows::kPart == 16 ? isum[i] : isum[0] + isum[1]);
      else if constexpr (Rows::kPart == 16)
        zero = V::times_pair(multiplier(0), multiplier(1), isum);
      else
        zero = V::times(multiplier(0), isum[0] + isum[1]);
      return V::sub_i(dot[i].result(), V::shl(zero, kZero));
    }
  }
};

// Weight bytes as the instruction set's dot product wants them.
template <class V, class Rows>
INFER_INLINE typename V::B prepared(typename V::B w) {
  if constexpr (Rows::kSigned && V::kUnsignedOnly) return V::flip_sign(w);
  return w;
}

// ---- adding it up
// A result is y + low: y collects products with the weights' scales, low those with their offsets.

// One group's part i by itself: float scales, and every second term. `at`: the group's number in x.
template <class V>
INFER_INLINE typename V::F add_part(typename V::F y, typename V::I dot, typename V::F scale, const Terms<V>& x,
                                    int64_t at) {
  return V::fma(V::mul(V::to_f(dot), V::set1(x.scale(at))), scale, y);
}
template <class V>
INFER_INLINE typename V::F add_offset(typename V::F low, typename V::F offset, const Terms<V>& x, int64_t at) {
  return V::fma(V::set1(x.sum(at)), offset, low);
}

// One group's minima, to be multiplied by low() of its block. minimum(i): of part i.
template <class V, class Rows, class M>
INFER_INLINE typename V::F add_minima(typename V::F sum, const Terms<V>& x, int64_t at, M minimum) {
  if constexpr (Rows::kPart == 16)
    return V::fma(V::to_f(V::times_pair(minimum(0), minimum(1), x.isum16(at))), V::set1(x.scale(at)), sum);
  else
    return V::fma(V::set1(x.sum(at)), V::from_bits(minimum(0)), sum);
}

}  // namespace infer::cpu
