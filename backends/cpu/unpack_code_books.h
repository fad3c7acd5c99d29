// The IQ1, IQ2 and IQ3 types: what stands where in their blocks, and rows of them -> int8 with a scale per 16 or 32
// values. Contract: unpack.h. Layouts: quant/blocks.h.
//
// A block is read in two steps. T::read finds the indices of all code-book entries and all signs of a block, with the
// operations of `Words` where they are worth writing for an instruction set: Swar (below: any processor) or Avx2
// (unpack_avx2.h). Then the entries are looked up and signs applied, 32 values at a time.
//
// A type T gives
//   Block, kType, kPart   values that share a scale          kGrid, kEntry   the code book; values of an entry, 8 or 4
//   kMoved                IQ1: a value is 8 * x +- 1 for the entry's x (-1, 0, 1); else an entry's magnitude and a sign
//   read<Words>           a block -> Codes and the scales of its parts
//   index(b, codes, i)    of entry i of the block
#pragma once
#include <cstdint>
#include <cstring>

#include "backends/cpu/codegen.h"
#include "quant/blocks.h"
#include "quant/tables.h"
#include "quant/types.h"

namespace infer::cpu {

struct Codes {
  uint16_t index[64];  // of entries, of the types that have not just a byte for it
  uint32_t signs[8];   // of 32 values each: a bit for each value; IQ1: a byte for each entry, 9 plus or less 1
};

// Eight bytes at a time in a 64-bit register. Entries are four 64-bit words of eight values each, first value lowest.
struct Swar {
  static constexpr uint64_t kOnes = 0x0101010101010101u;

  static float number(uint16_t bits) { return f16_to_f32(bits); }

  // fields[n] of as many bits as kMask has: kEach of them from every kBytes bytes, kApart bits from one to the next,
  // the first in the lowest bits.
  template <int kEach, int kBytes, int kApart, unsigned kMask>
  static void put_fields(const void* bytes, int n, uint16_t* fields) {
    for (int i = 0; i < n; i += kEach) {
      uint16_t bits = 0;
      std::memcpy(&bits, static_cast<const uint8_t*>(bytes) + i / kEach * kBytes, kBytes);
      for (int e = 0; e < kEach; ++e) fields[i + e] = static_cast<uint16_t>(bits >> kApart * e & kMask);
    }
  }

  // scale[16] = d * (0.5 + nibble) * 0.25 for the nibbles of 8 bytes, low before high.
  static void put_scales(float* scale, const uint8_t bytes[8], float d) {
    for (int i = 0; i < 8; ++i) {
      scale[2 * i] = d * (0.5f + static_cast<float>(bytes[i] & 15)) * 0.25f;
      scale[2 * i + 1] = d * (0.5f + static_cast<float>(bytes[i] >> 4)) * 0.25f;
    }
  }

  // q[32] = magnitudes, negated where `signs` has a bit. No magnitude is 0, so that ~x + 1 never carries into the next
  // byte.
  static void put_signed(int8_t* q, const uint64_t entries[4], uint32_t signs) {
    for (int e = 0; e < 4; ++e) {
      const uint64_t mask = quant::kSignMasks[signs >> 8 * e & 255];
      const uint64_t v = (entries[e] ^ mask) + (mask & kOnes);
      std::memcpy(q + 8 * e, &v, sizeof v);
    }
  }

