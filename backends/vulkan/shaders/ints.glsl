// Thirty-two values of a row of weights as whole numbers, for the types whose values are a scale times one of them, less
// a minimum: lib/quant/blocks.h describes the bytes.
//
//   void ints32(Row row, uint unit, out int w[8], out vec2 scale, out float low)
//
// Value i of unit * 32 .. + 31 is scale[i / 16] times byte i % 4 of w[i / 4], with its sign, less low. TWO_SCALES and
// WITH_LOW are defined where scale has two different values and low is not 0.
#include "weights.glsl"

// The sum of four products of signed bytes (OpSDotKHR of packed 4x8 vectors; glslang 12 has no name for it).
#extension GL_EXT_spirv_intrinsics : require
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int dot_of_bytes(int a, int b, spirv_literal int packed);
int dot4(int a, int b) { return dot_of_bytes(a, b, 0); }

// Sixteen bytes.
uvec4 words4(Row r, uint at) {
  at += r.shift;
  const uint i = at >> 2, s = (at & 3u) * 8u;
  const uvec4 w = uvec4(r.words.v[i], r.words.v[i + 1u], r.words.v[i + 2u], r.words.v[i + 3u]);
  if (s == 0u) return w;
  return (w >> s) | (uvec4(w.yzw, r.words.v[i + 4u]) << (32u - s));
}
#define FOUR for (uint i = 0u; i < 4u; i++)
// Sixteen bytes' low nibbles are the first half, their high ones the second.
#define NIBBLE_HALVES(at) const uvec4 q = words4(r, at); FOUR w[i] = int(q[i] & 0x0f0f0f0fu), w[i + 4u] = int(q[i] >> 4u & 0x0f0f0f0fu);
// Bit j of the lowest four into bit 4 of byte j.
uint fifth_bits(uint bits) { return ((bits & 15u) * 0x00204081u & 0x01010101u) << 4u; }
#define FIFTHS(bits) FOUR w[i] |= int(fifth_bits((bits) >> 4u * i)), w[i + 4u] |= int(fifth_bits((bits) >> 4u * i + 16u));
// Bytes that hold numbers of `bits` bits less half of what they can hold, to signed bytes.
int centred(uint q, uint half_byte, uint upper) {
  q ^= half_byte;
  return int(q | (q & half_byte) * upper);
}
// Four values of a table of sixteen for the nibbles of four bytes.
int looked_up(uint values, uint nibbles) {
  U32 table = U32(node.a[7]);
  uint four = 0u;
  FOUR four |= (table.v[values + (nibbles >> 8u * i & 15u)] & 255u) << 8u * i;
  return int(four);
}
#define LOOKED_UP(values, at) NIBBLE_HALVES(at) for (uint i = 0u; i < 8u; i++) w[i] = looked_up(values, uint(w[i]));

