// Super-blocks of 256 values: parts of 16 or 32, whose scales are small integers times one float of the block. See
// formats.h for what each name means.
#pragma once
#include "backends/cpu/formats.h"

namespace infer::cpu {

struct Super256 {
  static constexpr int kValues = 256, kPart = 32, kStep = 2, kZero = -1, kChain = 1, kOdd = 0, kOddBytes = 0,
                       kApart = 1, kStreams = 2;
  static constexpr bool kSigned = false, kOffset = false, kScaled = true;
  INFER_INLINE static constexpr int place(int word) { return place_in_order(word); }
};

// 64 bytes of 2-bit numbers: of 128 values (`step`) each byte holds four, one of each group. Calls f(r, s, j, w).
template <class V, class Block, int R, class F>
INFER_INLINE void each_two_bits(const Block (&b)[R], int at, F f) {
  INFER_UNROLL for (int h = 0; h < 2; h++) {
    typename Block::Words words[R];
    INFER_UNROLL for (int r = 0; r < R; r++) words[r] = b[r].words(at + 16 * h);
    INFER_UNROLL for (int j = 0; j < 4; j++) INFER_UNROLL for (int r = 0; r < R; r++) {
      const typename V::B w = words[r][j];
      INFER_UNROLL for (int s = 0; s < 4; s++) f(r, s, 4 * h + j, V::shr_b(w, 2 * s, 3));
    }
  }
}
template <class V, class Block, int R, class F>
INFER_INLINE void group_of_two_bits(const Block (&b)[R], int at, int s, F f) {
  INFER_UNROLL for (int h = 0; h < 2; h++) INFER_UNROLL for (int r = 0; r < R; r++) {
    const auto words = b[r].words(at + 16 * h);
    INFER_UNROLL for (int j = 0; j < 4; j++) f(r, 4 * h + j, V::shr_b(words.again(j), 2 * s, 3));
  }
}

template <class V>
struct Q2_K : Super256 {
  static constexpr int kBytes = 84, kPart = 16, kStep = 4, kChain = 8;
  static constexpr bool kOffset = true;
  template <class Block>
  struct Scales {
    typename V::I dm, words[4];  // low nibbles: scales; high: minima
    Scales() = default;
    INFER_INLINE explicit Scales(const Block& b) : dm(b.word(80)) {
      INFER_UNROLL for (int i = 0; i < 4; i++) words[i] = b.word(4 * i);
    }
    INFER_INLINE typename V::F d() const { return V::low_f16(dm); }
    INFER_INLINE typename V::F low() const { return V::sub(V::zero(), V::low_f16(V::shr(dm, 16))); }
    INFER_INLINE typename V::I multiplier(int i) const {
      return V::multiplier(V::and_i(words[i / 4], 0x0f0f0f0f), i % 4);
    }
    INFER_INLINE typename V::I minimum(int i) const {
      return V::multiplier(V::and_i(V::shr(words[i / 4], 4), 0x0f0f0f0f), i % 4);
    }
  };
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int step, F f) {
    each_two_bits<V>(b, 16 + 32 * step, f);
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int g, F f) {
    group_of_two_bits<V>(b, 16 + 32 * (g / 4), g % 4, f);
  }
};

template <class V>
struct Q3_K : Super256 {
  static constexpr int kStreams = 1, kBytes = 110, kPart = 16, kStep = 4, kChain = 4, kZero = 2, kOdd = 108,
                       kOddBytes = 2;
  // 6 bits each, less 32: low nibbles of parts 0..7, then 8..15, in 8 bytes; high pairs in 4.
  template <class Block>
  struct Scales {
    typename V::F d_of_block;
    typename V::I words[4];
    Scales() = default;
    INFER_INLINE explicit Scales(const Block& b) : d_of_block(b.f16(108)) {
      const typename V::I low[2] = {b.word(96), b.word(100)}, high = b.word(104);
      INFER_UNROLL for (int i = 0; i < 4; i++) words[i] = V::or_i(V::and_i(V::shr(low[i % 2], 4 * (i / 2)), 0x0f0f0f0f),
                                                                  V::shl(V::and_i(V::shr(high, 2 * i), 0x03030303), 4));
    }
    INFER_INLINE typename V::F d() const { return d_of_block; }
    INFER_INLINE typename V::I multiplier(int i) const {
      return V::multiplier_of(V::sub_i(V::byte(words[i / 4], i % 4), V::set1_i(32)));
    }
  };
  // Bit g of the high byte is worth 4 in group g.
  INFER_INLINE static typename V::B with_third(typename V::B w, typename V::B high, int g) {
    return V::or_b(w, V::shl_b(V::shr_b(high, g, 1), 2));
  }
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int step, F f) {  // 128 values
    INFER_UNROLL for (int h = 0; h < 2; h++) {
      typename Block::Words words[R], highs[R];
      INFER_UNROLL for (int r = 0; r < R; r++) {
        words[r] = b[r].words(32 + 32 * step + 16 * h);
        highs[r] = b[r].words(16 * h);
      }
      INFER_UNROLL for (int j = 0; j < 4; j++) INFER_UNROLL for (int r = 0; r < R; r++) {
        const typename V::B w = words[r][j], high = step == 0 ? highs[r][j] : highs[r].again(j);
        INFER_UNROLL for (int s = 0; s < 4; s++)
            f(r, s, 4 * h + j, with_third(V::shr_b(w, 2 * s, 3), high, 4 * step + s));
      }
    }
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int g, F f) {
    INFER_UNROLL for (int h = 0; h < 2; h++) INFER_UNROLL for (int r = 0; r < R; r++) {
      const auto words = b[r].words(32 + 32 * (g / 4) + 16 * h), highs = b[r].words(16 * h);
      INFER_UNROLL for (int j = 0; j < 4; j++)
          f(r, 4 * h + j, with_third(V::shr_b(words.again(j), 2 * (g % 4), 3), highs.again(j), g));
    }
  }
};

