#include "tests/unit/cpu/kernel_bed.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "backends/cpu/dispatch.h"
#include "backends/cpu/packing.h"

namespace infer::cpu {

MatmulCase::MatmulCase(quant::Type t, int64_t m_, int64_t n_, int64_t k_, uint64_t seed)
    : type(t), m(m_), n(n_), k(k_) {
  const auto row = quant::row_bytes(t, static_cast<uint64_t>(k));
  weights.resize(static_cast<size_t>(n) * row);
  for (int64_t r = 0; r < n; r++)
    quant::fill_random_blocks(t, k, seed + static_cast<uint64_t>(r), weights.data() + static_cast<uint64_t>(r) * row);
  quant::Random random(seed ^ 77);
  x.resize(static_cast<size_t>(m * k));
  // One group in six stands out, other ones in each row, so that it gets a second term.
  float by = 1;
  for (size_t i = 0; i < x.size(); i++) {
    if (i % 32 == 0) by = random.unit() < 1 / 6.0f ? 20.0f : 1.0f;
    x[i] = random.within(-1, 1) * random.within(0, 3) * by;
  }
}

double MatmulCase::noise(const std::vector<float>& y) const {
  const auto row = quant::row_bytes(type, static_cast<uint64_t>(k));
  std::vector<float> w(static_cast<size_t>(k));
  double error = 0, power = 0;
  for (int64_t c = 0; c < n; c++) {
    quant::decode_row(type, weights.data() + static_cast<uint64_t>(c) * row, w.data(), k);
    for (int64_t r = 0; r < m; r++) {
      double sum = 0;
      for (int64_t i = 0; i < k; i++) {
        const double term =
            static_cast<double>(w[static_cast<size_t>(i)]) * static_cast<double>(x[static_cast<size_t>(r * k + i)]);
        sum += term;
        power += term * term;
      }
      error += std::pow(static_cast<double>(y[static_cast<size_t>(r * n + c)]) - sum, 2);
    }
  }
  return error / power;
}

std::vector<uint8_t> MatmulCase::packed() const {
  std::vector<uint8_t> bytes(weights.size());
  pack_rows(type, static_cast<int64_t>(weights.size()) / n, weights.data(), 0, n, bytes.data());
  return bytes;
}

std::vector<float> MatmulCase::run(const Kernels& kernels, int64_t first, int64_t count, int64_t n0, int64_t n1,
                                   const uint8_t* packed) const {
  return run(kernels, first, count == 0 ? m : count, nullptr, n0, n1, packed);
}

std::vector<float> MatmulCase::run_rows(const Kernels& kernels, const std::vector<int32_t>& rows) const {
  return run(kernels, 0, m, &rows, 0, n, nullptr);
}

std::vector<float> MatmulCase::run(const Kernels& kernels, int64_t first, int64_t count,
                                   const std::vector<int32_t>* rows, int64_t n0, int64_t n1,
                                   const uint8_t* packed) const {
  const MatmulPath path = matmul_path(kernels, static_cast<uint32_t>(type));
  std::vector<float> y(static_cast<size_t>(m * n), std::numeric_limits<float>::quiet_NaN());
  const RecordLayout layout = record_layout(k);
  std::vector<uint8_t> records(static_cast<size_t>(count * layout.bytes + 64));
  MatmulArgs a{};
  // Weights end where their memory ends, so that a sanitizer sees reads past them.
  a.w = weights.data();
  a.packed = packed;
  a.row_bytes = static_cast<int64_t>(quant::row_bytes(type, static_cast<uint64_t>(k)));
  a.n = n;
  a.k = k;
  a.n0 = n0;
  a.n1 = n1 < 0 ? n : n1;
  a.m = count;
  if (path.quantized) {
    for (int64_t i = 0; i < count; i++)
      kernels.quantize(x.data() + (first + i) * k, layout, records.data() + i * layout.bytes);
    a.x = records.data();
    a.x_stride = layout.bytes;
    a.layout = &layout;
  } else {
    a.x = reinterpret_cast<const uint8_t*>(x.data() + first * k);
    a.x_stride = k * 4;
  }
  a.y = y.data() + first * n;
  a.y_stride = n;
  a.unpacker = unpacker ? unpacker : path.unpacker;
  if (rows) {
    a.x_rows = a.y_rows = rows->data();
    a.m = static_cast<int64_t>(rows->size());
  }
  std::vector<uint8_t> scratch(static_cast<size_t>(kernels.scratch_bytes(k, a.row_bytes)) + 64);
  a.scratch = scratch.data() + (64 - reinterpret_cast<uintptr_t>(scratch.data()) % 64);
  path.kernel.run(a);
  return y;
}

std::vector<const Kernels*> runnable_kernels() {
  std::vector<const Kernels*> all;
  const Features f = detect_features();
  for (const Isa& isa : instruction_sets())
    if (const auto kernels = choose_kernels(f, isa.name); kernels.ok()) all.push_back(*kernels);
#if defined(INFER_EMULATED_KERNELS)
  if (f.avx2) all.push_back(kernels_avxvnni_emulated());
  all.push_back(kernels_avx512_emulated());
  all.push_back(kernels_avx512vnni_emulated());
  all.push_back(kernels_amx_emulated());
#endif
  return all;
}

}  // namespace infer::cpu
