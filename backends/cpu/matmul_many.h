// Many rows of activations: a panel of kRowVectors * kLanes weight rows is unpacked once into scratch (first-level
// cache), and all rows of activations are multiplied with it, kTokenTile at a time.
#pragma once
#include "backends/cpu/matmul_rows.h"

namespace infer::cpu {

template <class V>
inline constexpr int64_t kPassRows = 32 * V::kTokenTile;  // rows of activations per pass over a panel: whole tiles

// An instruction multiplies rows of weights with two rows of activations, 8 bytes of each (Dot2: see vec_neon.h).
template <class V>
inline constexpr bool kTwoByTwo = requires {
  typename V::Dot2;
};

// amx multiplies the bulk of a panel for this instruction set (Tiles: see matmul_tiles.h).
template <class V>
inline constexpr bool kTakesTiles = requires {
  typename V::TakesTiles;
};

// What is left of a format once its blocks are unpacked. Formats alike in that share the code that multiplies, and one
// format's rows do whether they come in place or packed.
template <int kPart_, int kValues_, bool kSigned_, bool kScaled_, bool kOffset_, int kChain_, int kZero_>
struct Unblocked {
  static constexpr int kPart = kPart_, kValues = kValues_, kChain = kChain_, kZero = kZero_;
  static constexpr bool kSigned = kSigned_, kScaled = kScaled_, kOffset = kOffset_;
};
template <class V, class Rows>
using UnblockedOf = Unblocked<Rows::kPart, Rows::kScaled ? Rows::kValues : 32, Rows::kSigned && !V::kUnsignedOnly,
                              Rows::kScaled, Rows::kOffset, V::kUnsignedOnly ? 1 : Rows::kChain, kZeroPoint<V, Rows>>;

// U: an Unblocked.
template <class V, class U>
struct Panel {
  static constexpr int R = V::kRowVectors, L = V::kLanes, kParts = 32 / U::kPart;
  static constexpr int kVector = R * L;  // floats of what is stored once for all rows
  static constexpr int64_t kPanelParts = kPanelValues / 16;
  uint8_t* q;     // [k/4][R][kLanes] groups of 4 bytes; with kTwoByTwo [k/8][R][kLanes] groups of 8
  float* scale;   // [k/part][R][kLanes]: the scale, or of scaled formats the bits of its multiplier
  float* offset;  // [k/part][R][kLanes]: the offset, or of scaled formats the minimum's bits
  float* d;       // [k/values][R][kLanes]: of scaled formats
  float* low;     // the same
  explicit Panel(uint8_t* scratch)
      : q(scratch),
        scale(reinterpret_cast<float*>(q + kPanelValues * kVector)),
        offset(scale + kPanelParts * kVector),
        d(offset + kPanelParts * kVector),
        low(d + kPanelParts * kVector) {}
  static constexpr int64_t bytes() { return kPanelValues * kVector + 4 * kPanelParts * kVector * 4; }

