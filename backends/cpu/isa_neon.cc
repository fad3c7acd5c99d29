// 64-bit Arm: NEON is always there.
#include "backends/cpu/isa.h"
#include "backends/cpu/vec_neon.h"

namespace infer::cpu {
const Kernels* kernels_neon() {
  static constexpr Kernels kTable = make_kernels<neon::Vec>("neon", "4x1", "8x4", "4x4");
  return &kTable;
}
}  // namespace infer::cpu
