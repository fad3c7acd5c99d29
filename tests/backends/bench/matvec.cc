// bench_matvec [--columns N]... [--type NAME]... [--rows N] [--width K] [--weights M] [--set KEY=VALUE]... PLUGIN
// GB/s of weights that a backend reads in products with few columns: M weights of [N, K], so that no cache holds them,
// one after the other in one run. A line per type and number of columns, as JSON. Not a test.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "tests/backends/bed.h"
#include "tests/backends/values.h"

using namespace infer;
using namespace infer::conformance;

namespace {

struct Shape {
  quant::Type type;
  int64_t columns, rows, width, weights;
};

Case products(const Shape& s, int64_t n_runs) {
  Case c;
  c.name = "products";
  c.symbol_max = {s.columns};
  constexpr int64_t T = INFER_SYMBOL(0);
  const uint32_t x = c.input("x", INFER_TYPE_F32, {T, s.width});
  const Bytes bytes = random_weights(s.type, s.rows * s.width, 1);
  for (int64_t i = 0; i < s.weights; ++i) {
    const uint32_t w = c.weight("w", static_cast<uint32_t>(s.type), {s.rows, s.width}, bytes);
    const bool last = i + 1 == s.weights;
    const uint32_t y = c.tensor(last ? INFER_ROLE_OUTPUT : INFER_ROLE_TEMP, "y", INFER_TYPE_F32, {T, s.rows});
    c.node(INFER_OP_MATMUL, {x, w}, {y});
  }
  c.runs.assign(static_cast<size_t>(n_runs), {{s.columns}, {{x, random_f32(s.columns * s.width, 3)}}});
  return c;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("GB/s of products with few columns");
  std::string plugin;
  std::vector<int64_t> columns = {1, 2, 4, 8, 64, 512};
  std::vector<std::string> types = {"f16", "q8_0", "q4_k", "q6_k", "q4_0"}, settings;
  Shape s{quant::Type::kF16, 1, 14336, 4096, 24};
  app.add_option("--columns", columns);
  app.add_option("--type", types);
  app.add_option("--rows", s.rows);
  app.add_option("--width", s.width);
  app.add_option("--weights", s.weights);
  app.add_option("--set", settings);
  app.add_option("plugin", plugin)->required();
  CLI11_PARSE(app, argc, argv);
  Settings table;
  for (const std::string& t : settings) table.emplace_back(t.substr(0, t.find('=')), t.substr(t.find('=') + 1));
  std::string why;
  const auto bed = Bed::open(plugin, table, why);
  if (!bed) return std::fprintf(stderr, "%s\n", why.c_str()), 1;
  for (const std::string& name : types) {
    const quant::TypeInfo* const info = quant::find_type(name);
    if (!info) return std::fprintf(stderr, "no type is called %s\n", name.c_str()), 1;
    s.type = info->type;
    for (int64_t n : columns) {
      s.columns = n;
      constexpr int64_t kFirst = 2, kMore = 10;  // the first runs make what later ones use
      const Outcome first = bed->run(products(s, kFirst)), all = bed->run(products(s, kFirst + kMore));
      if (all.status != INFER_OK) return std::fprintf(stderr, "%s\n", all.message.c_str()), 1;
      const double seconds = (all.seconds - first.seconds) / kMore;
      if (seconds <= 0)
        return std::fprintf(stderr, "%s: too short to be measured; take more weights\n", name.c_str()), 1;
      const double bytes = static_cast<double>(s.weights) *
                           static_cast<double>(quant::row_bytes(s.type, static_cast<uint64_t>(s.width))) *
                           static_cast<double>(s.rows);
      const double flops = 2.0 * static_cast<double>(n * s.rows) * static_cast<double>(s.width * s.weights);
      std::printf(
          "{\"type\": \"%s\", \"columns\": %lld, \"kernel\": \"%s\", \"seconds\": %.6f, \"GB/s\": %.1f, \"GFLOP/s\": "
          "%.1f}\n",
          name.c_str(), static_cast<long long>(n), all.kernel.c_str(), seconds, bytes / seconds * 1e-9,
          flops / seconds * 1e-9);
    }
  }
  return 0;
}
