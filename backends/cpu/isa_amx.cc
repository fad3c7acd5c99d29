// x86-64 with AMX: AVX-512 VNNI, and 16 rows of activations and more in tiles.
#define INFER_WITH_VNNI
#include <utility>

#include "backends/cpu/matmul_tiles.h"

namespace infer::cpu {
namespace amx {

// Every Unblocked there is, by the first format that has it. The linker misses one that is not here.
template <template <class> class Format>
using Of = UnblockedOf<Vec, Format<Vec>>;
template struct Tiles<Of<Q4_0>>;
template struct Tiles<Of<Q4_1>>;
template struct Tiles<Of<Q5_0>>;
template struct Tiles<Of<Q8_0>>;
template struct Tiles<Of<Q2_K>>;
template struct Tiles<Of<Q3_K>>;
template struct Tiles<Of<Q4_K>>;
template struct Tiles<Of<Q6_K>>;
template struct Tiles<Of<IQ4_XS>>;
template struct Tiles<Of<TQ2_0>>;
template struct Tiles<Of<NVFP4>>;
template struct Tiles<UnblockedOf<Vec, UnpackedRows<Vec, 16>>>;

// The kernels that read quantised rows: matmul[i], behind them unpacked[].
constexpr size_t kKernels = kQuantTypes + 2;
template <class K>
constexpr auto& kernel(K& k, size_t i) {
  return i < kQuantTypes ? k.matmul[i] : k.unpacked[i - kQuantTypes];
}
constexpr bool has_tiles(const Kernels& k, size_t i) {
  return kernel(k, i).run && i != static_cast<size_t>(quant::Type::kF32) &&
         i != static_cast<size_t>(quant::Type::kF16) && i != static_cast<size_t>(quant::Type::kBF16);
}

constexpr TileShapes kShapes;

template <size_t i>
void run(const MatmulArgs& a) {
  const MatmulKernel& same = kernel(*kernels_avx512vnni(), i);
  if (a.m < kTileRows) return same.run(a);
  MatmulArgs tiled = a;
  tiled.tiles = true;
  _tile_loadconfig(&kShapes);
  same.run(tiled);
  _tile_release();
}

// A loop: spelt out, the compiler would build the table in AVX-512 registers, and tests look at tables everywhere.
template <size_t... i>
Kernels with_tiles(const Kernels& base, std::index_sequence<i...>) {
  static constexpr void (*kRuns[])(const MatmulArgs&) = {run<i>...};
  Kernels k = base;
  k.name = "amx";
  for (size_t n = 0; n < kKernels; n++) {
    if (!has_tiles(k, n)) continue;
    kernel(k, n).run = kRuns[n];
    kernel(k, n).many = "32x16";
  }
  return k;
}

}  // namespace amx

const Kernels* kernels_amx() {
  static const Kernels kTable = amx::with_tiles(*kernels_avx512vnni(), std::make_index_sequence<amx::kKernels>());
  return &kTable;
}

}  // namespace infer::cpu
