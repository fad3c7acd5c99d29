// The vector interface in plain C++: 8 lanes as arrays. It defines what each operation means; the other vec_*.h say the
// same in one instruction set each, with the same names in the same order.
//
//   F  kLanes floats          I  kLanes 32-bit integers          B  kLanes groups of 4 bytes (lane r holds bytes of row
//   r)
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/numeric.h"

namespace infer::cpu::portable {

struct Vec {
  static constexpr int kLanes = 8;
  static constexpr bool kUnsignedOnly = false;  // the byte dot product wants its first operand unsigned
  static constexpr int kFloatTile = 3, kRowVectors = 1, kTokenTile = 4, kAttentionTile = 4, kFewSums = 4, kStreams = 1;
  struct F {
    float v[kLanes];
  };
  struct I {
    int32_t v[kLanes];
  };
  struct B {
    uint8_t v[4 * kLanes];
  };

  // -- floats
  static F zero() { return F{}; }
  static F set1(float x) {
    F r;
    for (float& e : r.v) e = x;
    return r;
  }
  static F load(const float* p) {
    F r;
    std::memcpy(r.v, p, sizeof r.v);
    return r;
  }
  static F load_n(const float* p, int n) {  // lanes from n on are 0
    F r{};
    for (int i = 0; i < n; i++) r.v[i] = p[i];
    return r;
  }
  static F load_f16(const uint16_t* p) {
    F r;
    for (int i = 0; i < kLanes; i++) r.v[i] = f16_to_f32(p[i]);
    return r;
  }
  static F load_bf16(const uint16_t* p) {
    F r;
    for (int i = 0; i < kLanes; i++) r.v[i] = bf16_to_f32(p[i]);
    return r;
  }
  static F load_i8(const int8_t* p) {
    F r;
    for (int i = 0; i < kLanes; i++) r.v[i] = p[i];
    return r;
  }
  static void load_nibbles(const uint8_t* p, F& low, F& high) {  // minus 8
    for (int i = 0; i < kLanes; i++) {
      low.v[i] = static_cast<float>((p[i] & 15) - 8);
      high.v[i] = static_cast<float>((p[i] >> 4) - 8);
    }
  }
  static void store(float* p, const F& a) { std::memcpy(p, a.v, sizeof a.v); }
  static void store_n(float* p, const F& a, int n) { std::memcpy(p, a.v, sizeof(float) * static_cast<size_t>(n)); }
  static void store_f16(uint16_t* p, const F& a) {
    for (int i = 0; i < kLanes; i++) p[i] = f32_to_f16(a.v[i]);
  }
  template <class Op>
  static F map(const F& a, const F& b, Op op) {
    F r;
    for (int i = 0; i < kLanes; i++) r.v[i] = op(a.v[i], b.v[i]);
    return r;
  }
  static F add(const F& a, const F& b) {
    return map(a, b, [](float x, float y) { return x + y; });
  }
  static F sub(const F& a, const F& b) {
    return map(a, b, [](float x, float y) { return x - y; });
  }
  static F mul(const F& a, const F& b) {
    return map(a, b, [](float x, float y) { return x * y; });
  }
  static F div(const F& a, const F& b) {
    return map(a, b, [](float x, float y) { return x / y; });
  }
  static F max(const F& a, const F& b) {  // b when either is NaN
    return map(a, b, [](float x, float y) { return x > y ? x : y; });
  }
  static F min(const F& a, const F& b) {
    return map(a, b, [](float x, float y) { return x < y ? x : y; });
  }
  static F fma(const F& a, const F& b, const F& c) {  // a * b + c; here rounded twice
    F r;
    for (int i = 0; i < kLanes; i++) r.v[i] = a.v[i] * b.v[i] + c.v[i];
    return r;
  }
  static F zero_if_less(const F& y, const F& x, const F& bound) {  // 0 where x < bound, else y
    F r;
    for (int i = 0; i < kLanes; i++) r.v[i] = x.v[i] < bound.v[i] ? 0.0f : y.v[i];
    return r;
  }
  static float reduce_add(const F& a) {
    const float x = (a.v[0] + a.v[4]) + (a.v[2] + a.v[6]), y = (a.v[1] + a.v[5]) + (a.v[3] + a.v[7]);
    return x + y;
  }
  static float reduce_max(const F& a) {
    float m = a.v[0];
    for (float e : a.v) m = m > e ? m : e;
    return m;
  }

