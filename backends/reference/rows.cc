// Operators that work row by row: embedding, norm, gather, sums and products, activations.
#include <cmath>
#include <cstring>
#include <numbers>

#include "backends/reference/kernels.h"

namespace infer::reference {
namespace {

double activate(int64_t kind, double x) {
  switch (kind) {
    case INFER_ACT_SILU:
      return x / (1 + std::exp(-x));
    case INFER_ACT_GELU_TANH:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    case INFER_ACT_GELU_ERF:
      return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
    case INFER_ACT_RELU:
      return x < 0 ? 0 : x;
    case INFER_ACT_SIGMOID:
      return 1 / (1 + std::exp(-x));
    default:
      return std::tanh(x);
  }
}

// out[t, d] = f(a[t, d], b at [t, d], [d] or [t, 0])
template <class F>
void combine(const Frame& frame, const Node& n, F f) {
  const Tensor &a = *frame.input(n, 0), &b = *frame.input(n, 1), &out = frame[n.out[0]];
  const int64_t rows = a.rows(), columns = a.columns();
  const bool by_column = b.rank == 1, by_row = !by_column && b.columns() == 1;
  for (int64_t t = 0; t < rows; ++t)
    for (int64_t d = 0; d < columns; ++d)
      out.f32()[t * columns + d] = f(a.f32()[t * columns + d], b.f32()[by_column ? d : by_row ? t : t * columns + d]);
}

// out = f(x), element by element
template <class F>
void map(const Frame& frame, const Node& n, F f) {
  const Tensor &x = *frame.input(n, 0), &out = frame[n.out[0]];
  for (int64_t i = 0; i < x.rows() * x.columns(); ++i) out.f32()[i] = f(x.f32()[i]);
}

}  // namespace

void embed(const Frame& f, const Node& n) {
  const Tensor &table = *f.input(n, 0), &ids = *f.input(n, 1), &out = f[n.out[0]];
  const auto type = static_cast<quant::Type>(table.type);
  const int64_t columns = table.dim[1],
                row_bytes = static_cast<int64_t>(quant::row_bytes(type, static_cast<uint64_t>(columns)));
  for (int64_t t = 0; t < ids.dim[0]; ++t)
    quant::decode_row(type, table.data + ids.i32()[t] * row_bytes, out.f32() + t * columns, columns);
}

void rms_norm(const Frame& f, const Node& n) {
  const Tensor &x = *f.input(n, 0), &weight = *f.input(n, 1), &out = f[n.out[0]];
  const int64_t d_run = weight.dim[0], runs = x.rows() * x.columns() / d_run;
  for (int64_t r = 0; r < runs; ++r) {
    const float* in = x.f32() + r * d_run;
    double sum = 0;
    for (int64_t d = 0; d < d_run; ++d) sum += static_cast<double>(in[d]) * static_cast<double>(in[d]);
    const double by = 1 / std::sqrt(sum / static_cast<double>(d_run) + n.f[0]);
    for (int64_t d = 0; d < d_run; ++d)
      out.f32()[r * d_run + d] =
          static_cast<float>(static_cast<double>(in[d]) * by * static_cast<double>(weight.f32()[d]));
  }
}

void add(const Frame& f, const Node& n) {
  combine(f, n, [](float a, float b) { return a + b; });
}
void mul(const Frame& f, const Node& n) {
  combine(f, n, [](float a, float b) { return a * b; });
}
void scale(const Frame& f, const Node& n) {
  map(f, n, [by = n.f[0]](float x) { return static_cast<float>(x * by); });
}
void act(const Frame& f, const Node& n) {
  map(f, n, [kind = n.i[0]](float x) { return static_cast<float>(activate(kind, x)); });
}

void glu(const Frame& f, const Node& n) {
  const Tensor &gate = *f.input(n, 0), &up = *f.input(n, 1), &out = f[n.out[0]];
  for (int64_t i = 0; i < gate.rows() * gate.columns(); ++i)
    out.f32()[i] = static_cast<float>(activate(n.i[0], gate.f32()[i]) * static_cast<double>(up.f32()[i]));
}

void gather(const Frame& f, const Node& n) {
  const Tensor &x = *f.input(n, 0), &rows = *f.input(n, 1), &out = f[n.out[0]];
  const int64_t columns = x.dim[1];
  for (int64_t r = 0; r < rows.dim[0]; ++r)
    std::memcpy(out.f32() + r * columns, x.f32() + rows.i32()[r] * columns,
                static_cast<size_t>(columns) * sizeof(float));
}

void copy(const Frame& f, const Node& n) {
  const Tensor &x = *f.input(n, 0), &out = f[n.out[0]];
  std::memcpy(out.data, x.data, static_cast<size_t>(x.rows() * x.columns()) * sizeof(float));
}

}  // namespace infer::reference
