// The bytes of every block type, as ggml writes them into GGUF files. This is the format's description: decoders,
// encoders and kernels read it from here.
//
// All structs are made of bytes: alignment 1, no padding, so a pointer into a mapped file can be used as it is,
// whatever its alignment. Multi-byte fields are little-endian and come out through Half::value() and Word<T>::value().
// Below, j is a value's index in its block, and `nibble(x, i)` is (x >> 4 * i) & 15.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/numeric.h"

namespace infer::quant {

// An unsigned integer at any alignment.
template <class T>
struct Word {
  uint8_t bytes[sizeof(T)];
  T value() const {
    T v;
    std::memcpy(&v, bytes, sizeof v);
    return v;
  }
  void set(T v) { std::memcpy(bytes, &v, sizeof v); }
};

// An IEEE binary16 at any alignment.
struct Half {
  Word<uint16_t> word;
  uint16_t bits() const { return word.value(); }
  float value() const { return f16_to_f32(bits()); }
  void set(float f) { word.set(f32_to_f16(f)); }
};

// A row's bytes as blocks: for (const BlockQ4_0& b : blocks_of<BlockQ4_0>(row, n / 32)) ...
template <class Block>
std::span<const Block> blocks_of(const void* row, int64_t n_blocks) {
  return {static_cast<const Block*>(row), static_cast<size_t>(n_blocks)};
}

// ---- 32 values, one scale -------------------------------------------------------------------------------------------
// The 4 and 5 bit types keep value j in the low nibble of qs[j] for j < 16, in the high nibble of qs[j - 16] otherwise.

struct BlockQ4_0 {  // value = d * (q - 8)
  static constexpr int kElems = 32;
  Half d;
  uint8_t qs[16];
};

struct BlockQ4_1 {  // value = d * q + m
  static constexpr int kElems = 32;
  Half d, m;
  uint8_t qs[16];
};

struct BlockQ5_0 {  // value = d * (q - 16), q = nibble | bit j of qh << 4
  static constexpr int kElems = 32;
  Half d;
  Word<uint32_t> qh;
  uint8_t qs[16];
};

struct BlockQ5_1 {  // value = d * q + m, q as in Q5_0
  static constexpr int kElems = 32;
  Half d, m;
  Word<uint32_t> qh;
  uint8_t qs[16];
};

struct BlockQ8_0 {  // value = d * q
  static constexpr int kElems = 32;
  Half d;
  int8_t qs[32];
};

struct BlockIQ4_NL {  // value = d * kIq4Values[q]
  static constexpr int kElems = 32;
  Half d;
  uint8_t qs[16];
};

// ---- 256 values, scales of sub-blocks quantised in turn ("K") -------------------------------------------------------

// q: 2 bits, four values per byte, 32 bytes per 128 values: (qs[32 * (j / 128) + j % 32] >> 2 * (j / 32 % 4)) & 3.
// value = d * (scales[j / 16] & 15) * q - dmin * (scales[j / 16] >> 4)
struct BlockQ2_K {
  static constexpr int kElems = 256;
  uint8_t scales[16];
  uint8_t qs[64];
  Half d, dmin;
};

// q: 2 low bits as in Q2_K, and 4 is subtracted where bit j / 32 of hmask[j % 32] is clear.
// scale of group g = j / 16, 6 bits less 32: nibble(scales[g % 8], g / 8) | ((scales[8 + g % 4] >> 2 * (g / 4)) & 3)
// << 4. value = d * scale * q
struct BlockQ3_K {
  static constexpr int kElems = 256;
  uint8_t hmask[32];
  uint8_t qs[64];
  uint8_t scales[12];
  Half d;
};

// q: nibble j / 32 % 2 of qs[32 * (j / 64) + j % 32]. Scale and minimum of each 32 values: 6 bits each, see scale_min.
// value = d * scale * q - dmin * min
struct BlockQ4_K {
  static constexpr int kElems = 256;
  Half d, dmin;
  uint8_t scales[12];
  uint8_t qs[128];
};

// As Q4_K, with bit j / 32 of qh[j % 32] as the fifth bit of q.
struct BlockQ5_K {
  static constexpr int kElems = 256;
  Half d, dmin;
  uint8_t scales[12];
  uint8_t qh[32];
  uint8_t qs[128];
};

// The 6-bit scale and minimum of sub-block i (0..7) of Q4_K and Q5_K. Bytes 0..3 hold scales 0..3 in their low six
// bits, bytes 4..7 minima 0..3; bytes 8..11 hold the low nibbles of scales 4..7 (low) and minima 4..7 (high), whose
// upper two bits are the top bits of bytes 0..3 and 4..7.
struct ScaleMin {
  uint8_t scale, min;
};
inline ScaleMin scale_min(const uint8_t scales[12], int i) {
  if (i < 4) return {static_cast<uint8_t>(scales[i] & 63), static_cast<uint8_t>(scales[i + 4] & 63)};
  return {static_cast<uint8_t>((scales[i + 4] & 15) | (scales[i - 4] >> 6) << 4),
          static_cast<uint8_t>(scales[i + 4] >> 4 | (scales[i] >> 6) << 4)};
}

// With c = j / 128 and r = j % 128: q = nibble(ql[64 * c + r % 64], r / 64) | ((qh[32 * c + r % 32] >> 2 * (r / 32)) &
// 3) << 4, less 32. value = d * scales[j / 16] * q
struct BlockQ6_K {
  static constexpr int kElems = 256;
  uint8_t ql[128];
  uint8_t qh[64];
  int8_t scales[16];
  Half d;
};

// ---- 256 values from code-books ("IQ"; tables.h) --------------------------------------------------------------------
// A code-book entry is a short vector of magnitudes (8 for IQ1 and IQ2, 4 for IQ3); signs are stored beside it, bit i
// for value i, set = negative. Where seven sign bits are stored, the eighth makes their number even: kSigns7 has all
// eight.

// Each 32 values: four 8-bit indices into kGridIq2xxs, then a word with four 7-bit signs (from bit 0) and a 4-bit scale
// (bits 28..31). value = d * (0.5 + scale) * 0.25 * grid * sign
struct BlockIQ2_XXS {
  static constexpr int kElems = 256;
  struct Group {
    uint8_t index[4];
    Word<uint32_t> signs_scale;
  };
  Half d;
  Group groups[8];
};

// Each 8 values: 9 bits of index into kGridIq2xs, 7 bits of sign above. Each 16 values: a nibble of scale.
// value = d * (0.5 + scale) * 0.25 * grid * sign
struct BlockIQ2_XS {
  static constexpr int kElems = 256;
  Half d;
  Word<uint16_t> qs[32];
  uint8_t scales[8];
};

// Each 8 values (e = j / 8): index qs[e] | ((qh[e / 4] >> 2 * (e % 4)) & 3) << 8 into kGridIq2s, eight signs in
// signs[e]. Each 16 values: a nibble of scale. value = d * (0.5 + scale) * 0.25 * grid * sign
struct BlockIQ2_S {
  static constexpr int kElems = 256;
  Half d;
  uint8_t qs[32];
  uint8_t signs[32];
  uint8_t qh[8];
  uint8_t scales[8];
};

// Each 4 values: an 8-bit index into kGridIq3xxs. Each 32 values: a word with four 7-bit signs and a 4-bit scale, as in
// IQ2_XXS. value = d * (0.5 + scale) * 0.5 * grid * sign
struct BlockIQ3_XXS {
  static constexpr int kElems = 256;
  Half d;
  uint8_t qs[64];
  Word<uint32_t> signs_scale[8];
};

// Each 4 values (e = j / 4): index qs[e] | bit e % 8 of qh[e / 8] << 8 into kGridIq3s. Each 8 values: eight signs.
// Each 32 values: a nibble of scale. value = d * (1 + 2 * scale) * grid * sign
struct BlockIQ3_S {
  static constexpr int kElems = 256;
  Half d;
  uint8_t qs[64];
  uint8_t qh[8];
  uint8_t signs[32];
  uint8_t scales[4];
};

// Each 8 values (e = j / 8): index qs[e] | ((qh[e / 4] >> 3 * (e % 4)) & 7) << 8 into kGridIq1 (of -1, 0, 1). Each 32
// values (qh's word): a 3-bit scale in bits 12..14; bit 15 says whether delta is -1/8 or 1/8. value = d * (2 * scale +
// 1) * (grid + delta)
struct BlockIQ1_S {
  static constexpr int kElems = 256;
  Half d;
  uint8_t qs[32];
  Word<uint16_t> qh[8];
};

// Each 8 values (e = j / 8), with h = nibble(qh[e / 2], e % 2): index qs[e] | (h & 7) << 8 into kGridIq1, delta -1/8 if
// h & 8, else 1/8. Each 16 values (g = j / 16): a 3-bit scale (scales[g / 4] >> 3 * (g % 4)) & 7. d is a binary16 whose
// nibbles, lowest first, are the top nibbles of scales[0..3]. value = d * (2 * scale + 1) * (grid + delta)
struct BlockIQ1_M {
  static constexpr int kElems = 256;
  uint8_t qs[32];
  uint8_t qh[16];
  Word<uint16_t> scales[4];
  uint16_t d_bits() const {
    return static_cast<uint16_t>(scales[0].value() >> 12 | (scales[1].value() >> 12) << 4 |
                                 (scales[2].value() >> 12) << 8 | (scales[3].value() >> 12) << 12);
  }
  float d() const { return f16_to_f32(d_bits()); }
};

// Each 32 values (g = j / 32): scale nibble(scales_l[g / 2], g % 2) | ((scales_h >> 2 * g) & 3) << 4, less 32; and 16
// bytes of qs arranged as in Q4_0. value = d * scale * kIq4Values[q]
struct BlockIQ4_XS {
  static constexpr int kElems = 256;
  Half d;
  Word<uint16_t> scales_h;
  uint8_t scales_l[4];
  uint8_t qs[128];
};

// ---- 256 ternary values ---------------------------------------------------------------------------------------------

// Five digits of base 3 per byte, as a fraction: a byte x holds ceil(n * 256 / 243) for the five-digit number n. Digit
// k, first is highest, is (uint8_t(x * 3^k) * 3) >> 8. Digit k of qs[m] is value 32 * k + m for m < 32 and value 160 +
// 16 * k + (m - 32) for m >= 32; digit k (of four) of qh[m] is value 240 + 4 * k + m. value = d * (digit - 1)
struct BlockTQ1_0 {
  static constexpr int kElems = 256;
  uint8_t qs[48];
  uint8_t qh[4];
  Half d;
};

// q: 2 bits, placed as in Q2_K. value = d * (q - 1); q = 3 is not written, and would mean 2.
struct BlockTQ2_0 {
  static constexpr int kElems = 256;
  uint8_t qs[64];
  Half d;
};

// ---- 4-bit floats (e2m1, doubled in kFp4Values; the scale functions below halve in return) --------------------------

// Nibbles placed as in Q4_0. value = e8m0_half(e) * kFp4Values[q]
struct BlockMXFP4 {
  static constexpr int kElems = 32;
  uint8_t e;
  uint8_t qs[16];
};

// Each 16 values (g = j / 16): low nibbles of qs[8 * g .. 8 * g + 7], then their high nibbles.
// value = ue4m3_half(d[g]) * kFp4Values[q]
struct BlockNVFP4 {
  static constexpr int kElems = 64;
  uint8_t d[4];
  uint8_t qs[32];
};

// 2^(e - 127) / 2. Every byte is a number: 0xff is 2^127, not NaN.
inline float e8m0_half(uint8_t e) {
  return std::bit_cast<float>(e < 2 ? uint32_t{0x00200000} << e : static_cast<uint32_t>(e - 1) << 23);
}

// Half of an unsigned e4m3 (bias 7). The top bit is ignored, except that 0x7f alone is zero and 0xff is not.
inline float ue4m3_half(uint8_t x) {
  const uint32_t exponent = x >> 3 & 15u, mantissa = x & 7u;
  if (x == 0x7f) return 0.0f;
  if (exponent == 0) return static_cast<float>(mantissa) * 0x1p-10f;
  return std::bit_cast<float>((exponent + 119) << 23 | mantissa << 20);  // 2^(exponent - 7 - 1) * (1 + mantissa / 8)
}

static_assert(sizeof(BlockQ4_0) == 18 && sizeof(BlockQ4_1) == 20 && sizeof(BlockQ5_0) == 22 && sizeof(BlockQ5_1) == 24);
static_assert(sizeof(BlockQ8_0) == 34 && sizeof(BlockIQ4_NL) == 18 && sizeof(BlockIQ4_XS) == 136);
static_assert(sizeof(BlockQ2_K) == 84 && sizeof(BlockQ3_K) == 110 && sizeof(BlockQ4_K) == 144 &&
              sizeof(BlockQ5_K) == 176);
static_assert(sizeof(BlockQ6_K) == 210 && sizeof(BlockIQ1_S) == 50 && sizeof(BlockIQ1_M) == 56);
static_assert(sizeof(BlockIQ2_XXS) == 66 && sizeof(BlockIQ2_XS) == 74 && sizeof(BlockIQ2_S) == 82);
static_assert(sizeof(BlockIQ3_XXS) == 98 && sizeof(BlockIQ3_S) == 110 && sizeof(BlockTQ1_0) == 54 &&
              sizeof(BlockTQ2_0) == 66);
static_assert(sizeof(BlockMXFP4) == 17 && sizeof(BlockNVFP4) == 36);
static_assert(std::endian::native == std::endian::little,
              "fields and files are little-endian; Word::value() copies bytes");

}  // namespace infer::quant
