// The loops that machine.cc times, for the best instructions that this processor has.
#pragma once
#include <cstddef>
#include <cstdint>

namespace infer::tool {

struct Probes {
  const char* name;
  uint64_t (*read)(const char* data, size_t bytes);  // reads all of it, from 8 places in turn; data is 8-byte aligned
  void (*int8)(int64_t rounds);                      // registers only
  double int8_ops;                                   // of a round
  void (*f32)(int64_t rounds);
  double f32_ops;
};

const Probes& best_probes();

}  // namespace infer::tool