// Ternary: one scale, no multipliers.
template <class V>
struct TQ2_0 : Super256 {
  static constexpr int kBytes = 66, kStep = 4, kChain = 8, kZero = 0, kOdd = 64, kOddBytes = 2;
  static constexpr bool kScaled = false;
  template <class Block>
  struct Scales {
    typename V::F d;
    Scales() = default;
    INFER_INLINE explicit Scales(const Block& b) : d(b.f16(64)) {}
    INFER_INLINE typename V::F scale(int) const { return d; }
  };
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int step, F f) {
    each_two_bits<V>(b, 32 * step, f);
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int g, F f) {
    group_of_two_bits<V>(b, 32 * (g / 4), g % 4, f);
  }
};

// d, dmin and 12 bytes that hold 8 scales and 8 minima of 6 bits: groups 0..3 in the low 6 bits of bytes 0..3 and 4..7,
// groups 4..7 in the nibbles of bytes 8..11 with their two high bits on top of bytes 0..7.
template <class V>
struct ScalesK {
  using I = typename V::I;
  using F = typename V::F;
  I dm, s0, s1, m0, m1;
  ScalesK() = default;
  template <class Block>
  INFER_INLINE explicit ScalesK(const Block& block) {
    dm = block.word(0);
    const I a = block.word(4), b = block.word(8), c = block.word(12);
    s0 = V::and_i(a, 0x3f3f3f3f);
    m0 = V::and_i(b, 0x3f3f3f3f);
    s1 = V::or_i(V::and_i(c, 0x0f0f0f0f), V::and_i(V::shr(a, 2), 0x30303030));
    m1 = V::or_i(V::and_i(V::shr(c, 4), 0x0f0f0f0f), V::and_i(V::shr(b, 2), 0x30303030));
  }
  INFER_INLINE F d() const { return V::low_f16(dm); }
  INFER_INLINE F low() const { return V::sub(V::zero(), V::low_f16(V::shr(dm, 16))); }
  INFER_INLINE I multiplier(int i) const { return V::multiplier(i < 4 ? s0 : s1, i % 4); }
  INFER_INLINE I minimum(int i) const { return V::bits(V::to_f(V::byte(i < 4 ? m0 : m1, i % 4))); }
};

template <class V>
struct Q4_K : Super256 {
  static constexpr int kBytes = 144, kChain = 8;
  static constexpr bool kOffset = true;
  template <class>
  using Scales = ScalesK<V>;
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int step, F f) {  // 32 bytes: two groups
    INFER_UNROLL for (int h = 0; h < 2; h++) {
      typename Block::Words words[R];
      INFER_UNROLL for (int r = 0; r < R; r++) words[r] = b[r].words(16 + 32 * step + 16 * h);
      INFER_UNROLL for (int j = 0; j < 4; j++) INFER_UNROLL for (int r = 0; r < R; r++) {
        const typename V::B w = words[r][j];
        f(r, 0, 4 * h + j, V::and_b(w, 15));
        f(r, 1, 4 * h + j, V::shr_b(w, 4, 15));
      }
    }
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int g, F f) {
    INFER_UNROLL for (int h = 0; h < 2; h++) INFER_UNROLL for (int r = 0; r < R; r++) {
      const auto words = b[r].words(16 + 32 * (g / 2) + 16 * h);
      INFER_UNROLL for (int j = 0; j < 4; j++) f(r, 4 * h + j, V::shr_b(words.again(j), 4 * (g % 2), 15));
    }
  }
};

