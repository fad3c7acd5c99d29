// x86-64 with AVX-512 and its byte dot product.
#define INFER_WITH_VNNI
#include "backends/cpu/isa.h"
#include "backends/cpu/vec_avx512.h"

namespace infer::cpu {
const Kernels* kernels_avx512vnni() {
  static constexpr Kernels kProducts = make_products<avx512vnni::Vec>("avx512vnni", "16x1", "32x6");
  static const Kernels kTable = completed(kProducts, *kernels_avx512());
  return &kTable;
}
}  // namespace infer::cpu
