// Rows of the IQ1, IQ2 and IQ3 types -> int8 with a scale per 16 or 32 values. Contract: unpack.h. Layouts:
// quant/blocks.h.
//
// The work is table look-ups, so values go eight at a time as one 64-bit word: a grid entry and the mask of its signs.
#pragma once
#include <cstdint>
#include <cstring>

#include "quant/blocks.h"
#include "quant/tables.h"

namespace infer::cpu {

inline constexpr uint64_t kOnes = 0x0101010101010101u;

// Negates the bytes of `magnitudes` whose byte in `mask` is 0xff. No magnitude is 0, so that ~x + 1 never carries.
inline void put_signed(int8_t* q, uint64_t magnitudes, uint64_t mask) {
  const uint64_t v = (magnitudes ^ mask) + (mask & kOnes);
  std::memcpy(q, &v, sizeof v);
}

// 8 * x + 1 or 8 * x - 1 for the eight x of -1, 0, 1 in `entry`: IQ1's grid + delta, in units of 1/8.
inline void put_moved(int8_t* q, uint64_t entry, bool down) {
  // Bit 0 of a byte says that x is not 0, bit 1 that it is negative. 8 * (x + 1) is a small positive number: no
  // carries.
  const uint64_t x_plus_1 = (entry & kOnes) + kOnes - 2 * (entry >> 1 & kOnes);
  const uint64_t biased = 8 * x_plus_1 + (down ? 0 : 2 * kOnes);  // 0..18, to be lessened by 9
  const uint64_t v = ((biased | 0x80 * kOnes) - 9 * kOnes) ^ 0x80 * kOnes;
  std::memcpy(q, &v, sizeof v);
}

inline void unpack_iq2_xxs(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockIQ2_XXS& b : quant::blocks_of<quant::BlockIQ2_XXS>(blocks, k / 256)) {
    const float d = b.d.value();
    for (const quant::BlockIQ2_XXS::Group& g : b.groups) {
      const uint32_t word = g.signs_scale.value();
      *scale++ = d * (0.5f + static_cast<float>(word >> 28)) * 0.25f;
      for (int e = 0; e < 4; ++e, q += 8) {
        put_signed(q, quant::kGridIq2xxs[g.index[e]], quant::kSignMasks[quant::kSigns7[word >> 7 * e & 127]]);
      }
    }
  }
}

inline void unpack_iq2_xs(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockIQ2_XS& b : quant::blocks_of<quant::BlockIQ2_XS>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 16; ++g) {
      *scale++ = d * (0.5f + static_cast<float>(b.scales[g / 2] >> 4 * (g % 2) & 15)) * 0.25f;
    }
    for (int e = 0; e < 32; ++e, q += 8) {
      const unsigned v = b.qs[e].value();
      put_signed(q, quant::kGridIq2xs[v & 511], quant::kSignMasks[quant::kSigns7[v >> 9]]);
    }
  }
}

inline void unpack_iq2_s(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockIQ2_S& b : quant::blocks_of<quant::BlockIQ2_S>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 16; ++g) {
      *scale++ = d * (0.5f + static_cast<float>(b.scales[g / 2] >> 4 * (g % 2) & 15)) * 0.25f;
    }
    for (int e = 0; e < 32; ++e, q += 8) {
      const int index = b.qs[e] | (b.qh[e / 4] >> 2 * (e % 4) & 3) << 8;
      put_signed(q, quant::kGridIq2s[index], quant::kSignMasks[b.signs[e]]);
    }
  }
}

inline void unpack_iq3_xxs(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockIQ3_XXS& b : quant::blocks_of<quant::BlockIQ3_XXS>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g) {
      const uint32_t word = b.signs_scale[g].value();
      *scale++ = d * (0.5f + static_cast<float>(word >> 28)) * 0.5f;
      for (int e = 0; e < 4; ++e, q += 8) {
        const uint8_t* qs = b.qs + 8 * g + 2 * e;
        const uint64_t entry = quant::kGridIq3xxs[qs[0]] | uint64_t{quant::kGridIq3xxs[qs[1]]} << 32;
        put_signed(q, entry, quant::kSignMasks[quant::kSigns7[word >> 7 * e & 127]]);
      }
    }
  }
}

inline void unpack_iq3_s(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockIQ3_S& b : quant::blocks_of<quant::BlockIQ3_S>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g) *scale++ = d * static_cast<float>(1 + 2 * (b.scales[g / 2] >> 4 * (g % 2) & 15));
    for (int e = 0; e < 32; ++e, q += 8) {
      const int high = b.qh[e / 4] >> 2 * (e % 4);
      const uint64_t first = quant::kGridIq3s[b.qs[2 * e] | (high & 1) << 8];
      const uint64_t second = quant::kGridIq3s[b.qs[2 * e + 1] | (high & 2) << 7];
      put_signed(q, first | second << 32, quant::kSignMasks[b.signs[e]]);
    }
  }
}

inline void unpack_iq1_s(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockIQ1_S& b : quant::blocks_of<quant::BlockIQ1_S>(blocks, k / 256)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g) {
      const unsigned word = b.qh[g].value();
      *scale++ = d * static_cast<float>(2 * (word >> 12 & 7) + 1) * 0.125f;
      for (int e = 0; e < 4; ++e, q += 8) {
        put_moved(q, quant::kGridIq1[b.qs[4 * g + e] | (word >> 3 * e & 7) << 8], word & 0x8000);
      }
    }
  }
}

inline void unpack_iq1_m(const void* blocks, int64_t k, int8_t* q, float* scale, float*) {
  for (const quant::BlockIQ1_M& b : quant::blocks_of<quant::BlockIQ1_M>(blocks, k / 256)) {
    const float d = b.d();
    for (int g = 0; g < 16; ++g) {
      *scale++ = d * static_cast<float>(2 * (b.scales[g / 4].value() >> 3 * (g % 4) & 7) + 1) * 0.125f;
    }
    for (int e = 0; e < 32; ++e, q += 8) {
      const int h = b.qh[e / 2] >> 4 * (e % 2);
      put_moved(q, quant::kGridIq1[b.qs[e] | (h & 7) << 8], h & 8);
    }
  }
}

}  // namespace infer::cpu
