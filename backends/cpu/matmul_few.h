// One row of activations: from the weights' blocks to the sums, all in registers.
#pragma once
#include "backends/cpu/matmul_rows.h"

namespace infer::cpu {

// Everything about the scales of a block of R row vectors. Of formats with float scales that is little; of the others
// it is unpacked once, for the first terms, and read again by the second.
template <class V, class Rows, int R, bool kScaled = Rows::kScaled>
struct Factors {
  typename Rows::BlockScales of[R];
  INFER_INLINE void read(const typename Rows::Block (&b)[R]) {
    INFER_UNROLL for (int r = 0; r < R; r++) of[r] = typename Rows::BlockScales(b[r]);
  }
  INFER_INLINE typename V::I multiplier(int, int, int) const { return V::zero_i(); }
  INFER_INLINE typename V::F scale(int r, int g, int i) const { return of[r].scale(g * kDots<Rows> + i); }
  INFER_INLINE typename V::F offset(int r, int g) const { return of[r].offset(g); }
};
template <class V, class Rows, int R>
struct Factors<V, Rows, R, true> {
  static constexpr int kParts = 32 / Rows::kPart, kAll = Rows::kValues / Rows::kPart;
  typename V::I multipliers[kAll][R], minima[Rows::kOffset ? kAll : 1][R];
  typename V::F d[R], low[R];
  INFER_INLINE void read(const typename Rows::Block (&b)[R]) {
    INFER_UNROLL for (int r = 0; r < R; r++) {
      const typename Rows::BlockScales scales(b[r]);
      d[r] = scales.d();
      INFER_UNROLL for (int i = 0; i < kAll; i++) multipliers[i][r] = scales.multiplier(i);
      if constexpr (Rows::kOffset) {
        low[r] = scales.low();
        INFER_UNROLL for (int i = 0; i < kAll; i++) minima[i][r] = scales.minimum(i);
      }
    }
  }
  INFER_INLINE typename V::I multiplier(int r, int g, int i) const { return multipliers[g * kParts + i][r]; }
  INFER_INLINE typename V::F scale(int r, int, int) const { return d[r]; }
  INFER_INLINE typename V::I minimum(int r, int g, int i) const { return minima[g * kParts + i][r]; }
};

// Rows as they are in the file are read side by side, which hardware prefetchers follow badly: while one tile is
// computed, the next (`ahead`, the memory right behind it) is fetched in one line, as many bytes as are consumed.
template <class V, class Rows, int R>
INFER_INLINE void fetch(const uint8_t* ahead, int64_t b) {
  constexpr int kBytes = V::kLanes * R * Rows::kBytes;
  const uintptr_t at = reinterpret_cast<uintptr_t>(ahead) + static_cast<uintptr_t>(b * kBytes);
  INFER_UNROLL for (int i = 0; i < (kBytes + 63) / 64; i++)
      __builtin_prefetch(reinterpret_cast<const void*>(at + static_cast<uintptr_t>(64 * i)));
}

// A row of activations times R vectors of weight rows in each of G places. The places are streams of memory that are
// read in turn, step by step: processors fetch several of them sooner than one. (Zen 2, one core: plain reading 16 GB/s
// of one stream, 20 of two, 24 of four; Q8_0 13, 16.5 and 18.5, Q6_K 9.7, 11.3 and 11.) The loops over places are loops
// for the compiler, too: unrolled, or with the activations' loads moved in front of them, they are slower than one
// stream.
template <class V, class Rows, int R, int G>
class Few {
 public:
  using F = typename V::F;
  using Block = typename Rows::Block;
  static constexpr int kGroups = Rows::kValues / 32;

  INFER_INLINE Few(const Rows (&rows)[G][R], const Record<V>& x) : rows_(rows), x_(x) {
    for (int p = 0; p < G; p++) INFER_UNROLL for (int r = 0; r < R; r++) y_[p][r] = low_[p][r] = V::zero();
  }

  // The first terms of block b.
  INFER_INLINE void first(int64_t b, Factors<V, Rows, R> (&factors)[G]) {
    const int n_places = opaque(G);
    Block blocks[G][R];
    F sum[G][R], sum_low[G][R];  // of a scaled format: to be multiplied by d and low of the block
    for (int p = 0; p < G; p++) {
      read(b, p, blocks[p]);
      factors[p].read(blocks[p]);
      INFER_UNROLL for (int r = 0; r < R; r++) sum[p][r] = sum_low[p][r] = V::zero();
    }
    INFER_UNROLL for (int step = 0; step < kGroups / Rows::kStep; step++) {
      for (int p = 0; p < n_places; p++) {
        const Terms<V> x{opaque(x_.first.at), x_.first.layout};
        some(x, b, step, blocks[p], factors[p], sum[p], sum_low[p], y_[p], low_[p]);
      }
    }
    if constexpr (Rows::kScaled)
      for (int p = 0; p < G; p++) INFER_UNROLL for (int r = 0; r < R; r++) {
          y_[p][r] = V::fma(sum[p][r], factors[p].d[r], y_[p][r]);
          if constexpr (Rows::kOffset) low_[p][r] = V::fma(sum_low[p][r], factors[p].low[r], low_[p][r]);
        }
  }