  // -- integers
  static I zero_i() { return I{}; }
  static I set1_i(int32_t x) {
    I r;
    for (int32_t& e : r.v) e = x;
    return r;
  }
  template <class Op>
  static I map_i(const I& a, const I& b, Op op) {
    I r;
    for (int i = 0; i < kLanes; i++) r.v[i] = op(a.v[i], b.v[i]);
    return r;
  }
  static I add_i(const I& a, const I& b) {
    return map_i(a, b, [](int32_t x, int32_t y) { return x + y; });
  }
  static I sub_i(const I& a, const I& b) {
    return map_i(a, b, [](int32_t x, int32_t y) { return x - y; });
  }
  static I max_i(const I& a, const I& b) {
    return map_i(a, b, [](int32_t x, int32_t y) { return x > y ? x : y; });
  }
  static I and_i(const I& a, uint32_t mask) {
    return map_i(a, a, [mask](int32_t x, int32_t) { return static_cast<int32_t>(static_cast<uint32_t>(x) & mask); });
  }
  static I or_i(const I& a, const I& b) {
    return map_i(a, b, [](int32_t x, int32_t y) { return x | y; });
  }
  static I shl(const I& a, int n) {
    return map_i(a, a, [n](int32_t x, int32_t) { return static_cast<int32_t>(static_cast<uint32_t>(x) << n); });
  }
  static I shr(const I& a, int n) {  // zeros enter
    return map_i(a, a, [n](int32_t x, int32_t) { return static_cast<int32_t>(static_cast<uint32_t>(x) >> n); });
  }
  static I sar(const I& a, int n) {  // the sign enters
    return map_i(a, a, [n](int32_t x, int32_t) { return x >> n; });
  }
  static I byte(const I& a, int i) { return and_i(shr(a, 8 * i), 255); }  // byte i of each lane
  // Small numbers (16 bits with sign) as Dot multiplies by them: bytes i of the lanes, or the lanes themselves.
  static I multiplier(const I& a, int i) { return byte(a, i); }
  static I multiplier_signed(const I& a, int i) { return sar(shl(a, 24 - 8 * i), 24); }
  static I multiplier_of(const I& a) { return a; }
  static I times(const I& m, int32_t x) {  // m * x, |x| < 2^15
    return map_i(m, m, [x](int32_t a, int32_t) { return a * x; });
  }
  static I times_pair(const I& m0, const I& m1, const int16_t x[2]) { return add_i(times(m0, x[0]), times(m1, x[1])); }
  static int32_t reduce_add_i(const I& a) {
    int32_t s = 0;
    for (int32_t e : a.v) s += e;
    return s;
  }
  static int32_t reduce_max_i(const I& a) {
    int32_t m = a.v[0];
    for (int32_t e : a.v) m = m > e ? m : e;
    return m;
  }
  static void store_i8(int8_t* p, const I& a) {  // saturates
    for (int i = 0; i < kLanes; i++) p[i] = static_cast<int8_t>(a.v[i] > 127 ? 127 : a.v[i] < -128 ? -128 : a.v[i]);
  }

  // -- between them
  static F to_f(const I& a) {
    F r;
    for (int i = 0; i < kLanes; i++) r.v[i] = static_cast<float>(a.v[i]);
    return r;
  }
  static I to_i(const F& a) {  // to nearest even; NaN and what does not fit become some number
    I r;
    for (int i = 0; i < kLanes; i++) {
      const float x = a.v[i];
      r.v[i] = x > -2147483648.0f && x < 2147483648.0f ? static_cast<int32_t>(std::nearbyint(x)) : INT32_MIN;
    }
    return r;
  }
  static I bits(const F& a) {
    I r;
    std::memcpy(r.v, a.v, sizeof r.v);
    return r;
  }
  static F from_bits(const I& a) {
    F r;
    std::memcpy(r.v, a.v, sizeof r.v);
    return r;
  }
  static F low_f16(const I& a) {  // the low 16 bits of each lane as a half
    F r;
    for (int i = 0; i < kLanes; i++) r.v[i] = f16_to_f32(static_cast<uint16_t>(a.v[i]));
    return r;
  }