  // Row vector r, values from block b0 of n_blocks.
  template <class Rows>
  void fill(const Rows& rows, int r, int64_t b0, int64_t n_blocks) {
    constexpr int kGroups = Rows::kValues / 32;
    for (int64_t b = 0; b < n_blocks; b++) {
      const typename Rows::Block block[1] = {rows.block(b0 + b)};
      const typename Rows::BlockScales scales(block[0]);
      const int64_t at = (b * R + r) * L;
      if constexpr (Rows::kScaled) V::store(d + at, scales.d());
      if constexpr (Rows::kScaled && Rows::kOffset) V::store(low + at, scales.low());
      INFER_UNROLL for (int i = 0; i < kGroups * kParts; i++) {
        const int64_t part = ((b * kGroups * kParts + i) * R + r) * L;
        if constexpr (Rows::kScaled) {
          V::store(scale + part, V::from_bits(scales.multiplier(i)));
          if constexpr (Rows::kOffset) V::store(offset + part, V::from_bits(scales.minimum(i)));
        } else {
          V::store(scale + part, scales.scale(i));
          if constexpr (Rows::kOffset) V::store(offset + part, scales.offset(i));
        }
      }
      INFER_UNROLL for (int step = 0; step < kGroups / Rows::kStep; step++) {
        const int64_t word = (b * kGroups + step * Rows::kStep) * 8;
        if constexpr (kTwoByTwo<V>)
          store_pairs<Rows>(block, step, word, r);
        else
          Rows::each(block, step, [&](int, int s, int j, typename V::B w) INFER_INLINE_BODY {
            V::store_b(q + ((word + s * 8 + j) * R + r) * 4 * L, prepared<V, Rows>(w));
          });
      }
    }
  }
  template <class Rows, class Block>
  INFER_INLINE void store_pairs(const Block (&block)[1], int step, int64_t word, int r) {
    typename V::B words[Rows::kStep * 8];
    Rows::each(block, step,
               [&](int, int s, int j, typename V::B w) INFER_INLINE_BODY { words[s * 8 + j] = prepared<V, Rows>(w); });
    INFER_UNROLL for (int i = 0; i < Rows::kStep * 8; i += 2)
        V::store_b2(q + ((word + i) * R + 2 * r) * 4 * L, V::beside(words[i], words[i + 1]));
  }
  // Of part i of group g (both counted within the panel; i within the group), row vector r.
  INFER_INLINE typename V::F scale_at(int64_t g, int i, int r) const {
    return V::load(scale + ((g * kParts + i) * R + r) * L);
  }
  INFER_INLINE typename V::F offset_at(int64_t g, int i, int r) const {
    return V::load(offset + ((g * kParts + i) * R + r) * L);
  }
  INFER_INLINE typename V::I minimum_at(int64_t g, int i, int r) const { return V::bits(offset_at(g, i, r)); }
};

// A group of 32 values of a panel, by number.
template <class V, class U>
struct PanelGroup {
  const Panel<V, U>& of;
  int64_t number;
  INFER_INLINE auto multiplier(int r) const {
    return [this, r](int i) INFER_INLINE_BODY { return V::bits(of.scale_at(number, i, r)); };
  }
};
// Dot products of group g of the panel with T rows of activations, whose bytes of it are at x[t].
template <class V, class U, int T>
struct PanelDots : PanelGroup<V, U> {
  static constexpr int R = V::kRowVectors, L = V::kLanes;
  GroupDot<V, U> dots[R][T];
  INFER_INLINE PanelDots(const Panel<V, U>& panel, int64_t g, const int8_t* const (&x)[T])
      : PanelGroup<V, U>{panel, g} {
    const uint8_t* q = panel.q + g * 8 * R * 4 * L;
    INFER_UNROLL for (int j = 0; j < 8; j++) {
      typename V::B w[R];
      INFER_UNROLL for (int r = 0; r < R; r++) w[r] = V::load_b(q + (j * R + r) * 4 * L);
      INFER_UNROLL for (int t = 0; t < T; t++) {
        const typename V::I v = V::activation(x[t] + 4 * j);
        INFER_UNROLL for (int r = 0; r < R; r++) dots[r][t].step(j, w[r], v, this->multiplier(r));
      }
    }
  }
  // Dot i of row vector r with row t, less the zero point; the group is group `at` of the terms x.
  INFER_INLINE typename V::I result(int r, int t, int i, const Terms<V>& x, int64_t at) const {
    return dots[r][t].result(i, x, at, this->multiplier(r));
  }
};

template <class V, class U, int T>
requires kTwoByTwo<V>
struct PanelDots<V, U, T> : PanelGroup<V, U> {
  static constexpr int R = V::kRowVectors, L = V::kLanes, kSteps = U::kPart / 8;
  GroupDot<V, U> dots[R][T];
  INFER_INLINE PanelDots(const Panel<V, U>& panel, int64_t g, const int8_t* const (&x)[T])
      : PanelGroup<V, U>{panel, g} {
    const uint8_t* q = panel.q + g * 8 * R * 4 * L;
    INFER_UNROLL for (int i = 0; i < 32 / U::kPart; i++) {
      typename V::Dot2 sums[R][(T + 1) / 2];
      INFER_UNROLL for (int j = i * kSteps; j < (i + 1) * kSteps; j++) {
        typename V::B2 w[R];
        INFER_UNROLL for (int r = 0; r < R; r++) w[r] = V::load_b2(q + (j * R + r) * 8 * L);
        INFER_UNROLL for (int t = 0; t < T; t += 2) {
          const auto v = V::activations(x[t] + 8 * j, x[t + 1 < T ? t + 1 : t] + 8 * j);
          INFER_UNROLL for (int r = 0; r < R; r++) sums[r][t / 2].step(w[r], v);
        }
      }
      INFER_UNROLL for (int r = 0; r < R; r++) INFER_UNROLL for (int t = 0; t < T; t++) {
        const typename V::I sum = t % 2 == 0 ? sums[r][t / 2].with_a() : sums[r][t / 2].with_b();
        dots[r][t].dot[U::kScaled ? 0 : i].add(sum, !U::kScaled || i == 0,
                                               [&]() INFER_INLINE_BODY { return this->multiplier(r)(i); });
      }
    }
  }
  INFER_INLINE typename V::I result(int r, int t, int i, const Terms<V>& x, int64_t at) const {
    return dots[r][t].result(i, x, at, this->multiplier(r));
  }
};

// What the weights' offsets contribute to T rows of activations, from n_blocks blocks in the panel, the first of which
// is block b0 of the rows; low: [T][R][kLanes].
template <class V, class U, int T>
INFER_INLINE void many_offsets(const Panel<V, U>& panel, int64_t n_blocks, const Record<V> (&x)[T], int64_t b0,
                               float* low) {
  using F = typename V::F;
  constexpr int R = V::kRowVectors, L = V::kLanes, kGroups = U::kValues / 32;
  F sum[R][T];
  if constexpr (!U::kScaled)
    INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int r = 0; r < R; r++) sum[r][t] =
        V::load(low + (t * R + r) * L);
  for (int64_t b = 0; b < n_blocks; b++) {
    if constexpr (U::kScaled)
      INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int r = 0; r < R; r++) sum[r][t] = V::zero();
    for (int64_t g = b * kGroups; g < (b + 1) * kGroups; g++) {
      const int64_t at = b0 * kGroups + g;
      INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int r = 0; r < R; r++) {
        if constexpr (U::kScaled)
          sum[r][t] = add_minima<V, U>(sum[r][t], x[t].first, at,
                                       [&](int i) INFER_INLINE_BODY { return panel.minimum_at(g, i, r); });
        else
          sum[r][t] = add_offset<V>(sum[r][t], panel.offset_at(g, 0, r), x[t].first, at);
      }
    }
    if constexpr (U::kScaled) INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int r = 0; r < R; r++) {
        float* at = low + (t * R + r) * L;
        V::store(at, V::fma(sum[r][t], V::load(panel.low + (b * R + r) * L), V::load(at)));
      }
  }
  if constexpr (!U::kScaled)
    INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int r = 0; r < R; r++)
        V::store(low + (t * R + r) * L, sum[r][t]);
}

