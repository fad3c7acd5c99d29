// x86-64 with AVX-512 F, BW, DQ and VL.
#include "backends/cpu/isa.h"
#include "backends/cpu/vec_avx512.h"

namespace infer::cpu {
const Kernels* kernels_avx512() {
  static constexpr Kernels kTable = make_kernels<avx512::Vec>("avx512", "16x1", "32x6", "4x5");
  return &kTable;
}
}  // namespace infer::cpu
