// The block types that have kernels of their own: how the blocks of kLanes weight rows become bytes and scales with one
// row per lane. Layouts: quant/blocks.h and the GGUF specification; here only where each byte lies.
//
// A format F gives
//   kValues, kBytes    of a block             kPart       values that share a scale: 16 or 32
//   kStep              groups of 32 per step  kSigned     the bytes are signed (else 0..127)
//   kChain             products of 4-byte steps that fit 16 bits (AVX2): 8 for 4-bit values, 4, 2, 1
//   kZero              log2 of the zero point, or -1      kOffset     value = scale * q + offset
//   kScaled            false: a scale is a float; true: a small integer times one float of the block, d
//   kOdd, kOddBytes    where the block's bytes that make no whole word lie, and how many there are (0 or 2)
//   place(word)        where a packed block has this word; 4 neighbours are kApart places from each other
//   Scales<Block>(b)   the scales of a block (b: block_bytes.h)
//     unscaled: scale(i), offset(i): of the i-th part
//     scaled:   d(), multiplier(i) of the i-th part; low(), minimum(g): the offset of the g-th group is low * minimum
//   each(b, i, f)      the i-th step of R rows' blocks b[R]: calls f(r, s, j, w) with w's lanes = bytes 4j..4j+3 of the
//                      step's group s; j ascends from one part to the next
//   group(b, g, f)     the g-th group alone: f(r, j, w)
// i and g are constants in the loops over a whole block, and numbers found at run time for single groups.
#pragma once
#include "backends/cpu/block_bytes.h"

namespace infer::cpu {

// ---- one scale for 32 values
// --------------------------------------------------------------------------------------------------

struct Simple32 {
  static constexpr int kValues = 32, kPart = 32, kStep = 1, kZero = -1, kChain = 1, kOdd = 0, kOddBytes = 2, kApart = 1;
  static constexpr bool kSigned = false, kOffset = false, kScaled = false;
  INFER_INLINE static constexpr int place(int word) { return place_in_order(word); }
};
template <class V>
struct ScaleD {
  typename V::F d;
  ScaleD() = default;
  template <class Block>
  INFER_INLINE explicit ScaleD(const Block& b) : d(b.f16(0)) {}
  INFER_INLINE typename V::F scale(int) const { return d; }
  INFER_INLINE typename V::F offset(int) const { return V::zero(); }
};
template <class V>
struct ScaleDM {
  typename V::F d, m;
  ScaleDM() = default;
  template <class Block>
  INFER_INLINE explicit ScaleDM(const Block& b) {
    const typename V::I dm = b.word(0);
    d = V::low_f16(dm);
    m = V::low_f16(V::shr(dm, 16));
  }
  INFER_INLINE typename V::F scale(int) const { return d; }
  INFER_INLINE typename V::F offset(int) const { return m; }
};

// What is the same for all formats of one group: group() is each().
template <class Format, class Block, int R, class F>
INFER_INLINE void only_group(const Block (&b)[R], F f) {
  Format::each(b, 0, [&](int r, int, int j, auto w) INFER_INLINE_BODY { f(r, j, w); });
}

// 16 bytes of nibbles: the low ones are values 0..15 of a group, the high ones 16..31.
template <class V, class Block, int R, class F>
INFER_INLINE void each_nibbles(const Block (&b)[R], int at, F f) {
  typename Block::Words words[R];
  INFER_UNROLL for (int r = 0; r < R; r++) words[r] = b[r].words(at);
  INFER_UNROLL for (int j = 0; j < 4; j++) INFER_UNROLL for (int r = 0; r < R; r++) {
    const typename V::B w = words[r][j];
    f(r, 0, j, V::and_b(w, 15));
    f(r, 0, j + 4, V::shr_b(w, 4, 15));
  }
}

template <class V>
struct Q4_0 : Simple32 {
  static constexpr int kBytes = 18, kChain = 8, kZero = 3;
  template <class>
  using Scales = ScaleD<V>;
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int, F f) {
    each_nibbles<V>(b, 2, f);
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int, F f) {
    only_group<Q4_0>(b, f);
  }
};

template <class V>
struct Q4_1 : Simple32 {
  static constexpr int kBytes = 20, kChain = 8, kOddBytes = 0;
  static constexpr bool kOffset = true;
  template <class>
  using Scales = ScaleDM<V>;
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int, F f) {
    each_nibbles<V>(b, 4, f);
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int, F f) {
    only_group<Q4_1>(b, f);
  }
};