// The first terms of the same; X: a Record. y: [T][R][kLanes].
template <class V, class U, int T, class X>
void many(const Panel<V, U>& panel, int64_t n_blocks, const X (&x)[T], int64_t b0, float* y, float* low) {
  using F = typename V::F;
  constexpr int R = V::kRowVectors, L = V::kLanes, kGroups = U::kValues / 32;
  const int8_t* q[T];
  const float* scale[T];
  INFER_UNROLL for (int t = 0; t < T; t++) {
    q[t] = x[t].q(b0 * kGroups);
    scale[t] = x[t].first.scales(b0 * kGroups);
  }
  F sum[R][T];
  if constexpr (!U::kScaled)
    INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int r = 0; r < R; r++) sum[r][t] =
        V::load(y + (t * R + r) * L);
  for (int64_t b = 0; b < n_blocks; b++) {
    if constexpr (U::kScaled)
      INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int r = 0; r < R; r++) sum[r][t] = V::zero();
    for (int64_t g = b * kGroups; g < (b + 1) * kGroups; g++) {
      const PanelDots<V, U, T> d(panel, g, q);
      INFER_UNROLL for (int t = 0; t < T; t++) {
        const F by = V::set1(scale[t][g]);
        INFER_UNROLL for (int r = 0; r < R; r++) INFER_UNROLL for (int i = 0; i < kDots<U>; i++) {
          const F dot = V::to_f(d.result(r, t, i, x[t].first, b0 * kGroups + g));
          if constexpr (U::kScaled)
            sum[r][t] = V::fma(dot, by, sum[r][t]);
          else
            sum[r][t] = V::fma(V::mul(dot, by), panel.scale_at(g, i, r), sum[r][t]);
        }
        q[t] += 32;
      }
    }
    if constexpr (U::kScaled) INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int r = 0; r < R; r++) {
        float* at = y + (t * R + r) * L;
        V::store(at, V::fma(sum[r][t], V::load(panel.d + (b * R + r) * L), V::load(at)));
      }
  }
  if constexpr (!U::kScaled)
    INFER_UNROLL for (int t = 0; t < T; t++) INFER_UNROLL for (int r = 0; r < R; r++)
        V::store(y + (t * R + r) * L, sum[r][t]);
  if constexpr (U::kOffset) many_offsets<V, U, T>(panel, n_blocks, x, b0, low);
}

