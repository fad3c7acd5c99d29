#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>

#include "backends/cpu/packing.h"
#include "backends/cpu/unpack.h"
#include "tests/unit/cpu/kernel_bed.h"

namespace infer::cpu {
namespace {

// A block type's kernel sees activations of 8 bits: NMSE of some 1e-5.
constexpr double kTolerance = 5e-4;

// Every type of tensor; a table without a kernel for one of them fails in dispatch_test.cc.
std::vector<quant::Type> types() {
  std::vector<quant::Type> all;
  for (const quant::TypeInfo& t : quant::all_types())
    if (t.type != quant::Type::kI32) all.push_back(t.type);
  return all;
}
int64_t shortest_row(quant::Type t) { return quant::info(t).block_elems == 1 ? 13 : quant::info(t).block_elems; }

struct Shape {
  int64_t m, n, blocks;
};
constexpr Shape kShapes[] = {{1, 1, 1},   {1, 7, 3},  {1, 8, 2},   {2, 33, 1},  {3, 17, 5}, {4, 5, 2},
                             {5, 19, 3},  {8, 3, 1},  {9, 40, 1},  {16, 9, 1},  {17, 2, 1}, {32, 5, 1},
                             {33, 31, 2}, {64, 6, 1}, {128, 4, 1}, {129, 18, 1}};

TEST_CASE(
    "every type multiplies as decoding and a double dot product do, in odd shapes, on every instruction set here") {
  for (const Kernels* kernels : runnable_kernels())
    for (const quant::Type type : types())
      for (const Shape& s : kShapes) {
        const MatmulCase c(type, s.m, s.n, s.blocks * shortest_row(type), 5);
        const double error = c.noise(c.run(*kernels));
        CHECK_MESSAGE(error <= (quant::info(type).block_elems == 1 ? 1e-10 : kTolerance), std::string(kernels->name),
                      " ", std::string(quant::info(type).name), " ", s.m, "x", s.n, "x", c.k, ": ", error);
      }
}

TEST_CASE("long rows cross panels") {
  for (const Kernels* kernels : runnable_kernels())
    for (const quant::Type type : {quant::Type::kQ4_1, quant::Type::kQ6_K, quant::Type::kF16}) {
      const MatmulCase c(type, 6, 35, 2560, 9);
      CHECK(c.noise(c.run(*kernels)) <= kTolerance);
    }
}

TEST_CASE("every scale of the 4-bit floats is the number that decoding makes of it") {
  for (const Kernels* kernels : runnable_kernels())
    for (const auto& [type, n_scales] : {std::tuple{quant::Type::kMXFP4, 1}, std::tuple{quant::Type::kNVFP4, 4}})
      for (const int64_t m : {1, 2}) {
        MatmulCase c(type, m, 256, shortest_row(type), 12);
        const size_t row_bytes = c.weights.size() / 256;
        for (size_t r = 0; r < 256; r++)
          for (int s = 0; s < n_scales; s++)
            c.weights[r * row_bytes + static_cast<size_t>(s)] = static_cast<uint8_t>(r);
        const std::vector<float> y = c.run(*kernels);
        std::vector<float> w(static_cast<size_t>(c.k));
        int compared = 0;
        for (size_t r = 0; r < 256; r++) {
          quant::decode_row(type, c.weights.data() + r * row_bytes, w.data(), c.k);
          double sum = 0, power = 0;
          for (size_t i = 0; i < w.size(); i++) {
            const double term = static_cast<double>(w[i]) * static_cast<double>(c.x[i]);
            sum += term;
            power += term * term;
          }
          if (!(power < 1e70)) continue;  // the largest scales of MXFP4: products overflow
          compared++;
          CHECK_MESSAGE(std::abs(static_cast<double>(y[r]) - sum) <= 0.02 * std::sqrt(power),
                        std::string(kernels->name), " ", std::string(quant::info(type).name), " scale ", r, ": ", y[r],
                        " for ", sum);
        }
        CHECK(compared >= 240);
      }
}

// Rows together, in each of the numbers, against each row alone.
void hold_rows_together(const Kernels& kernels, const MatmulCase& c, std::initializer_list<int64_t> counts) {
  std::vector<float> alone;
  for (int64_t row = 0; row < c.m; row++) {
    const std::vector<float> y = c.run(kernels, row, 1);
    alone.insert(alone.end(), y.begin() + row * c.n, y.begin() + (row + 1) * c.n);
  }
  for (const int64_t count : counts) {
    const int64_t first = count % 2 ? c.m - count : 1;
    const std::vector<float> together = c.run(kernels, first, count);
    CHECK_MESSAGE(std::memcmp(together.data() + first * c.n, alone.data() + first * c.n,
                              static_cast<size_t>(count * c.n) * 4) == 0,
                  std::string(kernels.name), " ", std::string(quant::info(c.type).name), " rows ", count);
  }
}

TEST_CASE("a row's result has the same bits alone and in every number of rows") {
  for (const Kernels* kernels : runnable_kernels())
    for (const quant::Type type : types()) {
      const MatmulCase c(type, 131, 19, 2 * shortest_row(type), 3);
      hold_rows_together(*kernels, c, {2, 3, 4, 5, 8, 9, 15, 16, 17, 31, 32, 33, 64, 100, 128});
    }
}

TEST_CASE("a row's result has the same bits wherever the rows with it lie, and it goes where it is told") {
  // 37 rows of 80: in order without gaps, at equal distances backwards, and in no order.
  constexpr int32_t kCount = 37, kRows = 80;
  std::vector<int32_t> ordered, backwards, mixed;
  for (int32_t i = 0; i < kCount; i++) {
    ordered.push_back(40 + i);
    backwards.push_back(2 * (kCount - i));
    mixed.push_back(31 * i % kRows);
  }
  std::sort(mixed.begin(), mixed.begin() + 16);  // with gaps, as an expert's
  for (const Kernels* kernels : runnable_kernels())
    for (const quant::Type type : types()) {
      const MatmulCase c(type, kRows, 35, 1024 + shortest_row(type), 7);
      const std::vector<float> all = c.run(*kernels);
      for (const std::vector<int32_t>& rows : {ordered, backwards, mixed}) {
        const std::vector<float> y = c.run_rows(*kernels, rows);
        int wrong = 0;
        for (int32_t r = 0; r < kRows; r++) {
          const auto at = static_cast<size_t>(r * c.n);
          if (std::find(rows.begin(), rows.end(), r) != rows.end())
            wrong += std::memcmp(&y[at], &all[at], static_cast<size_t>(c.n) * 4) != 0;
          else
            for (int64_t i = 0; i < c.n; i++) wrong += !std::isnan(y[at + static_cast<size_t>(i)]);
        }
        CHECK_MESSAGE(wrong == 0, std::string(kernels->name), " ", std::string(quant::info(type).name));
      }
    }
}

TEST_CASE("a long row's result, over several panels and tiles, has the same bits alone and among others") {
  for (const Kernels* kernels : runnable_kernels())
    for (const quant::Type type : types())
      hold_rows_together(*kernels, MatmulCase(type, 34, 35, 1024 + shortest_row(type), 6), {2, 4, 5, 9, 12, 16, 33});
}

// Every instruction set's sums, also of those that are emulated or would not ask for the products.
TEST_CASE("a row multiplied from its blocks has the same bits as one multiplied from its unpacked values") {
  int n_types = 0;
  for (const Unpacker& multiplies : unpackers(detect_features().avx2)) {
    if (!multiplies.dots) continue;
    n_types++;
    Unpacker unpacks = multiplies;
    unpacks.dots = nullptr;
    for (const auto& [n, k] : {std::pair<int64_t, int64_t>{40, 256}, {3, 1024}, {75, 1280}, {32, 5888}}) {
      MatmulCase c(multiplies.type, 1, n, k, 7);
      for (const Kernels* kernels : runnable_kernels()) {
        c.unpacker = &multiplies;
        const std::vector<float> multiplied = c.run(*kernels);
        c.unpacker = &unpacks;
        const std::vector<float> unpacked = c.run(*kernels);
        CHECK_MESSAGE(std::memcmp(multiplied.data(), unpacked.data(), unpacked.size() * 4) == 0,
                      std::string(kernels->name), " ", std::string(multiplies.name), " ", n, "x", k);
      }
    }
  }
  CHECK(n_types == (detect_features().avx2 ? 8 : 0));
}

TEST_CASE("a column's result has the same bits whatever columns are beside it, and nothing else is written") {
  for (const Kernels* kernels : runnable_kernels())
    for (const quant::Type type : types())
      for (const int64_t m : {1, 7}) {
        const MatmulCase c(type, m, 101, 2 * shortest_row(type), 4);
        const std::vector<float> whole = c.run(*kernels);
        for (const auto& [n0, n1] : {std::pair<int64_t, int64_t>{0, 32}, {32, 96}, {64, 101}, {96, 101}}) {
          const std::vector<float> part = c.run(*kernels, 0, m, n0, n1);
          int wrong = 0;
          for (int64_t r = 0; r < m; r++)
            for (int64_t i = 0; i < c.n; i++) {
              const auto at = static_cast<size_t>(r * c.n + i);
              const bool inside = i >= n0 && i < n1;
              wrong += inside ? std::memcmp(&part[at], &whole[at], 4) != 0 : part[at] == part[at];
            }
          CHECK_MESSAGE(wrong == 0, std::string(kernels->name), " ", std::string(quant::info(type).name), " m ", m,
                        " columns ", n0, "..", n1);
        }
      }
}

TEST_CASE("packed weights give the same bits as those of the file, in every number of rows") {
  int n_types = 0;
  for (const quant::Type type : types()) {
    if (!can_pack(type, 48)) continue;
    n_types++;
    CHECK(!can_pack(type, 40));
    for (const int64_t m : {1, 2, 3, 4, 5, 9, 33}) {
      const int64_t n = m == 1 ? 112 : 48;  // one row: tiles four, two and one at a time
      const MatmulCase c(type, m, n, 1024 + shortest_row(type), 8);
      const std::vector<uint8_t> packed = c.packed();
      CHECK(packed != c.weights);
      for (const Kernels* kernels : runnable_kernels()) {
        const std::vector<float> from_file = c.run(*kernels), from_packed = c.run(*kernels, 0, m, 0, n, packed.data());
        CHECK_MESSAGE(std::memcmp(from_file.data(), from_packed.data(), from_file.size() * 4) == 0,
                      std::string(kernels->name), " ", std::string(quant::info(type).name), " rows ", m);
      }
    }
  }
  CHECK(n_types == 15);
}

TEST_CASE("packing moves every byte of the file to one place, and each row can be read back") {
  for (const quant::Type type : types()) {
    if (!can_pack(type, 32)) continue;
    const MatmulCase c(type, 1, 32, 2 * shortest_row(type), 8);
    std::vector<uint8_t> packed = c.packed(), file = c.weights;
    const size_t row_bytes = file.size() / 32;
    for (size_t row = 0; row < 32; row++) {
      std::vector<uint8_t> back(row_bytes);
      unpack_row(type, static_cast<int64_t>(row_bytes), packed.data(), static_cast<int64_t>(row), back.data());
      CHECK_MESSAGE(std::memcmp(back.data(), file.data() + row * row_bytes, row_bytes) == 0,
                    std::string(quant::info(type).name), " row ", row);
    }
    std::sort(packed.begin(), packed.end());
    std::sort(file.begin(), file.end());
    CHECK(packed == file);
  }
}

}  // namespace
}  // namespace infer::cpu
