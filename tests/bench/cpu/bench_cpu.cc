// Speed of the matmul kernels on one thread: bench_cpu [TYPE|all [M,M,.. [N K [ISA [MIB]]]]]. GB/s: packed weight bytes
// per time; GOP/s: 2 M N K per time. Best of several passes, since other work shares the machine. Weights are larger
// than the caches at few rows.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "backends/cpu/packing.h"
#include "tests/unit/cpu/kernel_bed.h"

using namespace infer;
using namespace infer::cpu;

namespace {

// Of the processor: other work on the machine does not count.
double seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void bench(const Kernels& kernels, quant::Type type, int64_t m, int64_t n, int64_t k, int64_t mib, bool packed) {
  const MatmulPath path = matmul_path(kernels, static_cast<uint32_t>(type));
  const auto row = static_cast<int64_t>(quant::row_bytes(type, static_cast<uint64_t>(k)));
  // Copies of the matrix, so that few rows stream from memory.
  const int64_t copies = m <= 16 ? std::max<int64_t>(1, (mib << 20) / (n * row)) : 1;
  const MatmulCase c(type, m, n, k, 1);
  std::vector<uint8_t> weights;
  std::vector<uint8_t> one = c.weights;
  if (packed) pack_rows(type, row, c.weights.data(), 0, n, one.data());
  for (int64_t i = 0; i < copies; i++) weights.insert(weights.end(), one.begin(), one.end());
  const RecordLayout layout = record_layout(k);
  std::vector<uint8_t> records(static_cast<size_t>(m * layout.bytes));
  for (int64_t i = 0; i < m && path.quantized; i++)
    kernels.quantize(c.x.data() + i * k, layout, records.data() + i * layout.bytes);
  std::vector<float> y(static_cast<size_t>(m * n));
  std::vector<uint8_t> scratch(static_cast<size_t>(kernels.scratch_bytes(k, row)) + 64);
  MatmulArgs a{};
  a.row_bytes = row;
  a.n = n;
  a.k = k;
  a.m = m;
  a.n1 = n;
  a.x = path.quantized ? records.data() : reinterpret_cast<const uint8_t*>(c.x.data());
  a.x_stride = path.quantized ? layout.bytes : k * 4;
  a.layout = &layout;
  a.y = y.data();
  a.y_stride = n;
  a.unpacker = path.unpacker;
  a.scratch = scratch.data() + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64);
  const int64_t turns = std::max<int64_t>(copies, 40000000 / (m * n * k) + 1);
  double best = 1e9;
  const double until = seconds() + 0.4;
  for (int pass = 0; pass < 3 || seconds() < until; pass++) {
    const double start = seconds();
    for (int64_t i = 0; i < turns; i++) {
      a.w = weights.data() + i % copies * n * row;
      a.packed = packed ? a.w : nullptr;
      path.kernel.run(a);
    }
    best = std::min(best, (seconds() - start) / static_cast<double>(turns));
  }
  std::printf("%-10s %-9s %-6s M=%-4ld %7.2f GB/s %8.1f GOP/s\n", kernels.name, quant::info(type).name,
              packed ? "packed" : "", static_cast<long>(m), static_cast<double>(n * row) / best * 1e-9,
              2.0 * static_cast<double>(m * n * k) / best * 1e-9);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string type = argc > 1 ? argv[1] : "all", rows = argc > 2 ? argv[2] : "1,2,4,8,32,128,512";
  const int64_t n = argc > 4 ? std::atol(argv[3]) : 1536, k = argc > 4 ? std::atol(argv[4]) : 1536;
  const std::string isa = argc > 5 ? argv[5] : runnable_kernels().front()->name;
  for (const Kernels* kernels : runnable_kernels()) {
    if (kernels->name != isa) continue;
    for (const quant::TypeInfo& t : quant::all_types()) {
      if ((type != "all" && type != t.name) || !matmul_path(*kernels, static_cast<uint32_t>(t.type)).kernel.run)
        continue;
      for (size_t at = 0; at < rows.size(); at = std::min(rows.find(',', at), rows.size() - 1) + 1)
        for (const bool packed : {false, true})
          if (!packed || can_pack(t.type, n))
            bench(*kernels, t.type, std::atol(rows.c_str() + at), n, k, argc > 6 ? std::atol(argv[6]) : 96, packed);
    }
  }
}
