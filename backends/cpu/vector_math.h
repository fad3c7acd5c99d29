// exp and what is made of it, on vectors. Tails go through the same vector code, so a value's result does not depend on
// its place.
#pragma once
#include "backends/cpu/codegen.h"

namespace infer::cpu {

// Within 2 ulp; 0 below -87.3 (the smallest normal result), +inf above 88.7, NaN stays NaN.
template <class V>
INFER_INLINE typename V::F vector_exp(typename V::F x) {
  using F = typename V::F;
  const F low = V::set1(-87.3f);
  const F c = V::min(V::set1(89.0f), V::max(low, x));  // operand order: NaN passes
  const auto n = V::to_i(V::mul(c, V::set1(1.44269504f)));
  const F nf = V::to_f(n);
  F r = V::fma(nf, V::set1(-0.693359375f), c);
  r = V::fma(nf, V::set1(2.12194440e-4f), r);
  F p = V::set1(1.9875691500e-4f);
  p = V::fma(p, r, V::set1(1.3981999507e-3f));
  p = V::fma(p, r, V::set1(8.3334519073e-3f));
  p = V::fma(p, r, V::set1(4.1665795894e-2f));
  p = V::fma(p, r, V::set1(1.6666665459e-1f));
  p = V::fma(p, r, V::set1(5.0000001201e-1f));
  p = V::add(V::fma(p, V::mul(r, r), r), V::set1(1.0f));
  // 2^n in two factors: n reaches 128.
  const auto half = V::sar(n, 1);
  const F a = V::from_bits(V::shl(V::add_i(half, V::set1_i(127)), 23));
  const F b = V::from_bits(V::shl(V::add_i(V::sub_i(n, half), V::set1_i(127)), 23));
  return V::zero_if_less(V::mul(V::mul(p, a), b), x, low);
}

// 2^x for x <= 0, within 2 ulp; 0 below -125, NaN stays NaN.
template <class V>
INFER_INLINE typename V::F vector_exp2(typename V::F x) {
  using F = typename V::F;
  const F low = V::set1(-125.0f);
  const F c = V::max(low, x);  // operand order: NaN passes
  const auto n = V::to_i(c);
  const F r = V::sub(c, V::to_f(n));  // exact
  F p = V::set1(1.535336188e-4f);
  p = V::fma(p, r, V::set1(1.339887440e-3f));
  p = V::fma(p, r, V::set1(9.618437358e-3f));
  p = V::fma(p, r, V::set1(5.550332471e-2f));
  p = V::fma(p, r, V::set1(2.402264791e-1f));
  p = V::fma(p, r, V::set1(6.931472029e-1f));
  p = V::fma(p, r, V::set1(1.0f));
  return V::zero_if_less(V::from_bits(V::add_i(V::bits(p), V::shl(n, 23))), x, low);
}

template <class V>
float scalar_exp2(float x) {
  float lanes[V::kLanes];
  V::store(lanes, vector_exp2<V>(V::set1(x)));
  return lanes[0];
}

template <class V>
INFER_INLINE typename V::F vector_sigmoid(typename V::F x) {
  const typename V::F one = V::set1(1.0f);
  return V::div(one, V::add(one, vector_exp<V>(V::sub(V::zero(), x))));
}

// 1 - 2 / (e^2x + 1), which has an absolute error of 1e-7; where that is much of the result, below 0.625, the odd
// polynomial of Cephes' tanhf. Both are computed and one of them zeroed.
template <class V>
INFER_INLINE typename V::F vector_tanh(typename V::F x) {
  using F = typename V::F;
  const F one = V::set1(1.0f), a = V::from_bits(V::and_i(V::bits(x), 0x7fffffffu));
  const F far = V::sub(one, V::div(V::set1(2.0f), V::add(vector_exp<V>(V::add(x, x)), one)));
  const F z = V::mul(x, x);
  F p = V::set1(-5.70498872745e-3f);
  p = V::fma(p, z, V::set1(2.06390887954e-2f));
  p = V::fma(p, z, V::set1(-5.37397155531e-2f));
  p = V::fma(p, z, V::set1(1.33314422036e-1f));
  p = V::fma(p, z, V::set1(-3.33332819422e-1f));
  const F near = V::fma(V::mul(p, z), x, x);
  constexpr float kBelow = 0.62499994f;  // the number before 0.625
  return V::add(V::zero_if_less(far, a, V::set1(0.625f)),
                V::zero_if_less(near, V::sub(V::zero(), a), V::set1(-kBelow)));
}

// Abramowitz and Stegun 7.1.26: absolute error 1.5e-7.
template <class V>
INFER_INLINE typename V::F vector_erf(typename V::F x) {
  using F = typename V::F;
  const auto sign = V::and_i(V::bits(x), 0x80000000u);
  const F a = V::from_bits(V::and_i(V::bits(x), 0x7fffffffu)), one = V::set1(1.0f);
  const F t = V::div(one, V::fma(V::set1(0.3275911f), a, one));
  F p = V::set1(1.061405429f);
  p = V::fma(p, t, V::set1(-1.453152027f));
  p = V::fma(p, t, V::set1(1.421413741f));
  p = V::fma(p, t, V::set1(-0.284496736f));
  p = V::fma(p, t, V::set1(0.254829592f));
  const F e = vector_exp<V>(V::sub(V::zero(), V::mul(a, a)));
  const F y = V::sub(one, V::mul(V::mul(p, t), e));
  return V::from_bits(V::or_i(V::bits(y), sign));
}

}  // namespace infer::cpu
