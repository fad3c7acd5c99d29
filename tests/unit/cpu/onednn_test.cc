// Products of float matrices by oneDNN. Built where its headers and library are given (INFER_ONEDNN_ROOT), nowhere
// else.
#include "backends/cpu/onednn.h"

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <libinfer/backend.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "quant/random_blocks.h"
#include "quant/types.h"

namespace infer::cpu {
namespace {

constexpr int64_t kRows = OnednnProduct::kRows, kColumns = OnednnProduct::kColumns;

std::unique_ptr<Onednn> open(int n_threads) {
  auto r = Onednn::open(INFER_ONEDNN_LIBRARY, n_threads);
  REQUIRE_MESSAGE(r.ok(), r.status().message());
  return r.take();
}

struct Multiplication {
  quant::Type type;
  int64_t m, n, k;
  std::vector<uint8_t> w;
  std::vector<float> x;
  Multiplication(quant::Type t, int64_t rows, int64_t columns, int64_t inner)
      : type(t), m(rows), n(columns), k(inner), w(quant::random_blocks(t, n * k, 3)), x(static_cast<size_t>(m * k)) {
    quant::Random random(5);
    for (float& v : x) v = random.within(-1, 1);
  }
  int64_t row_bytes() const { return static_cast<int64_t>(quant::row_bytes(type, static_cast<uint64_t>(k))); }

  // What each thread multiplies: every n_threads-th block of columns. Rows done go to *done.
  void part(OnednnProduct& p, int thread, int n_threads, std::vector<float>& y, int64_t* done) const {
    const auto bytes = static_cast<size_t>(p.scratch_bytes());
    auto* scratch = static_cast<uint8_t*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
    for (int64_t n0 = thread * kColumns; n0 + kColumns <= n; n0 += n_threads * kColumns) {
      MatmulArgs a{};
      a.w = w.data();
      a.row_bytes = row_bytes();
      a.n = n, a.k = k, a.n0 = n0, a.n1 = n0 + kColumns;
      a.x = reinterpret_cast<const uint8_t*>(x.data());
      a.x_stride = k * 4;
      a.m = m;
      a.y = y.data();
      a.y_stride = n;
      a.scratch = scratch;
      *done = p.run(a, thread);
    }
    std::free(scratch);
  }
  std::vector<float> run(int n_threads) const {
    const auto library = open(n_threads);
    OnednnProduct* p = library->product(static_cast<uint32_t>(type), n, k);
    REQUIRE(p);
    CAPTURE(p->kernel());
    std::vector<float> y(static_cast<size_t>(m * n), NAN);
    std::vector<int64_t> done(static_cast<size_t>(n_threads), -1);
    std::vector<std::thread> threads;
    for (int t = 1; t < n_threads; t++)
      threads.emplace_back([&, t] { part(*p, t, n_threads, y, &done[static_cast<size_t>(t)]); });
    part(*p, 0, n_threads, y, &done[0]);
    for (auto& t : threads) t.join();
    for (int64_t d : done)
      if (d >= 0) CHECK(d == m / kRows * kRows);
    return y;
  }
  // Normalised mean square error of the blocks; everything beside them must be untouched.
  double error(const std::vector<float>& y) const {
    double wrong = 0, power = 0;
    std::vector<float> row(static_cast<size_t>(k));
    for (int64_t j = 0; j < n; j++) {
      quant::decode_row(type, w.data() + j * row_bytes(), row.data(), k);
      for (int64_t i = 0; i < m; i++) {
        const float have = y[static_cast<size_t>(i * n + j)];
        if (i >= m / kRows * kRows || j >= n / kColumns * kColumns) {
          if (!std::isnan(have)) return INFINITY;
          continue;
        }
        double want = 0;
        for (int64_t e = 0; e < k; e++) want += double(row[static_cast<size_t>(e)]) * x[static_cast<size_t>(i * k + e)];
        wrong += (have - want) * (have - want);
        power += want * want;
      }
    }
    return wrong / power;
  }
};

TEST_CASE("whole blocks of rows and columns are right and nothing else is written, for every float type and odd K") {
  for (const auto type : {quant::Type::kF32, quant::Type::kF16, quant::Type::kBF16})
    for (const int64_t k : {1, 7, 75, 576, 1000}) {
      CAPTURE(quant::info(type).name);
      CAPTURE(k);
      for (const auto& [m, n] :
           {std::pair{kRows, kColumns}, {kRows + 1, kColumns + 1}, {3 * kRows + 33, 2 * kColumns + 37}}) {
        const Multiplication a(type, m, n, k);
        // Alignment: oneDNN may have no kernel of its own for odd rows of 16-bit numbers.
        if (!open(1)->product(static_cast<uint32_t>(type), n, k)) {
          CHECK((type != quant::Type::kF32 && k % 2 == 1));
          continue;
        }
        CHECK(a.error(a.run(1)) <= 1e-10);
      }
    }
}

TEST_CASE("any number of threads gives the same bits") {
  const Multiplication a(quant::Type::kF32, 130, 517, 99);
  const auto one = a.run(1);
  for (const int n : {2, 3, 4}) CHECK(std::memcmp(a.run(n).data(), one.data(), one.size() * sizeof(float)) == 0);
}

TEST_CASE("fewer rows than a block are left to others") {
  const Multiplication a(quant::Type::kF32, kRows - 1, kColumns, 64);
  for (float v : a.run(1)) CHECK(std::isnan(v));
}

TEST_CASE("the calling thread's OpenMP setting is what it was before") {
  void* library = dlopen(INFER_ONEDNN_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(library);
  const auto set = reinterpret_cast<void (*)(int)>(dlsym(library, "omp_set_num_threads"));
  const auto get = reinterpret_cast<int (*)()>(dlsym(library, "omp_get_max_threads"));
  REQUIRE((set && get));
  set(3);
  const Multiplication a(quant::Type::kF32, kRows, kColumns, 64);
  CHECK(a.error(a.run(1)) <= 1e-10);
  CHECK(get() == 3);
}

TEST_CASE("types and shapes that have no kernel there are left to others") {
  const auto library = open(1);
  CHECK(library->product(INFER_TYPE_F32, kColumns - 1, 64) == nullptr);
  CHECK(library->product(static_cast<uint32_t>(quant::Type::kQ4_0), 64, 64) == nullptr);
  CHECK(library->product(INFER_TYPE_F32, 64, 64) == library->product(INFER_TYPE_F32, 64, 64));  // made once
}

TEST_CASE("what is not oneDNN is refused with its path and a reason") {
  for (const char* path : {"/nowhere/libdnnl.so.3", "", __FILE__, "libc.so.6"}) {
    CAPTURE(path);
    const auto r = Onednn::open(path, 1);
    REQUIRE(!r.ok());
    CHECK(r.status().message().find(path) != std::string::npos);
    CHECK(!r.status().hint().empty());
  }
  Dl_info info{};  // a library, but another one
  REQUIRE(dladdr(reinterpret_cast<void*>(&std::malloc), &info));
  const auto r = Onednn::open(info.dli_fname, 1);
  REQUIRE(!r.ok());
  CHECK(r.status().message().find("dnnl_version") != std::string::npos);
}

}  // namespace
}  // namespace infer::cpu
