// 64-bit Arm with the byte dot product (ARMv8.2 and later).
#define INFER_WITH_DOTPROD
#include "backends/cpu/isa.h"
#include "backends/cpu/vec_neon.h"

namespace infer::cpu {
const Kernels* kernels_neon_dotprod() {
  static constexpr Kernels kProducts = make_products<neon_dotprod::Vec>("neon_dotprod", "4x1", "8x4");
  static const Kernels kTable = completed(kProducts, *kernels_neon());
  return &kTable;
}
}  // namespace infer::cpu
