// Rows of the unpacked types in AVX2: the same results as the portable unpackers', and products with activations, for
// which the values stay in registers.
//
// Functions with the target attribute are inlined only into functions that have it, too: nothing here reaches older
// processors. So what returns or takes a vector has it, and becomes part of the two functions of the table (unpack.cc).
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "backends/cpu/codegen.h"
#include "backends/cpu/unpack.h"
#include "backends/cpu/unpack_code_books.h"
#include "backends/cpu/unpack_ternary.h"

namespace infer::cpu {

[[gnu::target("avx2,f16c"), gnu::always_inline]] inline __m256i load256(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
[[gnu::target("avx2,f16c"), gnu::always_inline]] inline void store256(void* p, __m256i v) {
  _mm256_storeu_si256(static_cast<__m256i*>(p), v);
}

// Swar's operations.
struct Avx2 {
  [[gnu::target("avx2,f16c")]] static float number(uint16_t bits) { return _cvtsh_ss(bits); }

  template <int kEach, int kBytes, int kApart, unsigned kMask>
  [[gnu::target("avx2,f16c")]] static void put_fields(const void* bytes, int n, uint16_t* fields) {
    // 16 at a time. A field's bytes come into its word, a multiplication shifts the field to the top (AVX2 has no other
    // shift of 16-bit words by different counts), and a shift by one count to the bottom.
    constexpr int kBits = std::popcount(kMask);
    static constexpr auto kSpread = [] {
      std::array<uint8_t, 32> a{};
      for (unsigned i = 0; i < 16; ++i) {
        const auto first = static_cast<uint8_t>(i / kEach * kBytes);
        a[2 * i] = first;
        a[2 * i + 1] = kBytes == 2 ? static_cast<uint8_t>(first + 1) : uint8_t{0x80};
      }
      return a;
    }();
    static constexpr auto kUp = [] {
      std::array<uint16_t, 16> a{};
      for (unsigned i = 0; i < 16; ++i) a[i] = static_cast<uint16_t>(1u << (16 - kBits - kApart * (i % kEach)));
      return a;
    }();
    for (int i = 0; i < n; i += 16) {
      int64_t bits = 0;
      std::memcpy(&bits, static_cast<const uint8_t*>(bytes) + i / kEach * kBytes, 16 / kEach * kBytes);
      const __m256i spread = _mm256_shuffle_epi8(_mm256_set1_epi64x(bits), load256(kSpread.data()));
      store256(fields + i, _mm256_srli_epi16(_mm256_mullo_epi16(spread, load256(kUp.data())), 16 - kBits));
    }
  }

  [[gnu::target("avx2,f16c")]] static void put_scales(float* scale, const uint8_t bytes[8], float d) {
    const __m128i both = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes));
    const __m128i nibbles = _mm_and_si128(_mm_unpacklo_epi8(both, _mm_srli_epi16(both, 4)), _mm_set1_epi8(15));
    for (int i = 0; i < 2; ++i) {
      const __m256 n = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(i == 0 ? nibbles : _mm_srli_si128(nibbles, 8)));
      const __m256 s = _mm256_mul_ps(_mm256_set1_ps(d), _mm256_add_ps(_mm256_set1_ps(0.5f), n));
      _mm256_storeu_ps(scale + 8 * i, _mm256_mul_ps(s, _mm256_set1_ps(0.25f)));
    }
  }
};

// 32 values: as they are, and times activations, which gives the sums of pairs of products (of values plus kZero). Of
// the IQ2 and IQ3 types: magnitudes, and for each a number that has its sign.
struct Avx2Signed {
  static constexpr int kZero = 0;
  __m256i magnitudes, signs;
  [[gnu::target("avx2,f16c"), gnu::always_inline]] __m256i values() const {
    return _mm256_sign_epi8(magnitudes, signs);
  }
  [[gnu::target("avx2,f16c"), gnu::always_inline]] __m256i times(__m256i x) const {
    return _mm256_maddubs_epi16(magnitudes, _mm256_sign_epi8(x, signs));
  }
};
// Of the other types: values plus a zero point, which need no signs.
template <int zero>
struct Avx2Unsigned {
  static constexpr int kZero = zero;
  __m256i bytes;
  [[gnu::target("avx2,f16c"), gnu::always_inline]] __m256i values() const {
    return _mm256_sub_epi8(bytes, _mm256_set1_epi8(kZero));
  }
  [[gnu::target("avx2,f16c"), gnu::always_inline]] __m256i times(__m256i x) const {
    return _mm256_maddubs_epi16(bytes, x);
  }
};

