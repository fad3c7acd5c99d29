#include "tests/backends/attention.h"

#include <numeric>

#include "graph/signature.h"
#include "tests/backends/values.h"

namespace infer::conformance {
namespace {

constexpr int64_t kRows = INFER_SYMBOL(0), kSeqs = INFER_SYMBOL(1), kStarts = INFER_SYMBOL(2),
                  kColumns = INFER_SYMBOL(3), kPages = INFER_SYMBOL(4);

struct Inputs {
  uint32_t q, k, v, q_start, kv_len, table;
};

void append(Bytes& to, const std::vector<float>& all, int64_t from, int64_t n) {
  const auto* bytes = reinterpret_cast<const std::byte*>(all.data() + from);
  to.insert(to.end(), bytes, bytes + n * static_cast<int64_t>(sizeof(float)));
}

}  // namespace

std::string AttentionShape::text() const {
  return str("H=", heads, "/", kv_heads, " D=", dim, "/", dim_v, " page=", page, window ? str(" window=", window) : "",
             softcap > 0 ? " softcap" : "", sinks ? " sinks" : "", " ", graph::type_name(kv_type));
}

uint32_t attention_output(const Case& c) { return c.nodes.back().out[0]; }

Case attention_case(const AttentionShape& s, const Chunks& chunks, const std::vector<uint64_t>& seeds, float reach) {
  Case c;
  c.name = str("attention ", s.text(), " chunks");
  for (const auto& run : chunks) {
    c.name += "|";
    for (int64_t n : run) c.name += str(n, ",");
  }
  c.tolerance = 1e-9;
  const size_t n_seqs = seeds.size();
  std::vector<int64_t> total(n_seqs, 0);
  int64_t most_rows = 1;
  for (const auto& run : chunks) {
    most_rows = std::max(most_rows, std::accumulate(run.begin(), run.end(), int64_t(0)));
    for (size_t i = 0; i < n_seqs; ++i) total[i] += run[i];
  }
  const int64_t longest = *std::max_element(total.begin(), total.end()), columns = (longest + s.page - 1) / s.page;
  const int64_t pages = columns * static_cast<int64_t>(n_seqs) + 3;
  c.symbol_max = {most_rows + 2, static_cast<int64_t>(n_seqs) + 1, static_cast<int64_t>(n_seqs) + 2, columns + 1,
                  pages};

  Inputs in{};
  in.q = c.input("q", INFER_TYPE_F32, {kRows, s.heads * s.dim});
  in.k = c.input("k", INFER_TYPE_F32, {kRows, s.kv_heads * s.dim});
  in.v = c.input("v", INFER_TYPE_F32, {kRows, s.kv_heads * s.dim_v});
  in.q_start = c.input("q_start", INFER_TYPE_I32, {kStarts});
  in.kv_len = c.input("kv_len", INFER_TYPE_I32, {kSeqs});
  in.table = c.input("block_table", INFER_TYPE_I32, {kSeqs, kColumns});
  const uint32_t k_state = c.state("k_state", s.kv_type, {kPages, s.page, s.kv_heads, s.dim});
  const uint32_t v_state = c.state("v_state", s.kv_type, {kPages, s.page, s.kv_heads, s.dim_v});
  const uint32_t sinks =
      s.sinks ? c.weight("sinks", INFER_TYPE_F32, {s.heads}, random_f32(s.heads, 77, 2)) : INFER_NONE;
  const uint32_t out = c.output("out", INFER_TYPE_F32, {kRows, s.heads * s.dim_v});
  c.node(INFER_OP_KV_WRITE, {in.k, in.v, k_state, v_state, in.q_start, in.kv_len, in.table}, {},
         {s.kv_heads, s.dim, s.dim_v, s.page});
  c.node(INFER_OP_ATTENTION, {in.q, k_state, v_state, in.q_start, in.kv_len, in.table, sinks}, {out},
         {s.heads, s.kv_heads, s.dim, s.dim_v, s.page, s.window}, {s.scale, s.softcap});

  // Pages of sequence i, column b: scattered, never the same twice, page 0 not used.
  const auto page_of = [&](size_t i, int64_t b) {
    return static_cast<int32_t>(pages - 1 - (b * static_cast<int64_t>(n_seqs) + static_cast<int64_t>(i)));
  };
  std::vector<std::vector<float>> q, k, v;
  for (size_t i = 0; i < n_seqs; ++i) {
    q.push_back(random_floats(longest * s.heads * s.dim, seeds[i], reach));
    k.push_back(random_floats(longest * s.kv_heads * s.dim, seeds[i] + 1000, reach));
    v.push_back(random_floats(longest * s.kv_heads * s.dim_v, seeds[i] + 2000, reach));
  }
  std::vector<int64_t> done(n_seqs, 0);
  for (const auto& chunk : chunks) {
    Run run;
    std::vector<int32_t> q_start = {0}, kv_len, table;
    for (size_t i = 0; i < n_seqs; ++i) {
      if (!chunk[i]) continue;
      append(run.inputs[in.q], q[i], done[i] * s.heads * s.dim, chunk[i] * s.heads * s.dim);
      append(run.inputs[in.k], k[i], done[i] * s.kv_heads * s.dim, chunk[i] * s.kv_heads * s.dim);
      append(run.inputs[in.v], v[i], done[i] * s.kv_heads * s.dim_v, chunk[i] * s.kv_heads * s.dim_v);
      done[i] += chunk[i];
      q_start.push_back(q_start.back() + static_cast<int32_t>(chunk[i]));
      kv_len.push_back(static_cast<int32_t>(done[i]));
      for (int64_t b = 0; b < columns; ++b) table.push_back(b * s.page < done[i] ? page_of(i, b) : 0);
    }
    const auto seqs = static_cast<int64_t>(kv_len.size());
    run.symbols = {q_start.back(), seqs, seqs + 1, columns, pages};
    run.inputs[in.q_start] = bytes_of(q_start);
    run.inputs[in.kv_len] = bytes_of(kv_len);
    run.inputs[in.table] = bytes_of(table);
    c.runs.push_back(run);
  }
  return c;
}

}  // namespace infer::conformance