// With fifth bits: bit i of the 32-bit word at `high_at` belongs to value i.
template <class V, int j, class Block, int R, class F>
INFER_INLINE void five_bits(const typename Block::Words (&words)[R], const typename V::I (&high)[R], F f) {
  INFER_UNROLL for (int r = 0; r < R; r++) {
    const typename V::B w = words[r][j];
    f(r, 0, j, V::or_b(V::and_b(w, 15), V::template bits_to_bytes<j>(high[r])));
    f(r, 0, j + 4, V::or_b(V::shr_b(w, 4, 15), V::template bits_to_bytes<j + 4>(high[r])));
  }
}
template <class V, class Block, int R, class F>
INFER_INLINE void each_five_bits(const Block (&b)[R], int at, int high_at, F f) {
  typename Block::Words words[R];
  typename V::I high[R];
  INFER_UNROLL for (int r = 0; r < R; r++) {
    words[r] = b[r].words(at);
    high[r] = b[r].word(high_at);
  }
  five_bits<V, 0, Block>(words, high, f);
  five_bits<V, 1, Block>(words, high, f);
  five_bits<V, 2, Block>(words, high, f);
  five_bits<V, 3, Block>(words, high, f);
}

template <class V>
struct Q5_0 : Simple32 {
  static constexpr int kBytes = 22, kChain = 4, kZero = 4;
  template <class>
  using Scales = ScaleD<V>;
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int, F f) {
    each_five_bits<V>(b, 6, 2, f);
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int, F f) {
    only_group<Q5_0>(b, f);
  }
};

template <class V>
struct Q5_1 : Simple32 {
  static constexpr int kBytes = 24, kChain = 4, kOddBytes = 0;
  static constexpr bool kOffset = true;
  template <class>
  using Scales = ScaleDM<V>;
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int, F f) {
    each_five_bits<V>(b, 8, 4, f);
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int, F f) {
    only_group<Q5_1>(b, f);
  }
};

// Bytes at .. at+31 of each row as they are.
template <class V, class Block, int R, class F>
INFER_INLINE void each_byte(const Block (&b)[R], int at, F f) {
  INFER_UNROLL for (int h = 0; h < 2; h++) {
    typename Block::Words words[R];
    INFER_UNROLL for (int r = 0; r < R; r++) words[r] = b[r].words(at + 16 * h);
    INFER_UNROLL for (int j = 0; j < 4; j++) INFER_UNROLL for (int r = 0; r < R; r++) f(r, 0, 4 * h + j, words[r][j]);
  }
}

template <class V>
struct Q8_0 : Simple32 {
  static constexpr int kBytes = 34;
  static constexpr bool kSigned = true;
  template <class>
  using Scales = ScaleD<V>;
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int, F f) {
    each_byte<V>(b, 2, f);
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int, F f) {
    only_group<Q8_0>(b, f);
  }
};

inline constexpr int8_t kNonlinear4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
template <class V, class Block, int R, class F>
INFER_INLINE void each_nonlinear(const Block (&b)[R], int at, F f) {
  each_nibbles<V>(
      b, at, [&](int r, int s, int j, typename V::B w) INFER_INLINE_BODY { f(r, s, j, V::lookup(kNonlinear4, w)); });
}

template <class V>
struct IQ4_NL : Simple32 {
  static constexpr int kBytes = 18;
  static constexpr bool kSigned = true;
  template <class>
  using Scales = ScaleD<V>;
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int, F f) {
    each_nonlinear<V>(b, 2, f);
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int, F f) {
    only_group<IQ4_NL>(b, f);
  }
};

// ---- super-blocks of 256 values
// -----------------------------------------------------------------------------------------------

struct Super256 {
  static constexpr int kValues = 256, kPart = 32, kStep = 2, kZero = -1, kChain = 1, kOdd = 0, kOddBytes = 0,
                       kApart = 1;
  static constexpr bool kSigned = false, kOffset = false, kScaled = true;
  INFER_INLINE static constexpr int place(int word) { return place_in_order(word); }
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
  INFER_INLINE F minimum(int i) const { return V::to_f(V::byte(i < 4 ? m0 : m1, i % 4)); }
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
