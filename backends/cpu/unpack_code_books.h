// Rows of the IQ1, IQ2 and IQ3 types -> int8 with a scale per 16 or 32 values. Contract: unpack.h. Layouts:
// quant/blocks.h.
//
// The rows are written once, over `Words`: what is done to 32 values at a time after their code-book entries are looked
// up. It is Swar (below: any processor) or Avx2 (unpack_avx2.h). Entries are four 64-bit words of eight values each,
// first value lowest.
#pragma once
#include <cstdint>
#include <cstring>

#include "quant/blocks.h"
#include "quant/tables.h"

namespace infer::cpu {

// Eight bytes at a time in a 64-bit register.
struct Swar {
  static constexpr uint64_t kOnes = 0x0101010101010101u;

  // q[32] = magnitudes, negated where `signs` has a bit. No magnitude is 0, so that ~x + 1 never carries into the next
  // byte.
  static void put_signed(int8_t* q, const uint64_t entries[4], uint32_t signs) {
    for (int e = 0; e < 4; ++e) {
      const uint64_t mask = quant::kSignMasks[signs >> 8 * e & 255];
      const uint64_t v = (entries[e] ^ mask) + (mask & kOnes);
      std::memcpy(q + 8 * e, &v, sizeof v);
    }
  }

  // q[32] = 8 * x + 1, or 8 * x - 1 for the eight x of entry e if `down` has bit e; x is -1, 0 or 1. It is IQ1's grid +
  // delta in units of 1/8. With its top bit flipped, 8 * x is 0x78, 0x80 or 0x88: adding or subtracting 1 never
  // carries.
  static void put_moved(int8_t* q, const uint64_t entries[4], unsigned down) {
    constexpr uint64_t kTop = 0x80 * kOnes;
    for (int e = 0; e < 4; ++e) {
      const uint64_t flipped = (entries[e] << 3 & 0xf8 * kOnes) ^ kTop;
      const uint64_t v = (down >> e & 1 ? flipped - kOnes : flipped + kOnes) ^ kTop;
      std::memcpy(q + 8 * e, &v, sizeof v);
    }
  }

  // scale[16] = d * (0.5 + nibble) * 0.25 for the nibbles of 8 bytes, low before high.
  static void put_scales(float* scale, const uint8_t bytes[8], float d) {
    for (int i = 0; i < 8; ++i) {
      scale[2 * i] = d * (0.5f + static_cast<float>(bytes[i] & 15)) * 0.25f;
      scale[2 * i + 1] = d * (0.5f + static_cast<float>(bytes[i] >> 4)) * 0.25f;
    }
  }
};

// 32 sign bits of the four 7-bit fields at the bottom of a word.
inline uint32_t signs_of(uint32_t word) {
  using quant::kSigns7;
  return kSigns7[word & 127] | static_cast<uint32_t>(kSigns7[word >> 7 & 127]) << 8 |
         static_cast<uint32_t>(kSigns7[word >> 14 & 127]) << 16 |
         static_cast<uint32_t>(kSigns7[word >> 21 & 127]) << 24;
}

template <class Words>
[[gnu::always_inline]] inline void unpack_iq2_xxs(const void* blocks, int64_t k, int8_t* q, float* scale) {
  for (const quant::BlockIQ2_XXS& b : quant::blocks_of<quant::BlockIQ2_XXS>(blocks, k / 256)) {
    const float d = b.d.value();
    for (const quant::BlockIQ2_XXS::Group& g : b.groups) {
      const uint32_t word = g.signs_scale.value();
      *scale++ = d * (0.5f + static_cast<float>(word >> 28)) * 0.25f;
      uint64_t entries[4];
      for (int e = 0; e < 4; ++e) entries[e] = quant::kGridIq2xxs[g.index[e]];
      Words::put_signed(q, entries, signs_of(word));
      q += 32;
    }
  }
}

template <class Words>
[[gnu::always_inline]] inline void unpack_iq2_xs(const void* blocks, int64_t k, int8_t* q, float* scale) {
  for (const quant::BlockIQ2_XS& b : quant::blocks_of<quant::BlockIQ2_XS>(blocks, k / 256)) {
    Words::put_scales(scale, b.scales, b.d.value());
    scale += 16;
    for (int g = 0; g < 8; ++g, q += 32) {
      uint64_t entries[4];
      uint32_t signs = 0;
      for (int e = 0; e < 4; ++e) {
        const unsigned v = b.qs[4 * g + e].value();
        entries[e] = quant::kGridIq2xs[v & 511];
        signs |= static_cast<uint32_t>(quant::kSigns7[v >> 9]) << 8 * e;
      }
      Words::put_signed(q, entries, signs);
    }
  }
}

template <class Words>
[[gnu::always_inline]] inline void unpack_iq2_s(const void* blocks, int64_t k, int8_t* q, float* scale) {
  for (const quant::BlockIQ2_S& b : quant::blocks_of<quant::BlockIQ2_S>(blocks, k / 256)) {
    Words::put_scales(scale, b.scales, b.d.value());
    scale += 16;
    for (int g = 0; g < 8; ++g, q += 32) {
      const unsigned high = b.qh[g];
      uint64_t entries[4];
      for (int e = 0; e < 4; ++e) entries[e] = quant::kGridIq2s[b.qs[4 * g + e] | (high << (8 - 2 * e) & 0x300)];
      uint32_t signs;
      std::memcpy(&signs, b.signs + 4 * g, sizeof signs);
      Words::put_signed(q, entries, signs);
    }
  }
}

template <class Words>
[[gnu::always_inline]] inline void unpack_iq3_xxs(const void* blocks, int64_t k, int8_t* q, float* scale) {
  for (const quant::BlockIQ3_XXS& b : quant::blocks_of<quant::BlockIQ3_XXS>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g, q += 32) {
      const uint32_t word = b.signs_scale[g].value();
      *scale++ = d * (0.5f + static_cast<float>(word >> 28)) * 0.5f;
      uint64_t entries[4];
      for (int e = 0; e < 4; ++e) {
        const uint8_t* qs = b.qs + 8 * g + 2 * e;
        entries[e] = quant::kGridIq3xxs[qs[0]] | uint64_t{quant::kGridIq3xxs[qs[1]]} << 32;
      }
      Words::put_signed(q, entries, signs_of(word));
    }
  }
}

