// x86-64 with AVX2, FMA and F16C: compiled with -mavx2 -mfma -mf16c, entered only after cpu_features has seen them.
#include "backends/cpu/isa.h"
#include "backends/cpu/vec_avx2.h"

namespace infer::cpu {
const Kernels* kernels_avx2() {
  static constexpr Kernels kTable = make_kernels<avx2::Vec>("avx2", "8x1", "16x4", "4x3");
  return &kTable;
}
}  // namespace infer::cpu