template <class V>
struct Q5_K : Super256 {
  static constexpr int kBytes = 176, kChain = 4;
  static constexpr bool kOffset = true;
  template <class>
  using Scales = ScalesK<V>;
  // w: a byte of nibbles already reduced to one; high: bit g is the fifth bit of group g's value.
  INFER_INLINE static typename V::B with_fifth(typename V::B w, typename V::B high, int g) {
    return V::or_b(w, V::shl_b(V::shr_b(high, g, 1), 4));
  }
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int step, F f) {
    INFER_UNROLL for (int h = 0; h < 2; h++) {
      typename Block::Words words[R], highs[R];
      INFER_UNROLL for (int r = 0; r < R; r++) {
        words[r] = b[r].words(48 + 32 * step + 16 * h);
        highs[r] = b[r].words(16 + 16 * h);
      }
      INFER_UNROLL for (int j = 0; j < 4; j++) INFER_UNROLL for (int r = 0; r < R; r++) {
        const typename V::B w = words[r][j], high = step == 0 ? highs[r][j] : highs[r].again(j);
        f(r, 0, 4 * h + j, with_fifth(V::and_b(w, 15), high, 2 * step));
        f(r, 1, 4 * h + j, with_fifth(V::shr_b(w, 4, 15), high, 2 * step + 1));
      }
    }
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int g, F f) {
    INFER_UNROLL for (int h = 0; h < 2; h++) INFER_UNROLL for (int r = 0; r < R; r++) {
      const auto words = b[r].words(48 + 32 * (g / 2) + 16 * h), highs = b[r].words(16 + 16 * h);
      INFER_UNROLL for (int j = 0; j < 4; j++)
          f(r, 4 * h + j, with_fifth(V::shr_b(words.again(j), 4 * (g % 2), 15), highs.again(j), g));
    }
  }
};

template <class V>
struct Q6_K : Super256 {
  static constexpr int kBytes = 210, kPart = 16, kStep = 4, kChain = 2, kZero = 5, kOdd = 208, kOddBytes = 2,
                       kApart = 3;
  INFER_INLINE static constexpr int place(int word) { return place_in_q6_k(word); }
  template <class Block>
  struct Scales {
    typename V::F d_of_block;
    typename V::I words[4];
    Scales() = default;
    INFER_INLINE explicit Scales(const Block& b) : d_of_block(b.f16(208)) {
      INFER_UNROLL for (int i = 0; i < 4; i++) words[i] = b.word(192 + 4 * i);
    }
    INFER_INLINE typename V::F d() const { return d_of_block; }
    INFER_INLINE typename V::I multiplier(int i) const { return V::multiplier_signed(words[i / 4], i % 4); }
  };
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int step, F f) {  // 128 values
    INFER_UNROLL for (int h = 0; h < 2; h++) {
      typename Block::Words lows[R], mids[R], highs[R];
      INFER_UNROLL for (int r = 0; r < R; r++) {
        lows[r] = b[r].words(64 * step + 16 * h);
        mids[r] = b[r].words(64 * step + 32 + 16 * h);
        highs[r] = b[r].words(128 + 32 * step + 16 * h);
      }
      INFER_UNROLL for (int j = 0; j < 4; j++) INFER_UNROLL for (int r = 0; r < R; r++) {
        const typename V::B low = lows[r][j], mid = mids[r][j], high = highs[r][j];
        f(r, 0, 4 * h + j, V::or_b(V::and_b(low, 15), V::shl_b(V::and_b(high, 3), 4)));
        f(r, 1, 4 * h + j, V::or_b(V::and_b(mid, 15), V::shl_b(V::and_b(high, 12), 2)));
        f(r, 2, 4 * h + j, V::or_b(V::shr_b(low, 4, 15), V::and_b(high, 48)));
        f(r, 3, 4 * h + j, V::or_b(V::shr_b(mid, 4, 15), V::shr_b(high, 2, 48)));
      }
    }
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int g, F f) {
    const int step = g / 4, s = g % 4;
    INFER_UNROLL for (int h = 0; h < 2; h++) INFER_UNROLL for (int r = 0; r < R; r++) {
      const auto words = b[r].words(64 * step + 32 * (s % 2) + 16 * h), highs = b[r].words(128 + 32 * step + 16 * h);
      INFER_UNROLL for (int j = 0; j < 4; j++)
          f(r, 4 * h + j,
            V::or_b(V::shr_b(words.again(j), 4 * (s / 2), 15), V::shl_b(V::shr_b(highs.again(j), 2 * s, 3), 4)));
    }
  }
};

// 6 bits each: low nibbles in 4 bytes, high pairs in one 16-bit word; minus 32.
template <class V>
struct ScalesX {
  typename V::I head, low_bits;
  ScalesX() = default;
  template <class Block>
  INFER_INLINE explicit ScalesX(const Block& b) : head(b.word(0)), low_bits(b.word(4)) {}
  INFER_INLINE typename V::F d() const { return V::low_f16(head); }
  INFER_INLINE typename V::I multiplier(int i) const {
    const typename V::I six =
        V::or_i(V::and_i(V::shr(low_bits, 4 * i), 15), V::shl(V::and_i(V::shr(head, 16 + 2 * i), 3), 4));
    return V::multiplier_of(V::sub_i(six, V::set1_i(32)));
  }
};

template <class V>
struct IQ4_XS : Super256 {
  static constexpr int kBytes = 136, kStep = 1;
  static constexpr bool kSigned = true;
  template <class>
  using Scales = ScalesX<V>;
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int step, F f) {
    each_nonlinear<V>(b, 8 + 16 * step, f);
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int g, F f) {
    each_nonlinear<V>(b, 8 + 16 * g, [&](int r, int, int j, typename V::B w) INFER_INLINE_BODY { f(r, j, w); });
  }
};

}  // namespace infer::cpu
