// Eight values of a row of weights, for each type: lib/quant/blocks.h describes the bytes.
//
//   void weights8(Row row, uint chunk, uint n, out float v[8])    values 8 * chunk .. 8 * chunk + 7 of n
//
// TYPE_... is defined by the build. Code-books lie in the device's tables (tables.h), whose address is node.a[7].

// A row may begin at any byte: words are read where they are aligned, and put together.
struct Row {
  U32 words;
  uint shift;  // bytes from the first word to the row
};
Row row_at(uvec2 at) { return Row(U32(uvec2(at.x & ~3u, at.y)), at.x & 3u); }
uint u8(Row r, uint at) {
  at += r.shift;
  return (r.words.v[at >> 2] >> (at & 3u) * 8u) & 255u;
}
uint u16(Row r, uint at) {  // two-byte fields lie at even bytes
  at += r.shift;
  return (r.words.v[at >> 2] >> (at & 2u) * 8u) & 65535u;
}
uint u32(Row r, uint at) {
  at += r.shift;
  const uint i = at >> 2, s = (at & 3u) * 8u;
  const uint low = r.words.v[i];
  return s == 0u ? low : (low >> s) | (r.words.v[i + 1u] << (32u - s));
}
uvec2 eight(Row r, uint at) {  // bytes
  at += r.shift;
  const uint i = at >> 2, s = (at & 3u) * 8u, a = r.words.v[i], b = r.words.v[i + 1u];
  if (s == 0u) return uvec2(a, b);
  return uvec2((a >> s) | (b << (32u - s)), (b >> s) | (r.words.v[i + 2u] << (32u - s)));
}
vec2 halves_at(Row r, uint at) {
  const uint both = u32(r, at);
  return vec2(half_to_float(both & 65535u), half_to_float(both >> 16u));
}
float half_at(Row r, uint at) { return half_to_float(u16(r, at)); }
// Byte i (0..7) of eight, after a shift.
uint byte_of(uint low, uint high, uint i) { return ((i < 4u ? low : high) >> (i & 3u) * 8u) & 255u; }
#define EACH for (uint i = 0u; i < 8u; i++)
#define NIBBLES(at, shift) const uvec2 bytes = eight(r, at); const uint low = bytes.x >> (shift), high = bytes.y >> (shift);
#define Q4 (byte_of(low, high, i) & 15u)
#define Q2 (byte_of(low, high, i) & 3u)

#if defined(TYPE_F32)
#define PLAIN 4u
float plain(Row r, uint i) { return uintBitsToFloat(r.words.v[i]); }
#elif defined(TYPE_F16)
#define PLAIN 2u
float plain(Row r, uint i) { return half_at(r, 2u * i); }
#elif defined(TYPE_BF16)
#define PLAIN 2u
float plain(Row r, uint i) { return bf16_to_float(u16(r, 2u * i)); }
#endif

#ifdef PLAIN
void weights8(Row r, uint chunk, uint n, out float v[8]) {
  EACH v[i] = 8u * chunk + i < n ? plain(r, 8u * chunk + i) : 0.0;
}
#else

#if defined(TYPE_NVFP4)
#define ELEMS 64u
#elif defined(TYPE_Q4_0) || defined(TYPE_Q4_1) || defined(TYPE_Q5_0) || defined(TYPE_Q5_1) || defined(TYPE_Q8_0) || \
    defined(TYPE_IQ4_NL) || defined(TYPE_MXFP4)
#define ELEMS 32u
#else
#define ELEMS 256u
#endif

#include "tables.glsl"

// Where part e of 0..ELEMS/8-1 of a block begins among bytes of two bits, 32 of them per 128 values, and its shift.
uint at2(uint e) { return 32u * (e / 16u) + 8u * (e % 4u); }
uint shift2(uint e) { return 2u * (e / 4u % 4u); }

// Scale and minimum i of Q4_K and Q5_K; s: where the twelve bytes begin.
uvec2 scale_min(Row r, uint s, uint i) {
  if (i < 4u) return uvec2(u8(r, s + i) & 63u, u8(r, s + i + 4u) & 63u);
  const uint both = u8(r, s + i + 4u);
  return uvec2(both & 15u | (u8(r, s + i - 4u) >> 6u) << 4u, both >> 4u | (u8(r, s + i) >> 6u) << 4u);
}

