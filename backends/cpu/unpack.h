// A row of weight blocks -> 8-bit integers with a scale per group: the common form that the integer
// kernels multiply, for types that have no kernel of their own (kernels for the hot types read the blocks directly).
//
//   value[i] = scale[i / group] * q[i]      equal to quant::decode_row up to float rounding
//
// A row goes through per-thread scratch, a few rows at a time; no tensor is ever expanded. What lies below the
// granularity of a group (signs, deltas, code books) is folded into q: IQ1's `grid +- 1/8` is q = 8 * grid +- 1 with
// the scale divided by 8.
//
// For a single row of activations even the scratch would cost more than the products: `dots` goes from the blocks to
// the products' sums without it.
#pragma once
#include <cstdint>
#include <span>

#include "quant/types.h"

namespace infer::cpu {

// The 8-bit integers of a row of activations: see RecordLayout in kernels.h.
struct Activations {
  struct Terms {
    const int8_t* q;        // [n * 32]
    const int16_t* isum16;  // [n * 2]
  } first, second;          // n: k / 32, n_second. Memory of both: for k / 32
  const int32_t* group;     // [n_second]: which groups of 32 the second terms belong to, ascending
  int64_t n_second;
};
// The exact sums of products with the row's q, of each group (of `Unpacker::group` values) by itself.
struct RowDots {
  int32_t* first;   // [k / group]
  int32_t* second;  // [n_second * 32 / group], in memory for as many as `first` has
  float* scale;     // [k / group], as row() writes it
};

struct Unpacker {
  quant::Type type;
  int group;  // values that share a scale: 16 or 32
  // blocks: one row, any alignment. k: values, a multiple of the type's block. q[k] in -127..127 and
  // scale[k/group] are all written. Any bit pattern of the blocks is accepted (scales may then be inf or NaN). Pure;
  // thread-safe.
  void (*row)(const void* blocks, int64_t k, int8_t* q, float* scale);
  // The same row, multiplied; or null.
  void (*dots)(const void* blocks, int64_t k, const Activations& x, const RowDots& out);
  const char* name;  // "iq2_xxs"
};

// Every type whose kernel is "unpack, then multiply". avx2: the functions compiled for AVX2, for a processor that has
// it (on other architectures they are the portable ones); both give the same bits.
std::span<const Unpacker> unpackers(bool avx2 = false);
// nullptr: the type has a kernel of its own, or none.
const Unpacker* find_unpacker(quant::Type type, bool avx2 = false);

}  // namespace infer::cpu