// The second terms of one row in this panel, whose first block is b0: y and low [R][kLanes].
template <class V, class U>
void many_second(const Panel<V, U>& panel, const Record<V>& x, int64_t b0, float* y, float* low) {
  using F = typename V::F;
  constexpr int R = V::kRowVectors, L = V::kLanes, kGroups = U::kValues / 32;
  F sum[R], sum_low[R];
  INFER_UNROLL for (int r = 0; r < R; r++) {
    sum[r] = V::load(y + r * L);
    sum_low[r] = V::load(low + r * L);
  }
  const int64_t n = b0 * U::kValues / kPanelValues;
  for (int64_t at = x.panel[n]; at < x.panel[n + 1]; at++) {
    const int64_t g = x.group[at] - b0 * kGroups, b = g / kGroups;
    const int8_t* const q[1] = {x.second.q(at)};
    const PanelDots<V, U, 1> d(panel, g, q);
    INFER_UNROLL for (int r = 0; r < R; r++) {
      const int64_t block = (b * R + r) * L;
      INFER_UNROLL for (int i = 0; i < kDots<U>; i++) {
        const F scale = U::kScaled ? V::load(panel.d + block) : panel.scale_at(g, i, r);
        sum[r] = add_part<V>(sum[r], d.result(r, 0, i, x.second, at), scale, x.second, at);
      }
      if constexpr (U::kOffset && U::kScaled) {
        const auto minimum = [&](int i) INFER_INLINE_BODY { return panel.minimum_at(g, i, r); };
        sum_low[r] = V::fma(add_minima<V, U>(V::zero(), x.second, at, minimum), V::load(panel.low + block), sum_low[r]);
      } else if constexpr (U::kOffset) {
        sum_low[r] = add_offset<V>(sum_low[r], panel.offset_at(g, 0, r), x.second, at);
      }
    }
  }
  INFER_UNROLL for (int r = 0; r < R; r++) {
    V::store(y + r * L, sum[r]);
    V::store(low + r * L, sum_low[r]);
  }
}

}  // namespace infer::cpu
