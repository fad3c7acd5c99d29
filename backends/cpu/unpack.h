// A row of weight blocks -> 8-bit integers with a scale per group: the common form that the integer
// kernels multiply, for types that have no kernel of their own (kernels for the hot types read the blocks directly).
//
//   value[i] = scale[i / group] * q[i]      equal to quant::decode_row up to float rounding
//
// A row goes through per-thread scratch, a few rows at a time; no tensor is ever expanded. What lies below the
// granularity of a group (signs, deltas, code books) is folded into q: IQ1's `grid +- 1/8` is q = 8 * grid +- 1 with
// the scale divided by 8.
#pragma once
#include <cstdint>
#include <span>

#include "quant/types.h"

namespace infer::cpu {

struct Unpacker {
  quant::Type type;
  int group;  // values that share a scale: 16 or 32
  // blocks: one row, any alignment. k: values, a multiple of the type's block. q[k] in -127..127 and
  // scale[k/group] are all written. Any bit pattern of the blocks is accepted (scales may then be inf or NaN). Pure;
  // thread-safe.
  void (*row)(const void* blocks, int64_t k, int8_t* q, float* scale);
  const char* name;  // "iq2_xxs"
};

// Every type whose kernel is "unpack, then multiply". avx2: the functions compiled for AVX2, for a processor that has
// it (on other architectures they are the portable ones); both give the same bits.
std::span<const Unpacker> unpackers(bool avx2 = false);
// nullptr: the type has a kernel of its own, or none.
const Unpacker* find_unpacker(quant::Type type, bool avx2 = false);

}  // namespace infer::cpu
