// The block types that have kernels of their own: how the blocks of kLanes weight rows become bytes, scales and offsets
// with one row per lane. Layouts: quant/layout comments and the GGUF specification; here only where each byte lies.
//
// A format F gives
//   kValues, kBytes    of a block             kGroup      values that share a scale: 16 or 32
//   kStep              groups of 32 per load  kSigned     the bytes are signed (else 0..127)
//   kChain             products of 4-byte steps that fit 16 bits (AVX2): 8 for 4-bit values, 4, 2, 1
//   kZero              log2 of the zero point, or -1      kOffset     value = scale * q + offset
//   Scales(p, s)       everything about the scales of a block at p in rows s bytes apart: scale(i), offset(i), i-th
//   group load(p, s, i, w)   the i-th step of the block: w[g][j] lane r = bytes 4j..4j+3 of group g of row r
#pragma once
#include <cstdint>

#include "backends/cpu/codegen.h"

namespace infer::cpu {

// 16 bytes of nibbles: the low ones are values 0..15 of the group, the high ones 16..31.
template <class V>
INFER_INLINE void load_nibbles(const uint8_t* p, int64_t s, typename V::B w[8]) {
  typename V::B packed[4];
  V::load16(p, s, packed);
  INFER_UNROLL for (int j = 0; j < 4; j++) {
    w[j] = V::and_b(packed[j], 15);
    w[j + 4] = V::shr_b(packed[j], 4, 15);
  }
}

template <class V>
INFER_INLINE void load_bytes(const uint8_t* p, int64_t s, typename V::B w[8]) {
  V::load16(p, s, w);
  V::load16(p + 16, s, w + 4);
}

// One scale, no offset, for the whole block.
template <class V>
struct ScaleD {
  typename V::F d;
  INFER_INLINE ScaleD(const uint8_t* p, int64_t s) : d(V::low_f16(V::gather32(p, s))) {}
  INFER_INLINE typename V::F scale(int) const { return d; }
  INFER_INLINE typename V::F offset(int) const { return V::zero(); }
};
template <class V>
struct ScaleDM {
  typename V::F d, m;
  INFER_INLINE ScaleDM(const uint8_t* p, int64_t s) {
    const typename V::I dm = V::gather32(p, s);
    d = V::low_f16(dm);
    m = V::low_f16(V::shr(dm, 16));
  }
  INFER_INLINE typename V::F scale(int) const { return d; }
  INFER_INLINE typename V::F offset(int) const { return m; }
};

struct Simple32 {
  static constexpr int kValues = 32, kGroup = 32, kStep = 1, kZero = -1, kChain = 1;
  static constexpr bool kSigned = false, kOffset = false;
};

template <class V>
struct Q4_0 : Simple32 {
  static constexpr int kBytes = 18, kChain = 8, kZero = 3;
  using Scales = ScaleD<V>;
  INFER_INLINE static void load(const uint8_t* p, int64_t s, int, typename V::B w[1][8]) {
    load_nibbles<V>(p + 2, s, w[0]);
  }
};

template <class V>
struct Q4_1 : Simple32 {
  static constexpr int kBytes = 20, kChain = 8;
  static constexpr bool kOffset = true;
  using Scales = ScaleDM<V>;
  INFER_INLINE static void load(const uint8_t* p, int64_t s, int, typename V::B w[1][8]) {
    load_nibbles<V>(p + 4, s, w[0]);
  }
};

// The fifth bits: bit i of a 32-bit word belongs to value i.
template <class V>
INFER_INLINE void add_fifth_bits(typename V::I high, typename V::B w[8]) {
  w[0] = V::or_b(w[0], V::template bits_to_bytes<0>(high));
  w[1] = V::or_b(w[1], V::template bits_to_bytes<1>(high));
  w[2] = V::or_b(w[2], V::template bits_to_bytes<2>(high));
  w[3] = V::or_b(w[3], V::template bits_to_bytes<3>(high));
  w[4] = V::or_b(w[4], V::template bits_to_bytes<4>(high));
  w[5] = V::or_b(w[5], V::template bits_to_bytes<5>(high));
  w[6] = V::or_b(w[6], V::template bits_to_bytes<6>(high));
  w[7] = V::or_b(w[7], V::template bits_to_bytes<7>(high));
}

template <class V>
struct Q5_0 : Simple32 {
  static constexpr int kBytes = 22, kChain = 4, kZero = 4;
  using Scales = ScaleD<V>;
  INFER_INLINE static void load(const uint8_t* p, int64_t s, int, typename V::B w[1][8]) {
    load_nibbles<V>(p + 6, s, w[0]);
    add_fifth_bits<V>(V::gather32(p + 2, s), w[0]);
  }
};

template <class V>
struct Q5_1 : Simple32 {
  static constexpr int kBytes = 24, kChain = 4;
  static constexpr bool kOffset = true;
  using Scales = ScaleDM<V>;
  INFER_INLINE static void load(const uint8_t* p, int64_t s, int, typename V::B w[1][8]) {
    load_nibbles<V>(p + 8, s, w[0]);
    add_fifth_bits<V>(V::gather32(p + 4, s), w[0]);
  }
};

template <class V>
struct Q8_0 : Simple32 {
  static constexpr int kBytes = 34;
  static constexpr bool kSigned = true;
  using Scales = ScaleD<V>;
  INFER_INLINE static void load(const uint8_t* p, int64_t s, int, typename V::B w[1][8]) {
    load_bytes<V>(p + 2, s, w[0]);
  }
};

inline constexpr int8_t kNonlinear4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
template <class V>
INFER_INLINE void load_nonlinear(const uint8_t* p, int64_t s, typename V::B w[8]) {
  load_nibbles<V>(p, s, w);
  INFER_UNROLL for (int j = 0; j < 8; j++) w[j] = V::lookup(kNonlinear4, w[j]);
}

template <class V>
struct IQ4_NL : Simple32 {
  static constexpr int kBytes = 18;
  static constexpr bool kSigned = true;
  using Scales = ScaleD<V>;
  INFER_INLINE static void load(const uint8_t* p, int64_t s, int, typename V::B w[1][8]) {
    load_nonlinear<V>(p + 2, s, w[0]);
  }
};

// ---- super-blocks of 256
// ---------------------------------------------------------------------------------------------

struct Super256 {
  static constexpr int kValues = 256, kGroup = 32, kStep = 2, kZero = -1, kChain = 1;
  static constexpr bool kSigned = false, kOffset = false;
};

// Byte i of a word of each lane, as a number.
template <class V>
INFER_INLINE typename V::F byte_to_f(typename V::I word, int i) {
  return V::to_f(V::and_i(V::shr(word, 8 * i), 255));
}
template <class V>
INFER_INLINE typename V::F signed_byte_to_f(typename V::I word, int i) {
  return V::to_f(V::sar(V::shl(word, 24 - 8 * i), 24));
}

// d, dmin and 12 bytes that hold 8 scales and 8 minima of 6 bits: groups 0..3 in the low 6 bits of bytes 0..3 and 4..7,
// groups 4..7 in the nibbles of bytes 8..11 with their two high bits on top of bytes 0..7.
template <class V>
struct ScalesK {
  typename V::F s[8], o[8];
  INFER_INLINE ScalesK(const uint8_t* p, int64_t stride) {
    using I = typename V::I;
    const I dm = V::gather32(p, stride);
    const typename V::F d = V::low_f16(dm), minus = V::sub(V::zero(), V::low_f16(V::shr(dm, 16)));
    const I a = V::gather32(p + 4, stride), b = V::gather32(p + 8, stride), c = V::gather32(p + 12, stride);
    const I s0 = V::and_i(a, 0x3f3f3f3f), m0 = V::and_i(b, 0x3f3f3f3f);
    const I s1 = V::or_i(V::and_i(c, 0x0f0f0f0f), V::and_i(V::shr(a, 2), 0x30303030));
    const I m1 = V::or_i(V::and_i(V::shr(c, 4), 0x0f0f0f0f), V::and_i(V::shr(b, 2), 0x30303030));
    INFER_UNROLL for (int i = 0; i < 4; i++) {
      s[i] = V::mul(d, byte_to_f<V>(s0, i));
      s[i + 4] = V::mul(d, byte_to_f<V>(s1, i));
      o[i] = V::mul(minus, byte_to_f<V>(m0, i));
      o[i + 4] = V::mul(minus, byte_to_f<V>(m1, i));
    }
  }
  INFER_INLINE typename V::F scale(int i) const { return s[i]; }
  INFER_INLINE typename V::F offset(int i) const { return o[i]; }
};

template <class V>
struct Q4_K : Super256 {
  static constexpr int kBytes = 144, kChain = 8;
  static constexpr bool kOffset = true;
  using Scales = ScalesK<V>;
  INFER_INLINE static void load(const uint8_t* p, int64_t s, int step, typename V::B w[2][8]) {  // 32 bytes: two groups
    typename V::B packed[8];
    load_bytes<V>(p + 16 + 32 * step, s, packed);
    INFER_UNROLL for (int j = 0; j < 8; j++) {
      w[0][j] = V::and_b(packed[j], 15);
      w[1][j] = V::shr_b(packed[j], 4, 15);
    }
  }
};

template <class V>
struct Q5_K : Super256 {
  static constexpr int kBytes = 176, kChain = 4;
  static constexpr bool kOffset = true;
  using Scales = ScalesK<V>;
  INFER_INLINE static void load(const uint8_t* p, int64_t s, int step, typename V::B w[2][8]) {
    typename V::B packed[8], high[8];  // bit g of byte i of `high`: fifth bit of value i of group g
    load_bytes<V>(p + 48 + 32 * step, s, packed);
    load_bytes<V>(p + 16, s, high);
    INFER_UNROLL for (int j = 0; j < 8; j++) {
      w[0][j] = V::or_b(V::and_b(packed[j], 15), V::shl_b(V::shr_b(high[j], 2 * step, 1), 4));
      w[1][j] = V::or_b(V::shr_b(packed[j], 4, 15), V::shl_b(V::shr_b(high[j], 2 * step + 1, 1), 4));
    }
  }
};

template <class V>
struct Q6_K : Super256 {
  static constexpr int kBytes = 210, kGroup = 16, kStep = 4, kChain = 2, kZero = 5;
  struct Scales {
    typename V::F s[16];
    INFER_INLINE Scales(const uint8_t* p, int64_t stride) {
      const typename V::F d = V::low_f16(V::shr(V::gather32(p + 206, stride), 16));
      INFER_UNROLL for (int i = 0; i < 4; i++) {
        const typename V::I word = V::gather32(p + 192 + 4 * i, stride);
        INFER_UNROLL for (int j = 0; j < 4; j++) s[4 * i + j] = V::mul(d, signed_byte_to_f<V>(word, j));
      }
    }
    typename V::F scale(int i) const { return s[i]; }
    typename V::F offset(int) const { return V::zero(); }
  };
  INFER_INLINE static void load(const uint8_t* p, int64_t s, int step, typename V::B w[4][8]) {  // 128 values
    typename V::B a[8], b[8], high[8];
    load_bytes<V>(p + 64 * step, s, a);
    load_bytes<V>(p + 64 * step + 32, s, b);
    load_bytes<V>(p + 128 + 32 * step, s, high);
    INFER_UNROLL for (int j = 0; j < 8; j++) {
      w[0][j] = V::or_b(V::and_b(a[j], 15), V::shl_b(V::and_b(high[j], 3), 4));
      w[1][j] = V::or_b(V::and_b(b[j], 15), V::shl_b(V::and_b(high[j], 12), 2));
      w[2][j] = V::or_b(V::shr_b(a[j], 4, 15), V::and_b(high[j], 48));
      w[3][j] = V::or_b(V::shr_b(b[j], 4, 15), V::shr_b(high[j], 2, 48));
    }
  }
};

template <class V>
struct IQ4_XS : Super256 {
  static constexpr int kBytes = 136, kStep = 1;
  static constexpr bool kSigned = true;
  struct Scales {  // 6 bits each: low nibbles in 4 bytes, high pairs in one 16-bit word; minus 32
    typename V::F s[8];
    INFER_INLINE Scales(const uint8_t* p, int64_t stride) {
      const typename V::I head = V::gather32(p, stride), low = V::gather32(p + 4, stride);
      const typename V::F d = V::low_f16(head);
      INFER_UNROLL for (int i = 0; i < 8; i++) {
        const typename V::I six =
            V::or_i(V::and_i(V::shr(low, 4 * i), 15), V::shl(V::and_i(V::shr(head, 16 + 2 * i), 3), 4));
        s[i] = V::mul(d, V::to_f(V::sub_i(six, V::set1_i(32))));
      }
    }
    typename V::F scale(int i) const { return s[i]; }
    typename V::F offset(int) const { return V::zero(); }
  };
  INFER_INLINE static void load(const uint8_t* p, int64_t s, int step, typename V::B w[1][8]) {
    load_nonlinear<V>(p + 8 + 16 * step, s, w[0]);
  }
};

}  // namespace infer::cpu