  // q[32] = 8 * x + 1 or 8 * x - 1 for the eight x of entry e, as its byte of `signs` says. It is IQ1's grid + delta in
  // units of 1/8. With its top bit flipped, 8 * x is 0x78, 0x80 or 0x88: adding or subtracting 1 never carries.
  static void put_moved(int8_t* q, const uint64_t entries[4], uint32_t signs) {
    constexpr uint64_t kTop = 0x80 * kOnes;
    for (int e = 0; e < 4; ++e) {
      const uint64_t flipped = (entries[e] << 3 & 0xf8 * kOnes) ^ kTop;
      const uint64_t v = (signs >> (8 * e + 1) & 1 ? flipped + kOnes : flipped - kOnes) ^ kTop;
      std::memcpy(q + 8 * e, &v, sizeof v);
    }
  }
};

// (The loops from here on are of constant length and without branches: compilers make vector code of them.)

// Seven stored signs in each byte -> all eight.
template <class T>
INFER_INLINE T eight_signs(T seven) {
  T odd = static_cast<T>(seven ^ seven >> 4);  // bit 0 of each byte becomes the parity of its seven bits
  odd = static_cast<T>(odd ^ odd >> 2);
  odd = static_cast<T>(odd ^ odd >> 1);
  return static_cast<T>(seven | (odd & 0x01010101) << 7);
}

// Of types that have a word for each 32 values: four times 7 signs, and 4 bits of scale above.
INFER_INLINE void read_words(const uint32_t words[8], float d, float unit, Codes& c, float* scale) {
  for (int g = 0; g < 8; ++g) scale[g] = d * (0.5f + static_cast<float>(static_cast<int32_t>(words[g] >> 28))) * unit;
  for (int g = 0; g < 8; ++g) {
    const uint32_t w = words[g];
    c.signs[g] = eight_signs((w & 0x7f) | (w << 1 & 0x7f00) | (w << 2 & 0x7f0000) | (w << 3 & 0x7f000000));
  }
}

// The index of an entry: a byte, and bits from elsewhere above it.
template <int n>
INFER_INLINE void put_indices(const uint8_t* qs, const uint16_t* high, Codes& c) {
  for (int i = 0; i < n; ++i) c.index[i] = static_cast<uint16_t>(qs[i] | high[i] << 8);
}

struct IQ2_XXS {
  using Block = quant::BlockIQ2_XXS;
  static constexpr quant::Type kType = quant::Type::kIQ2_XXS;
  static constexpr int kPart = 32, kEntry = 8;
  static constexpr bool kMoved = false;
  static constexpr auto& kGrid = quant::kGridIq2xxs;
  template <class Words>
  INFER_INLINE static void read(const Block& b, Codes& c, float* scale) {
    uint32_t words[8];
    for (int g = 0; g < 8; ++g) words[g] = b.groups[g].signs_scale.value();
    read_words(words, Words::number(b.d.bits()), 0.25f, c, scale);
  }
  static unsigned index(const Block& b, const Codes&, int i) { return b.groups[i / 4].index[i % 4]; }
};

struct IQ2_XS {
  using Block = quant::BlockIQ2_XS;
  static constexpr quant::Type kType = quant::Type::kIQ2_XS;
  static constexpr int kPart = 16, kEntry = 8;
  static constexpr bool kMoved = false;
  static constexpr auto& kGrid = quant::kGridIq2xs;
  template <class Words>
  INFER_INLINE static void read(const Block& b, Codes& c, float* scale) {
    Words::put_scales(scale, b.scales, Words::number(b.d.bits()));
    auto* signs = reinterpret_cast<uint8_t*>(c.signs);
    for (int i = 0; i < 32; ++i) {
      c.index[i] = b.qs[i].value() & 511;
      signs[i] = static_cast<uint8_t>(eight_signs(static_cast<uint16_t>(b.qs[i].value() >> 9)));
    }
  }
  static unsigned index(const Block&, const Codes& c, int i) { return c.index[i]; }
};

struct IQ2_S {
  using Block = quant::BlockIQ2_S;
  static constexpr quant::Type kType = quant::Type::kIQ2_S;
  static constexpr int kPart = 16, kEntry = 8;
  static constexpr bool kMoved = false;
  static constexpr auto& kGrid = quant::kGridIq2s;
  template <class Words>
  INFER_INLINE static void read(const Block& b, Codes& c, float* scale) {
    Words::put_scales(scale, b.scales, Words::number(b.d.bits()));
    uint16_t fields[32];
    Words::template put_fields<4, 1, 2, 3>(b.qh, 32, fields);
    put_indices<32>(b.qs, fields, c);
    std::memcpy(c.signs, b.signs, sizeof c.signs);
  }
  static unsigned index(const Block&, const Codes& c, int i) { return c.index[i]; }
};

struct IQ3_XXS {
  using Block = quant::BlockIQ3_XXS;
  static constexpr quant::Type kType = quant::Type::kIQ3_XXS;
  static constexpr int kPart = 32, kEntry = 4;
  static constexpr bool kMoved = false;
  static constexpr auto& kGrid = quant::kGridIq3xxs;
  template <class Words>
  INFER_INLINE static void read(const Block& b, Codes& c, float* scale) {
    uint32_t words[8];
    for (int g = 0; g < 8; ++g) words[g] = b.signs_scale[g].value();
    read_words(words, Words::number(b.d.bits()), 0.5f, c, scale);
  }
  static unsigned index(const Block& b, const Codes&, int i) { return b.qs[i]; }
};

struct IQ3_S {
  using Block = quant::BlockIQ3_S;
  static constexpr quant::Type kType = quant::Type::kIQ3_S;
  static constexpr int kPart = 32, kEntry = 4;
  static constexpr bool kMoved = false;
  static constexpr auto& kGrid = quant::kGridIq3s;
  template <class Words>
  INFER_INLINE static void read(const Block& b, Codes& c, float* scale) {
    const float d = Words::number(b.d.bits());
    uint16_t parts[8];
    for (int g = 0; g < 8; ++g) parts[g] = b.scales[g / 2] >> 4 * (g % 2) & 15;
    for (int g = 0; g < 8; ++g) scale[g] = d * static_cast<float>(1 + 2 * parts[g]);
    uint16_t fields[64];
    Words::template put_fields<8, 1, 1, 1>(b.qh, 64, fields);
    put_indices<64>(b.qs, fields, c);
    std::memcpy(c.signs, b.signs, sizeof c.signs);
  }
  static unsigned index(const Block&, const Codes& c, int i) { return c.index[i]; }
};

struct IQ1_S {
  using Block = quant::BlockIQ1_S;
  static constexpr quant::Type kType = quant::Type::kIQ1_S;
  static constexpr int kPart = 32, kEntry = 8;
  static constexpr bool kMoved = true;
  static constexpr auto& kGrid = quant::kGridIq1;
  template <class Words>
  INFER_INLINE static void read(const Block& b, Codes& c, float* scale) {
    const float eighth = Words::number(b.d.bits()) * 0.125f;
    uint16_t words[8];
    std::memcpy(words, b.qh, sizeof words);
    for (int g = 0; g < 8; ++g) {
      const int32_t word = words[g];
      scale[g] = eighth * static_cast<float>((word >> 11 & 14) + 1);
    }
    for (int g = 0; g < 8; ++g)
      c.signs[g] = 0x0a0a0a0a - (static_cast<uint32_t>(static_cast<int16_t>(words[g]) >> 15) & 0x02020202);
    uint16_t fields[32];
    Words::template put_fields<4, 2, 3, 7>(b.qh, 32, fields);
    put_indices<32>(b.qs, fields, c);
  }
  static unsigned index(const Block&, const Codes& c, int i) { return c.index[i]; }
};

struct IQ1_M {
  using Block = quant::BlockIQ1_M;
  static constexpr quant::Type kType = quant::Type::kIQ1_M;
  static constexpr int kPart = 16, kEntry = 8;
  static constexpr bool kMoved = true;
  static constexpr auto& kGrid = quant::kGridIq1;
  template <class Words>
  INFER_INLINE static void read(const Block& b, Codes& c, float* scale) {
    const float eighth = Words::number(b.d_bits()) * 0.125f;
    uint16_t parts[16];
    Words::template put_fields<4, 2, 3, 7>(b.scales, 16, parts);
    for (int i = 0; i < 16; ++i) parts[i] = static_cast<uint16_t>(2 * parts[i] + 1);
    for (int i = 0; i < 16; ++i) scale[i] = eighth * static_cast<float>(parts[i]);
    uint8_t high[16];  // a nibble is 3 bits of an index and the delta's sign
    std::memcpy(high, b.qh, sizeof high);
    uint16_t signs[16];
    for (int i = 0; i < 16; ++i) signs[i] = static_cast<uint16_t>(0x0a0a - (((high[i] | high[i] << 4) & 0x0808) >> 2));
    std::memcpy(c.signs, signs, sizeof signs);
    uint16_t fields[32];
    Words::template put_fields<4, 2, 4, 7>(b.qh, 32, fields);
    put_indices<32>(b.qs, fields, c);
  }
  static unsigned index(const Block&, const Codes& c, int i) { return c.index[i]; }
};

template <class T>
inline void unpack_row(const void* blocks, int64_t k, int8_t* q, float* scale) {
  for (const typename T::Block& b : quant::blocks_of<typename T::Block>(blocks, k / 256)) {
    Codes c;
    T::template read<Swar>(b, c, scale);
    scale += 256 / T::kPart;
    for (int g = 0; g < 8; ++g, q += 32) {
      uint64_t entries[4];
      for (int e = 0; e < 4; ++e) {
        if constexpr (T::kEntry == 8) {
          entries[e] = T::kGrid[T::index(b, c, 4 * g + e)];
        } else {
          const int i = 8 * g + 2 * e;
          entries[e] = T::kGrid[T::index(b, c, i)] | uint64_t{T::kGrid[T::index(b, c, i + 1)]} << 32;
        }
      }
      T::kMoved ? Swar::put_moved(q, entries, c.signs[g]) : Swar::put_signed(q, entries, c.signs[g]);
    }
  }
}

}  // namespace infer::cpu
