// Plain C++: for machines that no other isa_*.cc is for, and the yardstick in tests.
#define INFER_PLAIN_LOOPS
#include "backends/cpu/isa.h"
#include "backends/cpu/vec_portable.h"

namespace infer::cpu {
const Kernels* kernels_portable() {
  static constexpr Kernels kTable = make_kernels<portable::Vec>("portable", "8x1", "8x4", "4x3");
  return &kTable;
}
}  // namespace infer::cpu
