// K and V into pages, and attention over pages. A page holds [page, n_kv_heads, head_dim] values, as backend.h draws
// it, in the form that quant/ gives rows of the state's type.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "backends/reference/kernels.h"
#include "quant/encode.h"

namespace infer::reference {
namespace {

// The cache of one layer's K or V, seen through a sequence's row of the block table.
struct Pages {
  const Tensor& state;
  int64_t page;   // positions per page
  int64_t width;  // values per position
  int64_t at(const int32_t* table, int64_t position) const {
    return (table[position / page] * page + position % page) * width;
  }
  quant::Type type() const { return static_cast<quant::Type>(state.type); }
  std::byte* address(int64_t i) const { return state.data + quant::row_bytes(type(), static_cast<uint64_t>(i)); }
  void load(int64_t i, float* out, int64_t n) const { quant::decode_row(type(), address(i), out, n); }
  void store(int64_t i, const float* v, int64_t n) const { quant::encode_row(type(), v, address(i), n); }
};

// One query head at one position over positions first .. last, all of them written.
struct Head {
  const float* q;
  int64_t kv_head, head_dim, head_dim_v, first, last;
  double scale, softcap;
  const float* sink;  // or null
};

void attend(const Head& h, const Pages& k, const Pages& v, const int32_t* table, Scratch& s, float* out) {
  double top = h.sink ? static_cast<double>(*h.sink) : -INFINITY;
  double* scores = s.wide.data();
  for (int64_t p = h.first; p <= h.last; ++p) {
    const int64_t at = k.at(table, p) + h.kv_head * h.head_dim;
    double score = 0;
    k.load(at, s.row.data(), h.head_dim);
    for (int64_t d = 0; d < h.head_dim; ++d)
      score += static_cast<double>(h.q[d]) * static_cast<double>(s.row[static_cast<size_t>(d)]);
    score *= h.scale;
    if (h.softcap > 0) score = h.softcap * std::tanh(score / h.softcap);
    scores[p - h.first] = score;
    top = std::max(top, score);
  }
  double total = h.sink ? std::exp(static_cast<double>(*h.sink) - top) : 0.0;
  std::fill_n(s.sum.data(), h.head_dim_v, 0.0);
  for (int64_t p = h.first; p <= h.last; ++p) {
    const double weight = std::exp(scores[p - h.first] - top);
    const int64_t at = v.at(table, p) + h.kv_head * h.head_dim_v;
    total += weight;
    v.load(at, s.row.data(), h.head_dim_v);
    for (int64_t d = 0; d < h.head_dim_v; ++d)
      s.sum[static_cast<size_t>(d)] += weight * static_cast<double>(s.row[static_cast<size_t>(d)]);
  }
  for (int64_t d = 0; d < h.head_dim_v; ++d) out[d] = static_cast<float>(s.sum[static_cast<size_t>(d)] / total);
}

}  // namespace

void kv_write(const Frame& f, const Node& n) {
  const Tensor &k = *f.input(n, 0), &v = *f.input(n, 1), &table = *f.input(n, 6);
  const int64_t heads = n.i[0], page = n.i[3];
  const Pages k_pages{*f.input(n, 2), page, heads * n.i[1]}, v_pages{*f.input(n, 3), page, heads * n.i[2]};
  const int32_t *q_start = f.input(n, 4)->i32(), *kv_len = f.input(n, 5)->i32();
  for (int64_t seq = 0; seq < table.dim[0]; ++seq) {
    const int32_t* row_table = table.i32() + seq * table.dim[1];
    for (int64_t r = q_start[seq]; r < q_start[seq + 1]; ++r) {
      const int64_t position = kv_len[seq] - (q_start[seq + 1] - r);
      const int64_t k_at = k_pages.at(row_table, position), v_at = v_pages.at(row_table, position);
      k_pages.store(k_at, k.f32() + r * k_pages.width, k_pages.width);
      v_pages.store(v_at, v.f32() + r * v_pages.width, v_pages.width);
    }
  }
}

void attention(const Frame& f, const Node& n, Scratch& s) {
  const Tensor &q = *f.input(n, 0), &table = *f.input(n, 5), &out = f[n.out[0]];
  const Tensor* sinks = f.input(n, 6);
  const int64_t n_heads = n.i[0], n_kv = n.i[1], dim = n.i[2], dim_v = n.i[3], page = n.i[4], window = n.i[5];
  const Pages k{*f.input(n, 1), page, n_kv * dim}, v{*f.input(n, 2), page, n_kv * dim_v};
  const int32_t *q_start = f.input(n, 3)->i32(), *kv_len = f.input(n, 4)->i32();
  for (int64_t seq = 0; seq < table.dim[0]; ++seq) {
    for (int64_t r = q_start[seq]; r < q_start[seq + 1]; ++r) {
      const int64_t position = kv_len[seq] - (q_start[seq + 1] - r);
      const int64_t first = window > 0 ? std::max<int64_t>(0, position - window + 1) : 0;
      for (int64_t h = 0; h < n_heads; ++h)
        attend({q.f32() + (r * n_heads + h) * dim, h / (n_heads / n_kv), dim, dim_v, first, position, n.f[0], n.f[1],
                sinks ? sinks->f32() + h : nullptr},
               k, v, table.i32() + seq * table.dim[1], s, out.f32() + (r * n_heads + h) * dim_v);
    }
  }
}

}  // namespace infer::reference