// A block of T, read as a whole: its scales, and what its groups are looked up with.
template <class T>
class Avx2Block {
 public:
  // Blocks that are read before the first is used, for that goes through memory and takes its time.
  static constexpr int kTogether = 4;
  using Group = std::conditional_t<T::kMoved, Avx2Unsigned<9>, Avx2Signed>;
  [[gnu::target("avx2,f16c"), gnu::always_inline]] void read(const typename T::Block& b, float* scale) {
    block_ = &b;
    T::template read<Avx2>(b, codes_, scale);
    asm("" : "+m"(codes_));  // gcc would take every index out of the vectors, at two instructions each, not from memory
  }
  [[gnu::target("avx2,f16c"), gnu::always_inline]] Group group(int g) const {
    constexpr int kHalf = 16 / T::kEntry;
    const __m256i entries = _mm256_set_m128i(half((2 * g + 1) * kHalf), half(2 * g * kHalf));
    // Four groups' signs in both halves; of them, each byte of this group's eight times.
    const __m256i four =
        _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(codes_.signs + g / 4 * 4)));
    const __m256i spread = _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
    const __m256i place = _mm256_add_epi8(spread, _mm256_set1_epi8(static_cast<char>(g % 4 * 4)));
    const __m256i bytes = _mm256_shuffle_epi8(four, place);
    if constexpr (T::kMoved) {  // the zero point of 9 is in the signs
      const __m256i times_8 = _mm256_sign_epi8(_mm256_set1_epi8(8), entries);
      return {_mm256_add_epi8(times_8, bytes)};
    } else {
      // 127 alone is positive; plus any one bit, it is negative.
      const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201u));
      return {entries, _mm256_add_epi8(_mm256_and_si256(bytes, bit), _mm256_set1_epi8(127))};
    }
  }

 private:
  [[gnu::target("avx2,f16c"), gnu::always_inline]] auto entry(int i) const {
    return T::kGrid[T::index(*block_, codes_, i)];
  }
  // 16 bytes of entries from `i` on.
  [[gnu::target("avx2,f16c"), gnu::always_inline]] __m128i half(int i) const {
    if constexpr (T::kEntry == 8)
      return _mm_set_epi64x(static_cast<int64_t>(entry(i + 1)), static_cast<int64_t>(entry(i)));
    else
      return _mm_set_epi32(static_cast<int32_t>(entry(i + 3)), static_cast<int32_t>(entry(i + 2)),
                           static_cast<int32_t>(entry(i + 1)), static_cast<int32_t>(entry(i)));
  }

  const typename T::Block* block_;
  Codes codes_;
};

// See unpack_ternary.h for the digits. Bytes are kept with their top bit flipped, for AVX2 compares signed ones only;
// tripling leaves that bit flipped.
template <>
class Avx2Block<TQ1_0> {
 public:
  static constexpr int kTogether = 1;
  using Group = Avx2Unsigned<1>;
  [[gnu::target("avx2,f16c"), gnu::always_inline]] void read(const quant::BlockTQ1_0& b, float* scale) {
    _mm256_storeu_ps(scale, _mm256_set1_ps(Avx2::number(b.d.bits())));
    __m256i rest = flipped(load256(b.qs));
    INFER_UNROLL for (int g = 0; g < 5; ++g, rest = tripled(rest)) digits_[g] = digits(rest);
    const __m256i next =
        flipped(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b.qs + 32))));
    int32_t last;
    std::memcpy(&last, b.qh, sizeof last);
    // Digits 0 and 1, 2 and 3, then 4 beside the four of qh.
    const __m256i first = _mm256_blend_epi32(next, tripled(next), 0xf0);
    const __m256i third = tripled(tripled(first));
    const __m256i fifth = tripled(tripled(third));
    digits_[5] = digits(first);
    digits_[6] = digits(third);
    const __m256i q0 = flipped(_mm256_set1_epi32(last)), q1 = tripled(q0), q2 = tripled(q1), q3 = tripled(q2);
    const __m256i q = _mm256_blend_epi32(_mm256_blend_epi32(q0, q1, 0x20), _mm256_blend_epi32(q2, q3, 0x80), 0xc0);
    digits_[7] = digits(_mm256_blend_epi32(fifth, q, 0xf0));
  }
  [[gnu::target("avx2,f16c"), gnu::always_inline]] Group group(int g) const { return {digits_[g]}; }

 private:
  [[gnu::target("avx2,f16c"), gnu::always_inline]] static __m256i flipped(__m256i x) {
    return _mm256_xor_si256(x, _mm256_set1_epi8(static_cast<char>(0x80)));
  }
  [[gnu::target("avx2,f16c"), gnu::always_inline]] static __m256i tripled(__m256i x) {
    return _mm256_add_epi8(_mm256_add_epi8(x, x), x);
  }
  [[gnu::target("avx2,f16c"), gnu::always_inline]] static __m256i digits(__m256i x) {
    __m256i bound_1 = _mm256_set1_epi8(86 - 128), bound_2 = _mm256_set1_epi8(171 - 128);
    asm("" : "+x"(bound_1), "+x"(bound_2));  // gcc would take apart comparisons with what it knows
    const __m256i below_1 = _mm256_cmpgt_epi8(bound_1, x), below_2 = _mm256_cmpgt_epi8(bound_2, x);
    return _mm256_add_epi8(_mm256_add_epi8(_mm256_set1_epi8(2), below_1), below_2);
  }

  __m256i digits_[8];
};

