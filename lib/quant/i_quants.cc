// The code-book types: indices choose short vectors of magnitudes, sign bits and sub-block scales stand beside them.
#include "quant/blocks.h"
#include "quant/decoders.h"
#include "quant/tables.h"

namespace infer::quant {
namespace {

// n values of one code-book entry (a signed byte each, the first lowest), times scale, negated where `signs` has a bit.
// No magnitude is zero, so the integer can be negated in place of the product.
template <int n, class Entry>
float* put_signed(float* out, Entry entry, unsigned signs, float scale) {
  for (int j = 0; j < n; ++j) {
    const int magnitude = static_cast<int8_t>(entry >> 8 * j), negative = -static_cast<int>(signs >> j & 1);
    out[j] = scale * static_cast<float>((magnitude ^ negative) - negative);
  }
  return out + n;
}

// The eight ternary values of an IQ1 entry, moved by delta (1/8 or -1/8), times scale.
float* put_moved(float* out, uint64_t entry, float delta, float scale) {
  for (int j = 0; j < 8; ++j) out[j] = scale * (static_cast<float>(static_cast<int8_t>(entry >> 8 * j)) + delta);
  return out + 8;
}

}  // namespace

void decode_iq2_xxs(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockIQ2_XXS& b : blocks_of<BlockIQ2_XXS>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (const BlockIQ2_XXS::Group& g : b.groups) {
      const uint32_t word = g.signs_scale.value();
      const float scale = d * (0.5f + static_cast<float>(word >> 28)) * 0.25f;
      for (int e = 0; e < 4; ++e) {
        out = put_signed<8>(out, kGridIq2xxs[g.index[e]], kSigns7[word >> 7 * e & 127], scale);
      }
    }
  }
}

void decode_iq2_xs(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockIQ2_XS& b : blocks_of<BlockIQ2_XS>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int e = 0; e < 32; ++e) {
      const int nibble = b.scales[e / 4] >> 4 * (e / 2 % 2) & 15;
      const float scale = d * (0.5f + static_cast<float>(nibble)) * 0.25f;
      const unsigned q = b.qs[e].value();
      out = put_signed<8>(out, kGridIq2xs[q & 511], kSigns7[q >> 9], scale);
    }
  }
}

void decode_iq2_s(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockIQ2_S& b : blocks_of<BlockIQ2_S>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int e = 0; e < 32; ++e) {
      const int nibble = b.scales[e / 4] >> 4 * (e / 2 % 2) & 15;
      const float scale = d * (0.5f + static_cast<float>(nibble)) * 0.25f;
      const int index = b.qs[e] | (b.qh[e / 4] >> 2 * (e % 4) & 3) << 8;
      out = put_signed<8>(out, kGridIq2s[index], b.signs[e], scale);
    }
  }
}

void decode_iq3_xxs(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockIQ3_XXS& b : blocks_of<BlockIQ3_XXS>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g) {
      const uint32_t word = b.signs_scale[g].value();
      const float scale = d * (0.5f + static_cast<float>(word >> 28)) * 0.5f;
      for (int e = 0; e < 8; ++e) {
        const unsigned signs = kSigns7[word >> 7 * (e / 2) & 127] >> 4 * (e % 2);
        out = put_signed<4>(out, kGridIq3xxs[b.qs[8 * g + e]], signs, scale);
      }
    }
  }
}

void decode_iq3_s(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockIQ3_S& b : blocks_of<BlockIQ3_S>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int e = 0; e < 64; ++e) {
      const int nibble = b.scales[e / 16] >> 4 * (e / 8 % 2) & 15;
      const float scale = d * static_cast<float>(1 + 2 * nibble);
      const int index = b.qs[e] | (b.qh[e / 8] >> e % 8 & 1) << 8;
      out = put_signed<4>(out, kGridIq3s[index], b.signs[e / 2] >> 4 * (e % 2), scale);
    }
  }
}

void decode_iq1_s(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockIQ1_S& b : blocks_of<BlockIQ1_S>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int e = 0; e < 32; ++e) {
      const unsigned word = b.qh[e / 4].value();
      const float scale = d * static_cast<float>(2 * (word >> 12 & 7) + 1);
      const unsigned index = b.qs[e] | (word >> 3 * (e % 4) & 7) << 8;
      out = put_moved(out, kGridIq1[index], word & 0x8000 ? -0.125f : 0.125f, scale);
    }
  }
}

void decode_iq1_m(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockIQ1_M& b : blocks_of<BlockIQ1_M>(blocks, n_blocks)) {
    const float d = b.d();
    for (int e = 0; e < 32; ++e) {
      const int three_bits = b.scales[e / 8].value() >> 3 * (e / 2 % 4) & 7;
      const float scale = d * static_cast<float>(2 * three_bits + 1);
      const int h = b.qh[e / 2] >> 4 * (e % 2);
      out = put_moved(out, kGridIq1[b.qs[e] | (h & 7) << 8], h & 8 ? -0.125f : 0.125f, scale);
    }
  }
}

void decode_iq4_nl(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockIQ4_NL& b : blocks_of<BlockIQ4_NL>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int j = 0; j < 16; ++j) {
      out[j] = d * static_cast<float>(kIq4Values[b.qs[j] & 15]);
      out[j + 16] = d * static_cast<float>(kIq4Values[b.qs[j] >> 4]);
    }
    out += BlockIQ4_NL::kElems;
  }
}

void decode_iq4_xs(const void* blocks, float* out, int64_t n_blocks) {
  for (const BlockIQ4_XS& b : blocks_of<BlockIQ4_XS>(blocks, n_blocks)) {
    const float d = b.d.value();
    for (int g = 0; g < 8; ++g) {
      const int low = b.scales_l[g / 2] >> 4 * (g % 2) & 15, high = b.scales_h.value() >> 2 * g & 3;
      const float scale = d * static_cast<float>((low | high << 4) - 32);
      const uint8_t* qs = b.qs + 16 * g;
      for (int j = 0; j < 16; ++j) {
        out[j] = scale * static_cast<float>(kIq4Values[qs[j] & 15]);
        out[j + 16] = scale * static_cast<float>(kIq4Values[qs[j] >> 4]);
      }
      out += 32;
    }
  }
}

}  // namespace infer::quant
