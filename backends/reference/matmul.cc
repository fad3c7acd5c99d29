// y = x w^T + bias, the same with a matrix per expert, and what adapters add. Each row of w is decoded once per call,
// then meets every row of x.
#include <cstring>

#include "backends/reference/kernels.h"

namespace infer::reference {
namespace {

// Eight partial sums, element i to sum i % 8, then added pairwise: a fixed order that compilers can do several at a
// time.
double dot(const double* a, const float* b, int64_t n) {
  double part[8] = {};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int64_t j = 0; j < 8; ++j) part[j] += a[i + j] * static_cast<double>(b[i + j]);
  for (int64_t j = 0; i < n; ++i, ++j) part[j] += a[i] * static_cast<double>(b[i]);
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

const double* decode(const Tensor& w, int64_t row, Scratch& s) {
  const auto type = static_cast<quant::Type>(w.type);
  const int64_t k = w.columns();
  const std::byte* blocks = w.data + row * static_cast<int64_t>(quant::row_bytes(type, static_cast<uint64_t>(k)));
  quant::decode_row(type, blocks, s.row.data(), k);
  for (int64_t i = 0; i < k; ++i) s.wide[static_cast<size_t>(i)] = s.row[static_cast<size_t>(i)];
  return s.wide.data();
}

}  // namespace

void matmul(const Frame& f, const Node& n, Scratch& s) {
  const Tensor &x = *f.input(n, 0), &w = *f.input(n, 1), &y = f[n.out[0]];
  const Tensor* bias = f.input(n, 2);
  const int64_t n_rows = x.dim[0], n_k = x.dim[1], n_out = w.dim[0];
  for (int64_t o = 0; o < n_out; ++o) {
    const double* row = decode(w, o, s);
    const double b = bias ? bias->f32()[o] : 0.0;
    for (int64_t t = 0; t < n_rows; ++t)
      y.f32()[t * n_out + o] = static_cast<float>(dot(row, x.f32() + t * n_k, n_k) + b);
  }
}

void matmul_experts(const Frame& f, const Node& n, Scratch& s) {
  const Tensor &x = *f.input(n, 0), &w = *f.input(n, 1), &ids = *f.input(n, 2), &y = f[n.out[0]];
  const Tensor* bias = f.input(n, 3);
  const int64_t n_experts = w.dim[0], n_out = w.dim[1], n_k = w.dim[2];
  const int64_t n_slots = ids.dim[0] * ids.dim[1], slots_per_x = x.rank == 2 ? ids.dim[1] : 1;
  for (int64_t e = 0; e < n_experts; ++e) {
    size_t count = 0;  // slots that chose this expert
    for (int64_t i = 0; i < n_slots; ++i)
      if (ids.i32()[i] == e) s.order[count++] = static_cast<int32_t>(i);
    for (int64_t o = 0; o < n_out && count; ++o) {
      const double* row = decode(w, e * n_out + o, s);
      const double b = bias ? bias->f32()[e * n_out + o] : 0.0;
      for (size_t c = 0; c < count; ++c) {
        const int64_t slot = s.order[c];
        y.f32()[slot * n_out + o] = static_cast<float>(dot(row, x.f32() + slot / slots_per_x * n_k, n_k) + b);
      }
    }
  }
}

void adapt(const Frame& f, const Node& n, Scratch& s) {
  const Tensor &y = *f.input(n, 0), &x = *f.input(n, 1), &down = *f.input(n, 2), &up = *f.input(n, 3),
               &out = f[n.out[0]];
  const int32_t *slots = f.input(n, 4)->i32(), *ranks = f.input(n, 5)->i32();
  const int64_t n_rows = x.dim[0], n_k = x.dim[1], most = down.dim[1], n_out = up.dim[1];
  if (out.data != y.data) std::memcpy(out.data, y.data, static_cast<size_t>(n_rows * n_out) * sizeof(float));
  for (int64_t a = 0; a < down.dim[0]; ++a) {
    size_t count = 0;  // rows with this adapter
    for (int64_t t = 0; t < n_rows; ++t)
      if (slots[t] == a) s.order[count++] = static_cast<int32_t>(t);
    const int64_t rank = count ? ranks[a] : 0;
    for (int64_t j = 0; j < rank; ++j) {
      const double* row = decode(down, a * most + j, s);
      for (size_t c = 0; c < count; ++c)
        s.low[c * static_cast<size_t>(rank) + static_cast<size_t>(j)] =
            static_cast<float>(dot(row, x.f32() + s.order[c] * n_k, n_k));
    }
    for (int64_t o = 0; o < n_out && rank; ++o) {
      const double* row = decode(up, a * n_out + o, s);
      for (size_t c = 0; c < count; ++c)
        out.f32()[s.order[c] * n_out + o] +=
            static_cast<float>(dot(row, s.low.data() + c * static_cast<size_t>(rank), rank));
    }
  }
}

}  // namespace infer::reference