// Two groups' pairs of products -> sums of four of the first, of four of the second, and so on. They fit: no type has
// values above 62, and 4 * 62 * 127 is less than 2^15.
[[gnu::target("avx2,f16c"), gnu::always_inline]] inline __m256i side_by_side(__m256i a, __m256i b) {
  const __m256i fours = _mm256_add_epi16(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
  return _mm256_madd_epi16(fours, _mm256_set1_epi16(1));
}
// Sums of the parts of four groups, in their order; isum: [8], of the activations.
template <int kPart, int kZero>
[[gnu::target("avx2,f16c"), gnu::always_inline]] inline void put_sums(int32_t* out, const __m256i (&p)[4],
                                                                      const int16_t* isum) {
  const __m256i a = side_by_side(p[0], p[1]), b = side_by_side(p[2], p[3]);
  const __m256i halves = _mm256_add_epi32(_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b));
  const __m128i isums = _mm_loadu_si128(reinterpret_cast<const __m128i*>(isum)), by = _mm_set1_epi16(kZero);
  if constexpr (kPart == 16) {
    const __m256i sums = _mm256_permutevar8x32_epi32(halves, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    const __m256i zero = _mm256_cvtepi16_epi32(_mm_mullo_epi16(isums, by));
    store256(out, kZero == 0 ? sums : _mm256_sub_epi32(sums, zero));
  } else {
    const __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    const __m128i zero = _mm_madd_epi16(isums, by);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), kZero == 0 ? sums : _mm_sub_epi32(sums, zero));
  }
}

// Unpacker::row
template <class T>
[[gnu::target("avx2,f16c"), gnu::flatten]] void avx2_row(const void* blocks, int64_t k, int8_t* q, float* scale) {
  constexpr int kTogether = Avx2Block<T>::kTogether;
  const auto row = quant::blocks_of<typename T::Block>(blocks, k / 256);
  Avx2Block<T> block[kTogether];
  for (size_t b0 = 0; b0 < row.size(); b0 += kTogether) {
    const int n = row.size() - b0 < kTogether ? static_cast<int>(row.size() - b0) : kTogether;
    for (int b = 0; b < n; ++b, scale += 256 / T::kPart) block[b].read(row[b0 + static_cast<size_t>(b)], scale);
    for (int b = 0; b < n; ++b, q += 256)
      INFER_UNROLL for (int g = 0; g < 8; ++g) store256(q + 32 * g, block[b].group(g).values());
  }
}

// Unpacker::dots. A group that stands out is multiplied with its second term while it is at hand; those products wait
// for one another, to be added up four by four like the others.
template <class T>
[[gnu::target("avx2,f16c"), gnu::flatten]] void avx2_dots(const void* blocks, int64_t k, const Activations& x,
                                                          const RowDots& out) {
  constexpr int kParts = 32 / T::kPart, kTogether = Avx2Block<T>::kTogether, kLater = 64;
  const auto row = quant::blocks_of<typename T::Block>(blocks, k / 256);
  constexpr int kZero = Avx2Block<T>::Group::kZero;
  const int8_t *q = x.first.q, *q2 = x.second.q;
  const int16_t *isum = x.first.isum16, *isum2 = x.second.isum16;
  const int32_t *next = x.group, *end = next + x.n_second;
  int32_t *dot = out.first, *dot2 = out.second;
  float* scale = out.scale;
  __m256i later[kLater + 3];  // pairs of products with second terms
  int n_later = 0;
  Avx2Block<T> block[kTogether];
  for (size_t b0 = 0; b0 < row.size(); b0 += kTogether) {
    const int n = row.size() - b0 < kTogether ? static_cast<int>(row.size() - b0) : kTogether;
    for (int b = 0; b < n; ++b, scale += 8 * kParts) block[b].read(row[b0 + static_cast<size_t>(b)], scale);
    for (int b = 0; b < n; ++b) {
      const int first = static_cast<int>(8 * b0) + 8 * b;
      int standing_out = next < end ? *next - first : -1;
      INFER_UNROLL for (int g0 = 0; g0 < 8; g0 += 4) {
        __m256i p[4];
        INFER_UNROLL for (int i = 0; i < 4; ++i) {
          const auto w = block[b].group(g0 + i);
          p[i] = w.times(load256(q + 32 * (g0 + i)));
          if (standing_out == g0 + i) {
            later[n_later++] = w.times(load256(q2));
            q2 += 32;
            standing_out = ++next < end ? *next - first : -1;
          }
        }
        put_sums<T::kPart, kZero>(dot + kParts * g0, p, isum + 2 * g0);
      }
      q += 256;
      isum += 16;
      dot += 8 * kParts;
    }
    if (n_later <= kLater - 8 * kTogether && b0 + kTogether < row.size()) continue;
    INFER_UNROLL for (int i = 0; i < 3; ++i) later[n_later + i] = _mm256_setzero_si256();
    for (int i = 0; i < n_later; i += 4)
      put_sums<T::kPart, kZero>(dot2 + i * kParts, {later[i], later[i + 1], later[i + 2], later[i + 3]}, isum2 + 2 * i);
    dot2 += n_later * kParts;
    isum2 += n_later * 2;
    n_later = 0;
  }
}

}  // namespace infer::cpu
#endif
