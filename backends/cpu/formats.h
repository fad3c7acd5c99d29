// The block types that have kernels of their own: how the blocks of kLanes weight rows become bytes and scales with one
// row per lane. Layouts: quant/blocks.h and the GGUF specification; here only where each byte lies. This file: what a
// format is, and those of one scale for 32 values; formats_super.h: super-blocks; formats_fp4.h: 4-bit floats.
//
// A format F gives
//   kValues, kBytes    of a block             kPart       values that share a scale: 16 or 32
//   kStep              groups of 32 per step  kSigned     the bytes are signed (else 0..127)
//   kChain             products of 4-byte steps that fit 16 bits (AVX2): 8 for 4-bit values, 4, 2, 1
//   kZero              log2 of the zero point, or -1      kOffset     value = scale * q + offset
//   kScaled            false: a scale is a float; true: a small integer times one float of the block, d
//   kOdd, kOddBytes    where the block's bytes that make no whole word lie, and how many there are (0, 1 or 2)
//   kStreams           packed tiles that one row of activations reads in turn, as found to be fastest: 1, 2 or 4 (at
//                      most V::kStreams)
//   place(word)        where a packed block has this word; 4 neighbours are kApart places from each other
//   Scales<Block>(b)   the scales of a block (b: block_bytes.h)
//     unscaled: scale(i), offset(i): of the i-th part
//     scaled:   d(), multiplier(i) of the i-th part; low(), minimum(i): the offset of the i-th part is low * minimum
//               (for parts of 16 values a multiplier, for parts of 32 a float's bits)
//   each(b, i, f)      the i-th step of R rows' blocks b[R]: calls f(r, s, j, w) with w's lanes = bytes 4j..4j+3 of the
//                      step's group s; j ascends from one part to the next
//   group(b, g, f)     the g-th group alone: f(r, j, w)
// i and g are constants in the loops over a whole block, and numbers found at run time for single groups.
#pragma once
#include "backends/cpu/block_bytes.h"

namespace infer::cpu {

struct Simple32 {
  static constexpr int kValues = 32, kPart = 32, kStep = 1, kZero = -1, kChain = 1, kOdd = 0, kOddBytes = 2, kApart = 1;
  static constexpr int kStreams = 4;
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
  static constexpr int kBytes = 18, kStreams = 1;
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

}  // namespace infer::cpu
