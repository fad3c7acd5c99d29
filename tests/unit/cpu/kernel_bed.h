// The matmul kernels of one instruction set called directly: weights of a type, rows of activations, result.
#pragma once
#include <string>
#include <vector>

#include "backends/cpu/cpu_features.h"
#include "backends/cpu/kernels.h"
#include "backends/cpu/op.h"
#include "quant/random_blocks.h"
#include "quant/types.h"

namespace infer::cpu {

#if defined(INFER_EMULATED_KERNELS)
// The AVX-512 and AMX files compiled against SIMDe and emulate_amx.h, for machines that cannot run them as they are,
// and the AVX-VNNI file with its one instruction made of AVX2's.
const Kernels* kernels_avxvnni_emulated();  // runs where AVX2 does
const Kernels* kernels_avx512_emulated();
const Kernels* kernels_avx512vnni_emulated();
const Kernels* kernels_amx_emulated();
#endif
// The instruction sets that this machine can run; where the tests are built for x86-64, AVX-512 and AMX are among them
// in any case, and AVX-VNNI where AVX2 is.
std::vector<const Kernels*> runnable_kernels();

struct MatmulCase {
  quant::Type type;
  int64_t m, n, k;
  std::vector<uint8_t> weights;  // n rows
  std::vector<float> x;          // [m, k]
  MatmulCase(quant::Type type, int64_t m, int64_t n, int64_t k, uint64_t seed);
  // Squared error of y against decode_row and a double dot product, over the squares of the products that were added:
  // an element whose terms happen to cancel does not count as small.
  double noise(const std::vector<float>& y) const;
  // The weights as packing.h describes; the type can be packed.
  std::vector<uint8_t> packed() const;
  const Unpacker* unpacker = nullptr;  // of an unpacked type: another than the kernels would get
  // Columns n0 .. n1 of rows first .. first + count; the whole when count is 0. Untouched elements are NaN.
  std::vector<float> run(const Kernels& kernels, int64_t first = 0, int64_t count = 0, int64_t n0 = 0, int64_t n1 = -1,
                         const uint8_t* packed = nullptr) const;
  // Rows of x by number, each to the row of y of that number, as experts are given theirs. The other elements are NaN.
  std::vector<float> run_rows(const Kernels& kernels, const std::vector<int32_t>& rows) const;

 private:
  std::vector<float> run(const Kernels& kernels, int64_t first, int64_t count, const std::vector<int32_t>* rows,
                         int64_t n0, int64_t n1, const uint8_t* packed) const;
};

}  // namespace infer::cpu
