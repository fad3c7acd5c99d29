#include "backends/cuda/lower.h"

#include "backends/cuda/kernels.h"
#include "backends/cuda/kernels/sizes.h"

namespace infer::cuda {
namespace {

using namespace backend;

constexpr uint32_t kThreads = 128, kWarps = kThreads / 32;  // of a block, of every kernel
constexpr int64_t kPart = 128;                              // positions of a part of attention (kernels/attention.cu)
constexpr int64_t kMatRows = 8, kMatColumns = 8;            // of a warp of matmat
constexpr int64_t kVecRows = 2;                             // of a warp of matvec

int64_t up(int64_t n, int64_t by) { return (n + by - 1) / by; }

class CudaLowering final : public Lowering {
 public:
  CudaLowering()
      : Lowering(
            "cuda", find_kernel, [](uint32_t k) -> std::string_view { return all_kernels()[k].name; }, kThreads) {}

 private:
  int64_t part() const override { return kPart; }
  bool fits(int64_t head_dim, uint32_t shared_memory) const override {
    return attention_memory(4, head_dim) <= shared_memory;
  }
  Kernel of_values(uint32_t shader, uint32_t, uint32_t) const override { return {shader, {kThreads, 0, 0, 0}}; }
  Kernel of_runs(uint32_t shader) const override { return {shader, {kThreads, kWarps * 4, 0, 0}}; }
  void matmul(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const override;
  void matmul_experts(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const override;
  void attention(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const override;
  void route(const Frame& f, const Node& n, Emitter& out) const override;

  uint32_t product_kernel(const Frame& f, const Node& n, const Surroundings& s, bool many, Record& r,
                          Emitter& out) const;
  // Bytes: slots, queries, weights, and a value of each warp.
  static uint32_t attention_memory(int64_t heads, int64_t head_dim) {
    return narrow((2 * kPart + heads * (head_dim + kPart + kWarps)) * 4);
  }
  // A kernel whose warps take an item each.
  static void warps(Emitter& out, uint32_t shader, Record r, int64_t n) {
    r.n[0] = narrow(n);
    out.dispatch({shader, {kThreads, 0, 0, 0}}, r, up(n, kWarps));
  }
};

void CudaLowering::matmul(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const {
  const Tensor &x = *f.input(n, 0), &w = *f.input(n, 1), &y = f[n.out[0]];
  const int64_t columns = x.dim[0], rows = w.dim[0];
  Record r;
  r.a[0] = y.address, r.a[1] = x.address, r.a[2] = w.address, r.a[3] = address_of(f.input(n, 2)), r.a[7] = s.tables;
  r.n[1] = narrow(columns), r.n[2] = narrow(rows), r.n[3] = narrow(w.columns()), r.n[4] = row_bytes(w);
  r.n[6] = whole_rows(&x, w);
  const bool many = columns > kFewRows;
  const uint32_t kernel = product_kernel(f, n, s, many, r, out);
  if (many && arithmetic_of(s.policy, f, n) == Arithmetic::kInt8) {
    r.n[0] = narrow(up(columns, kBlockColumns));
    return out.dispatch({kernel, {kThreads, kRunBytes, 0, 0}}, r, r.n[0] * up(rows, kBlockRows));
  }
  if (many) return warps(out, kernel, r, up(rows, kMatRows) * up(columns, kMatColumns));
  const uint32_t which = columns == 1 ? 0 : columns == 2 ? 1 : columns <= 4 ? 2 : 3;
  warps(out, kernel + which, r, up(rows, kVecRows));
}

void CudaLowering::matmul_experts(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const {
  const Tensor &x = *f.input(n, 0), &w = *f.input(n, 1), &ids = *f.input(n, 2), &y = f[n.out[0]];
  const int64_t columns = ids.dim[0] * ids.dim[1], rows = w.dim[1];
  Record r;
  r.a[0] = y.address, r.a[1] = x.address, r.a[2] = w.address, r.a[3] = address_of(f.input(n, 3)), r.a[4] = ids.address;
  r.a[7] = s.tables;
  r.n[1] = narrow(columns), r.n[2] = narrow(rows), r.n[3] = narrow(w.columns()), r.n[4] = row_bytes(w);
  r.n[5] = x.rank == 2 ? narrow(ids.dim[1]) : 1, r.n[6] = whole_rows(&x, w);
  warps(out, product_kernel(f, n, s, /*many=*/false, r, out), r, up(rows, kVecRows) * columns);
}

// That of many columns or of one, with x where it takes it from.
uint32_t CudaLowering::product_kernel(const Frame& f, const Node& n, const Surroundings& s, bool many, Record& r,
                                      Emitter& out) const {
  const uint32_t type = f.input(n, 1)->type;
  if (arithmetic_of(s.policy, f, n) != Arithmetic::kInt8) return shader(many ? kMatmat : kMatvec, type);
  const Given x = rounded(f, n, s, Arithmetic::kInt8, out);
  r.a[1] = x.values, r.a[5] = x.scales;
  return shader(many ? kMatmatInt8 : kMatvecInt8, type);
}

void CudaLowering::route(const Frame& f, const Node& n, Emitter& out) const {
  const Tensor& logits = *f.input(n, 0);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = f[n.out[1]].address, r.a[2] = logits.address;
  r.n[2] = narrow(logits.columns()), r.n[3] = narrow(n.i[0]), r.n[4] = narrow(n.i[1]);
  r.f[0] = static_cast<float>(n.f[0]);
  warps(out, shader(kRoute), r, logits.rows());
}

void CudaLowering::attention(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const {
  const Tensor &q = *f.input(n, 0), &k = *f.input(n, 1), &table = *f.input(n, 5), &y = f[n.out[0]];
  const int64_t heads = n.i[0], kv_heads = n.i[1], dim = n.i[2], dim_v = n.i[3], page = n.i[4], rows = q.dim[0];
  const int64_t parts = parts_of(rows, table.dim[1] * page), together = heads / kv_heads > 1 ? 4 : 1;
  const int64_t groups = rows * kv_heads * up(heads / kv_heads, together) * parts;
  const uint32_t which = (parts > 1 ? 4u : 0u) + (together > 1 ? 2u : 0u) + (dim_v > kThreads ? 1u : 0u);
  const bool in_blocks = k.type != INFER_TYPE_F32 && k.type != INFER_TYPE_F16 && k.type != INFER_TYPE_BF16;
  const bool whole = in_blocks || (dim % 8 == 0 && k.address % 16 == 0);
  Record r;
  r.a[0] = parts > 1 ? s.scratch : y.address, r.a[1] = q.address, r.a[2] = k.address, r.a[3] = f.input(n, 2)->address;
  r.a[4] = f.input(n, 3)->address, r.a[5] = f.input(n, 4)->address, r.a[6] = table.address;
  r.a[7] = address_of(f.input(n, 6));
  const int64_t values[] = {groups, table.dim[0], table.dim[1], page,  heads, kv_heads,
                            dim,    dim_v,        n.i[5],       parts, whole};
  for (size_t i = 0; i < std::size(values); ++i) r.n[i] = narrow(values[i]);
  r.f[0] = static_cast<float>(n.f[0]), r.f[1] = static_cast<float>(n.f[1]);
  out.dispatch({shader(kAttention, k.type) + which, {kThreads, attention_memory(together, dim), 0, 0}}, r, groups);
  if (parts == 1) return;
  Record all;
  all.a[0] = y.address, all.a[1] = s.scratch, all.a[2] = r.a[7], all.a[3] = r.a[4], all.a[4] = r.a[5];
  all.n[1] = r.n[1], all.n[2] = narrow(heads), all.n[3] = narrow(parts), all.n[4] = narrow(dim_v), all.n[5] = r.n[8];
  each(out, shader(kAttentionSum), all, rows * heads * dim_v);
}

}  // namespace

Result<Policy> policy_of(std::string_view word) {
  if (word == "exact") return Policy{};
  if (word == "auto" || word == "int8")
    return Policy{Arithmetic::kInt8, Arithmetic::kInt8, [](uint32_t type) { return lowering().has_int8(type); }};
  return Status::invalid(str("cuda.precision is '", word, "'; it takes auto, exact or int8"));
}

const Lowering& lowering() {
  static const CudaLowering the_one;
  return the_one;
}

}  // namespace infer::cuda