void block8(Row r, uint b, uint e, out float v[8]) {
#if defined(TYPE_Q4_0)
  NIBBLES(b + 2u + 8u * (e & 1u), 4u * (e >> 1u))
  const float d = half_at(r, b);
  EACH v[i] = d * (float(Q4) - 8.0);
#elif defined(TYPE_Q4_1)
  NIBBLES(b + 4u + 8u * (e & 1u), 4u * (e >> 1u))
  const vec2 dm = halves_at(r, b);
  EACH v[i] = dm.x * float(Q4) + dm.y;
#elif defined(TYPE_Q5_0)
  NIBBLES(b + 6u + 8u * (e & 1u), 4u * (e >> 1u))
  const float d = half_at(r, b);
  const uint fifth = u32(r, b + 2u) >> 8u * e;
  EACH v[i] = d * (float(Q4 | (fifth >> i & 1u) << 4u) - 16.0);
#elif defined(TYPE_Q5_1)
  NIBBLES(b + 8u + 8u * (e & 1u), 4u * (e >> 1u))
  const vec2 dm = halves_at(r, b);
  const uint fifth = u32(r, b + 4u) >> 8u * e;
  EACH v[i] = dm.x * float(Q4 | (fifth >> i & 1u) << 4u) + dm.y;
#elif defined(TYPE_Q8_0)
  NIBBLES(b + 2u + 8u * e, 0u)
  const float d = half_at(r, b);
  EACH v[i] = d * float(bitfieldExtract(int(byte_of(low, high, i)), 0, 8));
#elif defined(TYPE_Q2_K)
  NIBBLES(b + 16u + at2(e), shift2(e))
  const uint s = u8(r, b + e / 2u);
  const float scale = half_at(r, b + 80u) * float(s & 15u), low_end = half_at(r, b + 82u) * float(s >> 4u);
  EACH v[i] = scale * float(Q2) - low_end;
#elif defined(TYPE_Q3_K)
  NIBBLES(b + 32u + at2(e), shift2(e))
  const uint g = e / 2u, m0 = u32(r, b + 8u * (e % 4u)) >> e / 4u, m1 = u32(r, b + 8u * (e % 4u) + 4u) >> e / 4u;
  const uint s = u8(r, b + 96u + g % 8u) >> 4u * (g / 8u) & 15u | (u8(r, b + 104u + g % 4u) >> 2u * (g / 4u) & 3u) << 4u;
  const float scale = half_at(r, b + 108u) * (float(s) - 32.0);
  EACH v[i] = scale * (float(Q2) - ((byte_of(m0, m1, i) & 1u) != 0u ? 0.0 : 4.0));
#elif defined(TYPE_Q4_K)
  NIBBLES(b + 16u + 32u * (e / 8u) + 8u * (e % 4u), 4u * (e / 4u % 2u))
  const vec2 s = halves_at(r, b) * vec2(scale_min(r, b + 4u, e / 4u));
  const float scale = s.x, low_end = s.y;
  EACH v[i] = scale * float(Q4) - low_end;
#elif defined(TYPE_Q5_K)
  NIBBLES(b + 48u + 32u * (e / 8u) + 8u * (e % 4u), 4u * (e / 4u % 2u))
  const uint f0 = u32(r, b + 16u + 8u * (e % 4u)) >> e / 4u, f1 = u32(r, b + 20u + 8u * (e % 4u)) >> e / 4u;
  const vec2 s = halves_at(r, b) * vec2(scale_min(r, b + 4u, e / 4u));
  const float scale = s.x, low_end = s.y;
  EACH v[i] = scale * float(Q4 | (byte_of(f0, f1, i) & 1u) << 4u) - low_end;
#elif defined(TYPE_Q6_K)
  const uint c = e / 16u, j = 8u * (e % 16u);
  NIBBLES(b + 64u * c + j % 64u, 4u * (j / 64u))
  const uint at = b + 128u + 32u * c + j % 32u, s = 2u * (j / 32u), h0 = u32(r, at) >> s, h1 = u32(r, at + 4u) >> s;
  const float scale = half_at(r, b + 208u) * float(bitfieldExtract(int(u8(r, b + 192u + e / 2u)), 0, 8));
  EACH v[i] = scale * (float(Q4 | (byte_of(h0, h1, i) & 3u) << 4u) - 32.0);
#elif defined(TYPE_IQ2_XXS)
  const uint group = b + 2u + 8u * (e / 4u), word = u32(r, group + 4u);
  const float scale = half_at(r, b) * (0.5 + float(word >> 28u)) * 0.25;
  signed8(grid8(GRID_IQ2XXS, u8(r, group + e % 4u)), signs7(word >> 7u * (e % 4u)), scale, v);
#elif defined(TYPE_IQ2_XS)
  const uint q = u16(r, b + 2u + 2u * e), s = u8(r, b + 66u + e / 4u) >> 4u * (e / 2u % 2u) & 15u;
  signed8(grid8(GRID_IQ2XS, q & 511u), signs7(q >> 9u), half_at(r, b) * (0.5 + float(s)) * 0.25, v);
#elif defined(TYPE_IQ2_S)
  const uint s = u8(r, b + 74u + e / 4u) >> 4u * (e / 2u % 2u) & 15u;
  const uint index = u8(r, b + 2u + e) | (u8(r, b + 66u + e / 4u) >> 2u * (e % 4u) & 3u) << 8u;
  signed8(grid8(GRID_IQ2S, index), u8(r, b + 34u + e), half_at(r, b) * (0.5 + float(s)) * 0.25, v);
#elif defined(TYPE_IQ3_XXS)
  const uint word = u32(r, b + 66u + 4u * (e / 4u));
  const uvec2 grid = uvec2(grid4(GRID_IQ3XXS, u8(r, b + 2u + 2u * e)), grid4(GRID_IQ3XXS, u8(r, b + 3u + 2u * e)));
  signed8(grid, signs7(word >> 7u * (e % 4u)), half_at(r, b) * (0.5 + float(word >> 28u)) * 0.5, v);
#elif defined(TYPE_IQ3_S)
  const uint s = u8(r, b + 106u + e / 8u) >> 4u * (e / 4u % 2u) & 15u, ninth = u8(r, b + 66u + e / 4u) >> 2u * (e % 4u);
  const uvec2 grid = uvec2(grid4(GRID_IQ3S, u8(r, b + 2u + 2u * e) | (ninth & 1u) << 8u),
                           grid4(GRID_IQ3S, u8(r, b + 3u + 2u * e) | (ninth >> 1u & 1u) << 8u));
  signed8(grid, u8(r, b + 74u + e), half_at(r, b) * float(1u + 2u * s), v);
#elif defined(TYPE_IQ1_S)
  const uint word = u16(r, b + 34u + 2u * (e / 4u));
  const uint index = u8(r, b + 2u + e) | (word >> 3u * (e % 4u) & 7u) << 8u;
  const float scale = half_at(r, b) * float(2u * (word >> 12u & 7u) + 1u), delta = (word & 0x8000u) != 0u ? -0.125 : 0.125;
  moved8(grid8(GRID_IQ1, index), delta, scale, v);
#elif defined(TYPE_IQ1_M)
  const uint d = u16(r, b + 48u) >> 12u | (u16(r, b + 50u) >> 12u) << 4u | (u16(r, b + 52u) >> 12u) << 8u |
                 (u16(r, b + 54u) >> 12u) << 12u;
  const uint s = u16(r, b + 48u + 2u * (e / 8u)) >> 3u * (e / 2u % 4u) & 7u, h = u8(r, b + 32u + e / 2u) >> 4u * (e % 2u);
  const float scale = half_to_float(d) * float(2u * s + 1u);
  moved8(grid8(GRID_IQ1, u8(r, b + e) | (h & 7u) << 8u), (h & 8u) != 0u ? -0.125 : 0.125, scale, v);
#elif defined(TYPE_IQ4_NL)
  NIBBLES(b + 2u + 8u * (e & 1u), 4u * (e >> 1u))
  const float d = half_at(r, b);
  EACH v[i] = d * value4(VALUES_IQ4, Q4);
#elif defined(TYPE_IQ4_XS)
  const uint g = e / 4u;
  NIBBLES(b + 8u + 16u * g + 8u * (e & 1u), 4u * (e % 4u >> 1u))
  const uint s = u8(r, b + 4u + g / 2u) >> 4u * (g % 2u) & 15u | (u16(r, b + 2u) >> 2u * g & 3u) << 4u;
  const float scale = half_at(r, b) * (float(s) - 32.0);
  EACH v[i] = scale * value4(VALUES_IQ4, Q4);
#elif defined(TYPE_TQ1_0)
  const float d = half_at(r, b + 52u);
  const uint powers[5] = uint[5](1u, 3u, 9u, 27u, 81u);
  EACH {
    uint at, k;  // byte and digit of the value
    if (e < 20u)
      at = 8u * (e % 4u) + i, k = e / 4u;
    else if (e < 30u)
      at = 32u + 8u * (e % 2u) + i, k = (e - 20u) / 2u;
    else
      at = 48u + i % 4u, k = 2u * (e - 30u) + i / 4u;
    v[i] = d * (float(((u8(r, b + at) * powers[k] & 255u) * 3u) >> 8u) - 1.0);
  }
#elif defined(TYPE_TQ2_0)
  NIBBLES(b + at2(e), shift2(e))
  const float d = half_at(r, b + 64u);
  EACH v[i] = d * (float(Q2) - 1.0);
#elif defined(TYPE_MXFP4)
  NIBBLES(b + 1u + 8u * (e & 1u), 4u * (e >> 1u))
  const uint x = u8(r, b);
  const float d = uintBitsToFloat(x < 2u ? 0x00200000u << x : (x - 1u) << 23u);
  EACH v[i] = d * value4(VALUES_FP4, Q4);
#elif defined(TYPE_NVFP4)
  NIBBLES(b + 4u + 8u * (e / 2u), 4u * (e % 2u))
  const uint x = u8(r, b + e / 2u), exponent = x >> 3u & 15u, mantissa = x & 7u;
  const float d = x == 0x7fu       ? 0.0
                  : exponent == 0u ? float(mantissa) * 0.0009765625
                                   : uintBitsToFloat(exponent + 119u << 23u | mantissa << 20u);
  EACH v[i] = d * value4(VALUES_FP4, Q4);
#endif
}

void weights8(Row r, uint chunk, uint n, out float v[8]) {
  block8(r, chunk / (ELEMS / 8u) * BLOCK_BYTES, chunk % (ELEMS / 8u), v);
}
#endif
