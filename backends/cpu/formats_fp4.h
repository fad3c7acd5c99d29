// 4-bit floats (e2m1), doubled so that they are whole, with a power of two for 32 values (MXFP4) or an e4m3 number for
// 16 (NVFP4), halved in return. See formats.h for what each name means; quant/blocks.h for the scales.
#pragma once
#include "backends/cpu/formats.h"

namespace infer::cpu {

// Plus 16: unsigned bytes are cheaper to multiply, and the zero point is taken off once per part.
inline constexpr int8_t kFp4Plus16[16] = {16, 17, 18, 19, 20, 22, 24, 28, 16, 15, 14, 13, 12, 10, 8, 4};

template <class V>
struct MXFP4 : Simple32 {
  static constexpr int kBytes = 17, kChain = 4, kZero = 4, kOddBytes = 1;
  template <class Block>
  struct Scales {
    typename V::F d;
    Scales() = default;
    // 2^(e - 128): exponent e - 1, or for e = 0, 1 one bit of a denormal.
    INFER_INLINE explicit Scales(const Block& b) {
      const typename V::I e = b.byte(0), denormal = V::add_i(V::set1_i(1 << 21), V::shl(V::and_i(e, 1), 21));
      d = V::from_bits(V::max_i(V::sub_i(V::shl(e, 23), V::set1_i(1 << 23)), denormal));
    }
    INFER_INLINE typename V::F scale(int) const { return d; }
  };
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int, F f) {
    each_nibbles<V>(
        b, 1, [&](int r, int s, int j, typename V::B w) INFER_INLINE_BODY { f(r, s, j, V::lookup(kFp4Plus16, w)); });
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int, F f) {
    only_group<MXFP4>(b, f);
  }
};

template <class V>
struct NVFP4 : Simple32 {
  static constexpr int kValues = 64, kPart = 16, kBytes = 36, kChain = 4, kZero = 4, kOddBytes = 0;
  template <class Block>
  struct Scales {
    typename V::F d[4];
    Scales() = default;
    INFER_INLINE explicit Scales(const Block& b) {
      const typename V::I word = b.word(0);
      INFER_UNROLL for (int i = 0; i < 4; i++) d[i] = half_of(V::byte(word, i));
    }
    // (1 + m/8) 2^(e-8) or, for e = 0, m 2^-10, which is (1 + m/8) 2^-7 less 2^-7 there and more than the first for
    // every other e: the smaller of both. 0x7f is zero.
    INFER_INLINE static typename V::F half_of(typename V::I x) {
      const typename V::I bits = V::shl(V::and_i(x, 127), 20);
      const typename V::F normal = V::from_bits(V::add_i(bits, V::set1_i(119 << 23)));
      const typename V::F twice = V::from_bits(V::add_i(bits, V::set1_i(120 << 23)));
      const typename V::F from_zero = V::to_f(V::sub_i(x, V::set1_i(0x7f)));
      return V::zero_if_less(V::min(normal, V::sub(twice, V::set1(0x1p-7f))), V::mul(from_zero, from_zero),
                             V::set1(1.0f));
    }
    INFER_INLINE typename V::F scale(int i) const { return d[i]; }
  };
  // Each 16 values are 8 bytes: low nibbles, then high ones.
  template <class Block, int R, class F>
  INFER_INLINE static void group_at(const Block (&b)[R], int g, F f) {
    typename Block::Words words[R];
    INFER_UNROLL for (int r = 0; r < R; r++) words[r] = b[r].words(4 + 16 * g);
    INFER_UNROLL for (int part = 0; part < 2; part++) {
      INFER_UNROLL for (int high = 0; high < 2; high++) INFER_UNROLL for (int j = 0; j < 2; j++) {
        INFER_UNROLL for (int r = 0; r < R; r++) {
          const typename V::B w = high == 0 ? words[r][2 * part + j] : words[r].again(2 * part + j);
          f(r, 4 * part + 2 * high + j, V::lookup(kFp4Plus16, V::shr_b(w, 4 * high, 15)));
        }
      }
    }
  }
  template <class Block, int R, class F>
  INFER_INLINE static void each(const Block (&b)[R], int step, F f) {
    group_at(b, step, [&](int r, int j, typename V::B w) INFER_INLINE_BODY { f(r, 0, j, w); });
  }
  template <class Block, int R, class F>
  INFER_INLINE static void group(const Block (&b)[R], int g, F f) {
    group_at(b, g, f);
  }
};

}  // namespace infer::cpu
