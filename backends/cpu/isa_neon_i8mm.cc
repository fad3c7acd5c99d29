// 64-bit Arm with the products of two rows of bytes by two (ARMv8.6 and later, and some before).
#define INFER_WITH_I8MM
#include "backends/cpu/isa.h"
#include "backends/cpu/vec_neon.h"

namespace infer::cpu {
const Kernels* kernels_neon_i8mm() {
  static constexpr Kernels kProducts = make_products<neon_i8mm::Vec>("neon_i8mm", "4x1", "8x4");
  static const Kernels kTable = completed(kProducts, *kernels_neon());
  return &kTable;
}
}  // namespace infer::cpu