  // A step of it in one place.
  INFER_INLINE void some(const Terms<V>& x, int64_t b, int step, const Block (&blocks)[R],
                         const Factors<V, Rows, R>& factors, F (&sum)[R], F (&sum_low)[R], F (&y)[R], F (&low)[R]) {
    const int64_t at = b * kGroups + step * Rows::kStep;
    GroupDot<V, Rows> dots[Rows::kStep][R];
    Rows::each(blocks, step, [&](int r, int s, int j, typename V::B w) INFER_INLINE_BODY {
      dots[s][r].step(j, prepared<V, Rows>(w), V::activation(x.q(at + s) + 4 * j),
                      [&](int i) INFER_INLINE_BODY { return factors.multiplier(r, step * Rows::kStep + s, i); });
    });
    INFER_UNROLL for (int s = 0; s < Rows::kStep; s++) INFER_UNROLL for (int r = 0; r < R; r++) {
      const int g = step * Rows::kStep + s;
      const auto by = [&](int i) INFER_INLINE_BODY { return factors.multiplier(r, g, i); };
      if constexpr (Rows::kScaled) {
        const typename V::I dot = dots[s][r].result(0, x, at + s, by);
        sum[r] = V::fma(V::to_f(dot), V::set1(x.scale(at + s)), sum[r]);
        if constexpr (Rows::kOffset)
          sum_low[r] = add_minima<V, Rows>(sum_low[r], x, at + s,
                                           [&](int i) INFER_INLINE_BODY { return factors.minimum(r, g, i); });
      } else {
        INFER_UNROLL for (int i = 0; i < kDots<Rows>; i++) {
          const typename V::I dot = dots[s][r].result(i, x, at + s, by);
          y[r] = add_part<V>(y[r], dot, factors.scale(r, g, i), x, at + s);
        }
        if constexpr (Rows::kOffset) low[r] = add_offset<V>(low[r], factors.offset(r, g), x, at + s);
      }
    }
  }

  // Second term number `at`, of group g of block b.
  INFER_INLINE void second(int64_t at, int64_t b, int g, int p, const Factors<V, Rows, R>& factors) {
    Block blocks[R];
    read(b, p, blocks);
    F(&y)[R] = y_[p], (&low)[R] = low_[p];
    GroupDot<V, Rows> dots[R];
    Rows::group(blocks, g, [&](int r, int j, typename V::B w) INFER_INLINE_BODY {
      dots[r].step(j, prepared<V, Rows>(w), V::activation(x_.second.q(at) + 4 * j),
                   [&](int i) INFER_INLINE_BODY { return factors.multiplier(r, g, i); });
    });
    INFER_UNROLL for (int r = 0; r < R; r++) {
      INFER_UNROLL for (int i = 0; i < kDots<Rows>; i++) {
        const typename V::I dot = dots[r].result(
            i, x_.second, at, [&](int part) INFER_INLINE_BODY { return factors.multiplier(r, g, part); });
        y[r] = add_part<V>(y[r], dot, factors.scale(r, g, i), x_.second, at);
      }
      if constexpr (Rows::kOffset && Rows::kScaled) {
        const auto minimum = [&](int i) INFER_INLINE_BODY { return factors.minimum(r, g, i); };
        low[r] = V::fma(add_minima<V, Rows>(V::zero(), x_.second, at, minimum), factors.low[r], low[r]);
      } else if constexpr (Rows::kOffset) {
        low[r] = add_offset<V>(low[r], factors.offset(r, g), x_.second, at);
      }
    }
  }

  // All of K, panel by panel.
  INFER_INLINE void run(int64_t k, const uint8_t* ahead) {
    constexpr int64_t kPanelBlocks = kPanelValues / Rows::kValues;
    const int64_t n_blocks = k / Rows::kValues;
    Factors<V, Rows, R> factors[kPanelBlocks][G];
    for (int64_t b0 = 0, panel = 0; b0 < n_blocks; b0 += kPanelBlocks, panel++) {
      const int64_t count = b0 + kPanelBlocks < n_blocks ? kPanelBlocks : n_blocks - b0;
      for (int64_t b = 0; b < count; b++) {
        if constexpr (!Rows::kFetches) fetch<V, Rows, R>(ahead, b0 + b);
        first(b0 + b, factors[b]);
      }
      for (int64_t at = x_.panel[panel]; at < x_.panel[panel + 1]; at++) {
        const int64_t b = x_.group[at] / kGroups;
        const int n_places = opaque(G);
        for (int p = 0; p < n_places; p++)
          second(at, b, static_cast<int>(x_.group[at] % kGroups), p, factors[b - b0][p]);
      }
    }
  }
  INFER_INLINE F result(int p, int r) const { return Rows::kOffset ? V::add(y_[p][r], low_[p][r]) : y_[p][r]; }

 private:
  INFER_INLINE void read(int64_t b, int p, Block (&blocks)[R]) const {
    INFER_UNROLL for (int r = 0; r < R; r++) blocks[r] = rows_[p][r].block(b);
  }

  const Rows (&rows_)[G][R];
  const Record<V>& x_;
  F y_[G][R], low_[G][R];
};

// Row vectors that are taken at a time: as many sums as there are registers for.
template <class V, class Rows>
constexpr int few_vectors() {
  int r = Rows::kVectors;
  while (r > 1 && r * Rows::kStep > V::kFewSums) r /= 2;
  return r;
}

}  // namespace infer::cpu