void ints32(Row r, uint unit, out int w[8], out vec2 scale, out float low) {
  const uint b = unit / (ELEMS / 32u) * BLOCK_BYTES, p = unit % (ELEMS / 32u);
  low = 0.0;
#if defined(TYPE_Q4_0)
#define WITH_LOW
  NIBBLE_HALVES(b + 2u)
  scale = vec2(half_at(r, b));
  low = 8.0 * scale.x;
#elif defined(TYPE_Q4_1)
#define WITH_LOW
  NIBBLE_HALVES(b + 4u)
  const vec2 dm = halves_at(r, b);
  scale = dm.xx;
  low = -dm.y;
#elif defined(TYPE_Q5_0)
#define WITH_LOW
  NIBBLE_HALVES(b + 6u)
  const uint fifth = u32(r, b + 2u);
  FIFTHS(fifth)
  scale = vec2(half_at(r, b));
  low = 16.0 * scale.x;
#elif defined(TYPE_Q5_1)
#define WITH_LOW
  NIBBLE_HALVES(b + 8u)
  const uint fifth = u32(r, b + 4u);
  FIFTHS(fifth)
  const vec2 dm = halves_at(r, b);
  scale = dm.xx;
  low = -dm.y;
#elif defined(TYPE_Q8_0)
  const uvec4 q0 = words4(r, b + 2u), q1 = words4(r, b + 18u);
  FOUR w[i] = int(q0[i]), w[i + 4u] = int(q1[i]);
  scale = vec2(half_at(r, b));
#elif defined(TYPE_Q3_K)
#define TWO_SCALES
  const uint at = b + 32u + 32u * (p / 4u), shift = 2u * (p % 4u);
  const uvec4 q0 = words4(r, at) >> shift, q1 = words4(r, at + 16u) >> shift;
  const uvec4 h0 = words4(r, b) >> p, h1 = words4(r, b + 16u) >> p;
  FOUR w[i] = centred(q0[i] & 0x03030303u | (h0[i] & 0x01010101u) << 2u, 0x04040404u, 62u);
  FOUR w[i + 4u] = centred(q1[i] & 0x03030303u | (h1[i] & 0x01010101u) << 2u, 0x04040404u, 62u);
  for (uint i = 0u; i < 2u; i++) {
    const uint g = 2u * p + i;
    const uint s = u8(r, b + 96u + g % 8u) >> 4u * (g / 8u) & 15u | (u8(r, b + 104u + g % 4u) >> 2u * (g / 4u) & 3u) << 4u;
    scale[i] = half_at(r, b + 108u) * (float(s) - 32.0);
  }
#elif defined(TYPE_Q4_K) || defined(TYPE_Q5_K)
#define WITH_LOW
#if defined(TYPE_Q4_K)
  const uint at = b + 16u + 32u * (p / 2u);
#else
  const uint at = b + 48u + 32u * (p / 2u);
#endif
  const uint shift = 4u * (p % 2u);
  const uvec4 q0 = words4(r, at) >> shift, q1 = words4(r, at + 16u) >> shift;
  FOUR w[i] = int(q0[i] & 0x0f0f0f0fu), w[i + 4u] = int(q1[i] & 0x0f0f0f0fu);
#if defined(TYPE_Q5_K)
  const uvec4 h0 = words4(r, b + 16u) >> p, h1 = words4(r, b + 32u) >> p;
  FOUR w[i] |= int((h0[i] & 0x01010101u) << 4u), w[i + 4u] |= int((h1[i] & 0x01010101u) << 4u);
#endif
  const vec2 s = halves_at(r, b) * vec2(scale_min(r, b + 4u, p));
  scale = s.xx;
  low = s.y;
#elif defined(TYPE_Q6_K)
#define TWO_SCALES
  const uint c = p / 4u, at = b + 64u * c + 32u * (p % 2u), high = b + 128u + 32u * c;
  const uint shift = 4u * (p % 4u / 2u), high_shift = 2u * (p % 4u);
  const uvec4 q0 = words4(r, at) >> shift, q1 = words4(r, at + 16u) >> shift;
  const uvec4 h0 = words4(r, high) >> high_shift, h1 = words4(r, high + 16u) >> high_shift;
  FOUR w[i] = centred(q0[i] & 0x0f0f0f0fu | (h0[i] & 0x03030303u) << 4u, 0x20202020u, 6u);
  FOUR w[i + 4u] = centred(q1[i] & 0x0f0f0f0fu | (h1[i] & 0x03030303u) << 4u, 0x20202020u, 6u);
  const uint both = u16(r, b + 192u + 2u * p);
  scale = half_at(r, b + 208u) * vec2(bitfieldExtract(int(both), 0, 8), bitfieldExtract(int(both), 8, 8));
#elif defined(TYPE_IQ4_NL)
  LOOKED_UP(VALUES_IQ4, b + 2u)
  scale = vec2(half_at(r, b));
#elif defined(TYPE_IQ4_XS)
  LOOKED_UP(VALUES_IQ4, b + 8u + 16u * p)
  const uint s = u8(r, b + 4u + p / 2u) >> 4u * (p % 2u) & 15u | (u16(r, b + 2u) >> 2u * p & 3u) << 4u;
  scale = vec2(half_at(r, b) * (float(s) - 32.0));
#elif defined(TYPE_MXFP4)
  LOOKED_UP(VALUES_FP4, b + 1u)
  const uint x = u8(r, b);
  scale = vec2(uintBitsToFloat(x < 2u ? 0x00200000u << x : (x - 1u) << 23u));
#endif
}
