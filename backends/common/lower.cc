#include "backends/common/lower.h"

#include <algorithm>

#include "backends/common/check.h"
#include "quant/types.h"

namespace infer::backend {
namespace {

constexpr int64_t kMostHeadDim = 512;  // of heads
constexpr int64_t kMostColumns = int64_t{1} << 29;
constexpr int64_t kMostValues = UINT32_MAX - 65536;  // invocations are counted in 32 bits

constexpr std::string_view kFamilyNames[] = {"matvec",     "matmat",   "matvec_int8", "matmat_int8", "embed",
                                             "adapt_down", "adapt_up", "attention",   "kv_write"};
constexpr std::string_view kSingleNames[] = {"elementwise", "norm",          "rope",      "gather",     "route",
                                             "expert_sum",  "attention_sum", "norm_int8", "round_int8", "round_f16"};

uint32_t u(int64_t v) { return narrow(v); }

class Collect final : public Emitter {
 public:
  std::vector<Kernel> kernels;
  void dispatch(const Kernel& kernel, const Record&, int64_t) override {
    if (std::find(kernels.begin(), kernels.end(), kernel) == kernels.end()) kernels.push_back(kernel);
  }
};

}  // namespace

uint32_t row_bytes(const Tensor& w) {
  return u(
      static_cast<int64_t>(quant::row_bytes(static_cast<quant::Type>(w.type), static_cast<uint64_t>(w.columns()))));
}

uint32_t whole_rows(const Tensor* x, const Tensor& w) {
  if (w.columns() % 8) return 0;
  return (x && x->address % 16 == 0 ? kWholeX : 0) | (w.address % 16 == 0 && row_bytes(w) % 16 == 0 ? kWholeW : 0);
}

Lowering::Lowering(std::string_view backend, Find find, std::string_view (*name)(uint32_t shader), uint32_t group)
    : backend_(backend), name_(name), group_(group) {
  for (size_t f = 0; f < kFamilies; ++f)
    for (uint32_t i = 0; i < kTypes; ++i) {
      const quant::TypeInfo* info = quant::find_type(i);
      shaders_[f][i] = info ? find(kFamilyNames[f], info->name) : UINT32_MAX;
    }
  for (size_t i = 0; i < kSingles; ++i) singles_[i] = find(kSingleNames[i], {});
}

// One invocation per value.
void Lowering::each(Emitter& out, uint32_t shader, Record r, int64_t values, uint32_t a, uint32_t b) const {
  r.n[0] = u(values);
  out.dispatch(of_values(shader, a, b), r, (values + group_ - 1) / group_);
}

void Lowering::adapt(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const {
  const Tensor &y = *f.input(n, 0), &x = *f.input(n, 1), &down = *f.input(n, 2), &up = *f.input(n, 3);
  const uint64_t slots = f.input(n, 4)->address, ranks = f.input(n, 5)->address;
  const int64_t most = down.dim[1], rows = x.dim[0];
  Record low;
  low.a[0] = s.scratch, low.a[1] = x.address, low.a[2] = down.address, low.a[3] = slots, low.a[4] = ranks;
  low.n[0] = u(rows * most), low.n[2] = u(most), low.n[3] = u(down.columns()), low.n[4] = row_bytes(down);
  out.dispatch(of_runs(shader(kAdaptDown, down.type)), low, rows * most);
  Record sum;
  sum.a[0] = f[n.out[0]].address, sum.a[1] = y.address, sum.a[2] = up.address, sum.a[3] = slots, sum.a[4] = ranks,
  sum.a[5] = s.scratch;
  sum.n[2] = u(up.dim[1]), sum.n[3] = u(most), sum.n[4] = row_bytes(up);
  each(out, shader(kAdaptUp, up.type), sum, rows * up.dim[1]);
}

void Lowering::kv_write(const Frame& f, const Node& n, Emitter& out) const {
  const Tensor& table = *f.input(n, 6);
  for (size_t i = 0; i < 2; ++i) {  // K, V
    const Tensor &x = *f.input(n, i), &state = *f.input(n, 2 + i);
    Record r;
    r.a[0] = x.address, r.a[1] = state.address, r.a[2] = f.input(n, 4)->address, r.a[3] = f.input(n, 5)->address,
    r.a[4] = table.address;
    r.n[1] = u(table.dim[0]), r.n[2] = u(table.dim[1]), r.n[3] = u(n.i[3]), r.n[4] = u(n.i[0] * n.i[1 + i]);
    const int64_t unit = quant::info(static_cast<quant::Type>(state.type)).block_elems;
    each(out, shader(kKvWrite, state.type), r, x.dim[0] * (n.i[0] * n.i[1 + i] / unit));
  }
}

int64_t Lowering::parts_of(int64_t rows, int64_t positions) const {
  return rows <= kFewRows ? (positions + part() - 1) / part() : 1;
}

void Lowering::elementwise(const Frame& f, const Node& n, What what, Emitter& out) const {
  const Tensor& a = *f.input(n, 0);
  const Tensor* b = what == kAdd || what == kMul || what == kGlu ? f.input(n, 1) : nullptr;
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = a.address, r.a[2] = address_of(b);
  r.n[2] = u(a.columns());
  if (b && what != kGlu) r.n[3] = b->rank == 1 ? 1 : b->columns() == 1 && a.columns() != 1 ? 2 : 0;
  if (what == kScale) r.f[0] = static_cast<float>(n.f[0]);
  r.n[4] = what, r.n[5] = what == kAct || what == kGlu ? u(n.i[0]) : 0;
  each(out, shader(kElementwise), r, a.rows() * a.columns(), r.n[4], r.n[5]);
}

void Lowering::rms_norm(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const {
  const Tensor &x = *f.input(n, 0), &weight = *f.input(n, 1);
  const int64_t groups = x.rows() * x.columns() / weight.dim[0];
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = x.address, r.a[2] = weight.address;
  r.n[0] = u(groups), r.n[2] = u(weight.dim[0]);
  r.f[0] = static_cast<float>(n.f[0]);
  const Rounded to = s.rounded.of.empty() ? Rounded{} : s.rounded.of[n.index];
  if (to.at >= 0 && arithmetic_of(s.policy, f, f.nodes()[to.product]) == Arithmetic::kInt8) {
    r.a[3] = s.rounded_at + static_cast<uint64_t>(to.at);
    r.a[4] = r.a[3] + static_cast<uint64_t>(rounded_values(x.rows(), x.columns()));
    return out.dispatch(of_runs(shader(kNormInt8)), r, groups);
  }
  out.dispatch(of_runs(shader(kNorm)), r, groups);
}

Lowering::Given Lowering::rounded(const Frame& f, const Node& n, const Surroundings& s, Arithmetic how,
                                  Emitter& out) const {
  const Tensor& x = *f.input(n, 0);
  const Rounded& where = s.rounded.of[n.index];
  Given g;
  g.values = s.rounded_at + static_cast<uint64_t>(where.at);
  g.scales = g.values + static_cast<uint64_t>(rounded_values(x.rows(), x.columns()));
  if (!where.makes[static_cast<size_t>(how)]) return g;
  Record r;
  r.a[0] = g.values, r.a[1] = g.scales, r.a[2] = x.address, r.a[3] = s.counts;
  if (how == Arithmetic::kInt8) {
    each(out, shader(kRoundInt8), r, x.rows() * x.columns() / 32);
  } else {
    r.n[0] = u(x.rows()), r.n[3] = u(x.columns());
    out.dispatch(of_runs(shader(kRoundF16)), r, x.rows());
  }
  return g;
}

void Lowering::rope(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const {
  const Tensor& x = *f.input(n, 0);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = x.address, r.a[2] = f.input(n, 1)->address, r.a[3] = s.turns[n.index];
  r.n[2] = u(x.columns()), r.n[3] = u(n.i[0]), r.n[4] = u(n.i[1]), r.n[5] = u(n.i[2]);
  r.f[0] = static_cast<float>(n.f[3]);
  each(out, shader(kRope), r, x.rows() * (x.columns() / n.i[0]) * (n.i[0] - n.i[1] / 2));
}

void Lowering::embed(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const {
  const Tensor &table = *f.input(n, 0), &ids = *f.input(n, 1);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = table.address, r.a[2] = ids.address, r.a[7] = s.tables;
  r.n[3] = u(table.columns()), r.n[4] = row_bytes(table), r.n[6] = whole_rows(nullptr, table);
  each(out, shader(kEmbed, table.type), r, ids.dim[0] * ((table.columns() + 7) / 8));
}

void Lowering::gather(const Frame& f, const Node& n, Emitter& out) const {
  const Tensor &x = *f.input(n, 0), &rows = *f.input(n, 1);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = x.address, r.a[2] = rows.address;
  r.n[2] = u(x.columns());
  each(out, shader(kGather), r, rows.dim[0] * x.columns());
}

void Lowering::route(const Frame& f, const Node& n, Emitter& out) const {
  const Tensor& logits = *f.input(n, 0);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = f[n.out[1]].address, r.a[2] = logits.address;
  r.n[2] = u(logits.columns()), r.n[3] = u(n.i[0]), r.n[4] = u(n.i[1]);
  r.f[0] = static_cast<float>(n.f[0]);
  each(out, shader(kRoute), r, logits.rows());
}

void Lowering::expert_sum(const Frame& f, const Node& n, Emitter& out) const {
  const Tensor& y = *f.input(n, 0);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = y.address, r.a[2] = f.input(n, 1)->address, r.a[3] = f.input(n, 2)->address;
  r.n[2] = u(y.dim[2]), r.n[3] = u(y.dim[1]);
  each(out, shader(kExpertSum), r, y.dim[0] * y.dim[2]);
}

void Lowering::lower(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) const {
  switch (n.kind) {
    case INFER_OP_EMBED:
      return embed(f, n, s, out);
    case INFER_OP_RMS_NORM:
      return rms_norm(f, n, s, out);
    case INFER_OP_MATMUL:
      return matmul(f, n, s, out);
    case INFER_OP_ROPE:
      return rope(f, n, s, out);
    case INFER_OP_KV_WRITE:
      return kv_write(f, n, out);
    case INFER_OP_ATTENTION:
      return attention(f, n, s, out);
    case INFER_OP_ADD:
      return elementwise(f, n, kAdd, out);
    case INFER_OP_MUL:
      return elementwise(f, n, kMul, out);
    case INFER_OP_SCALE:
      return elementwise(f, n, kScale, out);
    case INFER_OP_ACT:
      return elementwise(f, n, kAct, out);
    case INFER_OP_GLU:
      return elementwise(f, n, kGlu, out);
    case INFER_OP_GATHER:
      return gather(f, n, out);
    case INFER_OP_ROUTE:
      return route(f, n, out);
    case INFER_OP_MATMUL_EXPERTS:
      return matmul_experts(f, n, s, out);
    case INFER_OP_EXPERT_SUM:
      return expert_sum(f, n, out);
    case INFER_OP_ADAPT:
      return adapt(f, n, s, out);
    case INFER_OP_ALL_REDUCE:
    case INFER_OP_ALL_GATHER:
      return elementwise(f, n, kCopy, out);
    default:
      return;  // Frame takes no others
  }
}

Status Lowering::supported(const infer_program& p, uint32_t op, uint32_t shared_memory) const {
  TRY(check_node(p, op));
  const infer_op& node = op_at(p, op);
  const auto tensor = [&](uint32_t i) { return tensor_at(p, node.in[i]); };
  // Values of an output, at the symbols' maxima; saturated.
  const auto values = [&](const infer_tensor& t) {
    double n = 1;
    for (uint32_t d = 0; d < t.rank; ++d)
      n *= static_cast<double>(t.dim[d] > 0 ? t.dim[d] : p.symbol_max[-1 - t.dim[d]]);
    return n;
  };
  for (uint32_t i = 0; i < node.n_out; ++i)
    if (values(tensor_at(p, node.out[i])) > static_cast<double>(kMostValues))
      return Status::unsupported(str(backend_, " counts the values of a tensor in 32 bits"));
  for (uint32_t i = 0; i < node.n_in; ++i) {
    if (node.in[i] == INFER_NONE) continue;
    const infer_tensor t = tensor(i);
    if (t.dim[t.rank - 1] > kMostColumns)
      return Status::unsupported(str(backend_, " counts the bytes of a row in 32 bits"));
  }
  const auto has = [&](Family family, const infer_tensor& t) -> Status {
    if (shader(family, t.type) != UINT32_MAX) return {};
    return Status::unsupported(str(backend_, " has no kernel ", kFamilyNames[family], " for type ", t.type));
  };
  switch (node.kind) {
    case INFER_OP_EMBED:
      return has(kEmbed, tensor(0));
    case INFER_OP_MATMUL: {
      TRY(has(kMatmat, tensor(1)));
      return has(kMatvec, tensor(1));
    }
    case INFER_OP_MATMUL_EXPERTS:
      if (values(tensor_at(p, node.out[0])) / 2 + 65536 > static_cast<double>(kMostValues))
        return Status::unsupported("too many rows of experts");
      return has(kMatvec, tensor(1));
    case INFER_OP_ADAPT: {
      TRY(has(kAdaptDown, tensor(2)));
      return has(kAdaptUp, tensor(3));
    }
    case INFER_OP_ROPE:
      if (node.n_in > 2 && node.in[2] != INFER_NONE && tensor(2).role != INFER_ROLE_WEIGHT)
        return Status::unsupported(str(backend_, " takes factors of ROPE as weights alone"));
      return {};
    case INFER_OP_KV_WRITE:
      if (values(tensor(0)) + values(tensor(1)) > static_cast<double>(kMostValues))
        return Status::unsupported(str(backend_, " counts the values of K and V in 32 bits"));
      return has(kKvWrite, tensor(2));
    case INFER_OP_ATTENTION:
      if (node.i[2] > kMostHeadDim || node.i[3] > kMostHeadDim || !fits(node.i[2], shared_memory))
        return Status::unsupported(str(backend_, " takes heads of up to ", kMostHeadDim, " values"));
      return has(kAttention, tensor(1));
    case INFER_OP_ALL_REDUCE:
    case INFER_OP_ALL_GATHER:
      if (node.i[0] != 1) return Status::unsupported(str(backend_, " runs on one rank, not ", node.i[0]));
      return {};
    default:
      return {};
  }
}

int64_t Lowering::scratch_bytes(const Frame& f, const Node& n) const {
  const auto max = [&](size_t input, uint32_t d) { return f.max_dim(n.in[input], d); };
  if (n.kind == INFER_OP_ADAPT) return max(4, 0) * max(2, 1) * 4;
  if (n.kind != INFER_OP_ATTENTION) return 0;
  const int64_t rows = std::min(max(0, 0), kFewRows), positions = std::min<int64_t>(max(5, 1), INT32_MAX) * n.i[4];
  return rows * n.i[0] * parts_of(rows, positions) * (n.i[3] + 2) * 4;
}

// Kernels are chosen by the number of rows: one, two, up to four, up to eight, up to 32, more; and attention over few
// rows also by how far back it may look. So every kernel is come to when all symbols are small together, or each alone.
Result<std::vector<Kernel>> Lowering::kernels_of(Frame& f, const Surroundings& s) const {
  Collect all;
  const std::vector<int64_t>& most = f.maxima();
  for (const int64_t few : {int64_t{1}, int64_t{2}, int64_t{4}, kFewRows, kNarrow, INT64_MAX}) {
    for (size_t which = 0; which <= most.size(); ++which) {  // the last: all
      std::vector<int64_t> symbols = most;
      for (size_t i = 0; i < symbols.size(); ++i)
        if (i == which || which == most.size()) symbols[i] = std::min(symbols[i], few);
      TRY(f.assume(symbols.data()));
      for (const Node& n : f.nodes()) lower(f, n, s, all);
    }
  }
  return std::move(all.kernels);
}

std::vector<Kernel> Lowering::kernels_of(const Frame& f, const Node& n, const Surroundings& s) const {
  Collect own;
  lower(f, n, s, own);
  return std::move(own.kernels);
}

std::string Lowering::name_of(Frame& f, const Node& n, const Surroundings& s) const {
  const bool product = is_product(n);
  const auto name_at = [&](int64_t most) {
    std::vector<int64_t> symbols = f.maxima();
    for (int64_t& v : symbols) v = std::min(v, most);
    if (!f.assume(symbols.data()).ok()) return std::string();
    const std::vector<Kernel> own = kernels_of(f, n, s);
    return std::string(name_((product ? own.back() : own.front()).shader));
  };
  const std::string few = product ? name_at(1) : "", most = name_at(INT64_MAX);
  return few.empty() || few == most ? most : few + " " + most;
}

}  // namespace infer::backend
