// The machine's own limits, measured: how fast it can read memory and multiply.
#pragma once
#include <string>

namespace infer::tool {

struct Machine {
  std::string isa;  // instructions that the peaks were measured with
  int threads = 0;
  double read_per_s = 0;  // bytes, from memory
  double int8_per_s = 0;  // multiplications and additions of 8-bit numbers
  double f32_per_s = 0;   // multiplications and additions
};

Machine measure_machine(int threads);  // about a second
std::string cpu_features();            // "avx2 fma avx512f": what the system reports, of what matters here

}  // namespace infer::tool
