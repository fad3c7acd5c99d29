// x86-64 with AVX2 and the byte dot product of processors without AVX-512 (AVX-VNNI).
#define INFER_WITH_AVXVNNI
#include "backends/cpu/isa.h"
#include "backends/cpu/vec_avx2.h"

namespace infer::cpu {
const Kernels* kernels_avxvnni() {
  static constexpr Kernels kProducts = make_products<avxvnni::Vec>("avxvnni", "8x1", "16x4");
  static const Kernels kTable = completed(kProducts, *kernels_avx2());
  return &kTable;
}
}  // namespace infer::cpu