  // -- bytes of kLanes rows, `stride` bytes apart
  static I gather32(const uint8_t* p, int64_t stride) {
    I r;
    for (int i = 0; i < kLanes; i++) std::memcpy(&r.v[i], p + i * stride, 4);
    return r;
  }
  static void load16(const uint8_t* p, int64_t stride, B out[4]) {  // out[j] lane r: bytes 4j .. 4j+3 of row r
    for (int j = 0; j < 4; j++)
      for (int r = 0; r < kLanes; r++) std::memcpy(out[j].v + 4 * r, p + r * stride + 4 * j, 4);
  }
  static B load_b(const uint8_t* p) {
    B r;
    std::memcpy(r.v, p, sizeof r.v);
    return r;
  }
  static void store_b(uint8_t* p, const B& a) { std::memcpy(p, a.v, sizeof a.v); }
  static B and_b(const B& a, uint8_t mask) {
    B r;
    for (int i = 0; i < 4 * kLanes; i++) r.v[i] = a.v[i] & mask;
    return r;
  }
  static B or_b(const B& a, const B& b) {
    B r;
    for (int i = 0; i < 4 * kLanes; i++) r.v[i] = a.v[i] | b.v[i];
    return r;
  }
  static B shr_b(const B& a, int n, uint8_t mask) {  // (byte >> n) & mask
    B r;
    for (int i = 0; i < 4 * kLanes; i++) r.v[i] = static_cast<uint8_t>(a.v[i] >> n) & mask;
    return r;
  }
  static B shl_b(const B& a, int n) {  // byte << n; the caller has masked what would cross into the next byte
    B r;
    for (int i = 0; i < 4 * kLanes; i++) r.v[i] = static_cast<uint8_t>(a.v[i] << n);
    return r;
  }
  static B lookup(const int8_t table[16], const B& index) {
    B r;
    for (int i = 0; i < 4 * kLanes; i++) r.v[i] = static_cast<uint8_t>(table[index.v[i] & 15]);
    return r;
  }
  template <int j>
  static B bits_to_bytes(const I& a) {  // byte i of a lane: 16 where bit 4j + i of that lane is set, else 0
    B r;
    for (int i = 0; i < 4 * kLanes; i++) r.v[i] = static_cast<uint8_t>(((a.v[i / 4] >> (4 * j + i % 4)) & 1) << 4);
    return r;
  }
  static B flip_sign(const B& a) {
    B r;
    for (int i = 0; i < 4 * kLanes; i++) r.v[i] = a.v[i] ^ 0x80;
    return r;
  }

  // -- sums of products of 4 weight bytes with 4 activation bytes, exact.
  // kSigned: the weight bytes are signed. kChain: how many steps fit 16 bits before widening (where that matters).
  // kScaled: each `kPart` steps' sum is multiplied, by what m() gives when it is whole (or, where that is cheaper, by
  // pieces of kChain steps).
  static I activation(const int8_t* a) {  // the same 4 bytes in every lane
    int32_t x;
    std::memcpy(&x, a, 4);
    return set1_i(x);
  }
  template <bool kSigned, int kChain, int kPart, bool kScaled>
  struct Dot {
    I part{}, sum{};
    int n = 0;  // steps taken
    template <class M>
    void step(const B& w, const I& a, M m) {
      int8_t x[4];
      std::memcpy(x, &a.v[0], 4);
      for (int r = 0; r < kLanes; r++)
        for (int i = 0; i < 4; i++) {
          const uint8_t b = w.v[4 * r + i];
          part.v[r] += (kSigned ? static_cast<int8_t>(b) : static_cast<int32_t>(b)) * x[i];
        }
      if (++n % kPart != 0) return;
      if constexpr (kScaled) {
        const I by = m();
        part = map_i(part, by, [](int32_t p, int32_t q) { return p * q; });
      }
      sum = add_i(sum, part);
      part = I{};
    }
    I result() const { return sum; }
  };
};

}  // namespace infer::cpu::portable
