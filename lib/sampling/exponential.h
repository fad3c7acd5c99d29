// exp() that gives the same bits on every platform.
//
// The C library's exp differs between systems in the last bit, and one bit can move a draw over a token's border. This
// one is plain IEEE double arithmetic without contraction: x = n ln2 + r, |r| <= ln2/2, Taylor series to r^13, exponent
// added as an integer. Error below 1e-15 relative; the loop over an array vectorises.
#pragma once
#include <bit>
#include <cstdint>

namespace infer::sampling {

// For x <= 0 (a logit minus the greatest one). Below -708, where doubles stop being normal, and for NaN: 0.
inline double exponential(double x) {
  constexpr double kRound = 0x1.8p52;  // adding it leaves the nearest integer in the low bits
  const double shifted = x * 1.4426950408889634 + kRound;
  const double n = shifted - kRound;
  const double r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;  // ln2 in two parts: n * the first is exact
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  const uint64_t scaled = std::bit_cast<uint64_t>(p) + (std::bit_cast<uint64_t>(shifted) << 52);
  return x >= -708.0 ? std::bit_cast<double>(scaled) : 0.0;
}

}  // namespace infer::sampling