template <class Words>
[[gnu::always_inline]] inline void unpack_iq3_s(const void* blocks, int64_t k, int8_t* q, float* scale) {
  for (const quant::BlockIQ3_S& b : quant::blocks_of<quant::BlockIQ3_S>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g, q += 32) {
      *scale++ = d * static_cast<float>(1 + 2 * (b.scales[g / 2] >> 4 * (g % 2) & 15));
      const unsigned high = b.qh[g];
      uint64_t entries[4];
      for (int e = 0; e < 4; ++e) {
        const uint8_t* qs = b.qs + 8 * g + 2 * e;
        const uint64_t first = quant::kGridIq3s[qs[0] | (high << (8 - 2 * e) & 256)];
        const uint64_t second = quant::kGridIq3s[qs[1] | (high << (7 - 2 * e) & 256)];
        entries[e] = first | second << 32;
      }
      uint32_t signs;
      std::memcpy(&signs, b.signs + 4 * g, sizeof signs);
      Words::put_signed(q, entries, signs);
    }
  }
}

template <class Words>
[[gnu::always_inline]] inline void unpack_iq1_s(const void* blocks, int64_t k, int8_t* q, float* scale) {
  for (const quant::BlockIQ1_S& b : quant::blocks_of<quant::BlockIQ1_S>(blocks, k / 256)) {
    const float eighth = b.d.value() * 0.125f;
    for (int g = 0; g < 8; ++g, q += 32) {
      const unsigned word = b.qh[g].value();
      *scale++ = eighth * static_cast<float>((word >> 11 & 14) + 1);
      uint64_t entries[4];
      for (int e = 0; e < 4; ++e) entries[e] = quant::kGridIq1[b.qs[4 * g + e] | (word >> 3 * e & 7) << 8];
      Words::put_moved(q, entries, word & 0x8000 ? 15 : 0);
    }
  }
}

template <class Words>
[[gnu::always_inline]] inline void unpack_iq1_m(const void* blocks, int64_t k, int8_t* q, float* scale) {
  for (const quant::BlockIQ1_M& b : quant::blocks_of<quant::BlockIQ1_M>(blocks, k / 256)) {
    const float eighth = b.d() * 0.125f;
    for (int i = 0; i < 4; ++i, scale += 4) {
      const unsigned word = b.scales[i].value();
      for (int g = 0; g < 4; ++g) scale[g] = eighth * static_cast<float>(2 * (word >> 3 * g & 7) + 1);
    }
    for (int g = 0; g < 8; ++g, q += 32) {
      const unsigned high = b.qh[2 * g] | b.qh[2 * g + 1] << 8;  // four nibbles: 3 bits of index and the delta's sign
      uint64_t entries[4];
      for (int e = 0; e < 4; ++e) entries[e] = quant::kGridIq1[b.qs[4 * g + e] | (high >> 4 * e & 7) << 8];
      const unsigned down = high >> 3 & 0x1111;  // bit 4 * e -> bit e
      Words::put_moved(q, entries, (down | down >> 3 | down >> 6 | down >> 9) & 15);
    }
  }
}

}  // namespace infer::cpu
