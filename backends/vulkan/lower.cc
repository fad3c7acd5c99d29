#include "backends/vulkan/lower.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "backends/common/check.h"
#include "backends/vulkan/shaders.h"
#include "quant/types.h"

namespace infer::vulkan {
namespace {

constexpr uint32_t kGroup = 64;            // invocations of a workgroup, of most kernels
constexpr int64_t kPart = 512;             // positions of a part of attention over few rows
constexpr uint32_t kMostHeads = 4;         // query heads that share what is read of K and V
constexpr int64_t kTile = 32;              // query vectors of a tile of attention over many rows
constexpr uint32_t kTileHeads = 8;         // query heads among them, at most
constexpr uint32_t kTileBytes = 24 << 10;  // of shared memory that it takes, at most
constexpr uint32_t kCoopBytes = 27 << 10;  // of shared memory that matmat_coop.comp takes, at most
constexpr int64_t kMostHeadDim = 512;      // of heads
constexpr int64_t kMostColumns = int64_t{1} << 29;
constexpr int64_t kMostValues = UINT32_MAX - 65536;  // invocations are counted in 32 bits

enum What : uint32_t { kAdd, kMul, kScale, kAct, kGlu, kCopy };

// The shaders that exist once per type, found once.
enum Family {
  kMatvec,
  kMatvecInt8,
  kMatmat,
  kMatmatF16,
  kMatmatCoop,
  kEmbed,
  kAdaptDown,
  kAdaptUp,
  kAttention,
  kAttentionTile,
  kKvWrite,
  kFamilies
};
constexpr std::string_view kFamilyNames[kFamilies] = {"matvec",      "matvec_int8",    "matmat",     "matmat_f16",
                                                      "matmat_coop", "embed",          "adapt_down", "adapt_up",
                                                      "attention",   "attention_tile", "kv_write"};
constexpr uint32_t kTypes = 64;  // type numbers are below

uint32_t shader_of(Family family, uint32_t type) {
  static const auto table = [] {
    std::array<std::array<uint32_t, kTypes>, kFamilies> t;
    for (size_t f = 0; f < kFamilies; ++f)
      for (uint32_t i = 0; i < kTypes; ++i) {
        const quant::TypeInfo* info = quant::find_type(i);
        t[f][i] = info ? find_shader(kFamilyNames[f], info->name) : UINT32_MAX;
      }
    return t;
  }();
  return type < kTypes ? table[family][type] : UINT32_MAX;
}
uint32_t shader_named(std::string_view name) { return find_shader(name, {}); }

uint32_t u(int64_t v) { return static_cast<uint32_t>(v); }
int64_t groups_of(int64_t invocations) { return (invocations + kGroup - 1) / kGroup; }
uint32_t row_bytes(const Tensor& w) {
  return u(
      static_cast<int64_t>(quant::row_bytes(static_cast<quant::Type>(w.type), static_cast<uint64_t>(w.columns()))));
}
uint64_t at(const Tensor* t) { return t ? t->address : 0; }

// One invocation per value.
void each(Emitter& out, uint32_t shader, Record r, int64_t values, uint32_t a = 0, uint32_t b = 0) {
  r.n[0] = u(values);
  out.dispatch({shader, {kGroup, a, b, 0}}, r, groups_of(values));
}

// A workgroup of one subgroup adds up without shared memory and barriers.
uint32_t vector_group(const Surroundings& s) { return s.subgroup ? s.subgroup : kGroup; }

// A product's x as its kernel takes it: rounded, by this node or by an earlier one with the same x.
struct Given {
  uint64_t values = 0, scales = 0;  // addresses
};
Given rounded(const Frame& f, const Node& n, const Surroundings& s, Arithmetic how, Emitter& out) {
  static const uint32_t to_f16 = shader_named("round_f16"), to_int8 = shader_named("round_int8");
  const Tensor& x = *f.input(n, 0);
  const Rounded& where = s.rounded.of[n.index];
  Given g;
  g.values = s.rounded_at + static_cast<uint64_t>(where.at);
  g.scales = g.values + static_cast<uint64_t>(rounded_values(x.rows(), x.columns()));
  if (!where.makes[static_cast<size_t>(how)]) return g;
  Record r;
  r.a[0] = g.values, r.a[1] = g.scales, r.a[2] = x.address, r.a[3] = s.counts;
  if (how == Arithmetic::kInt8) {
    each(out, to_int8, r, x.rows() * x.columns() / 32);
  } else {
    r.n[0] = u(x.rows()), r.n[3] = u(x.columns());
    out.dispatch({to_f16, {kGroup, 0, 0, 0}}, r, x.rows());
  }
  return g;
}

// 64 columns at a time, for which a build whose compiler knows matrices has a kernel.
bool uses_matrices(const Surroundings& s, uint32_t type, uint32_t wide) {
  return s.matrices && wide == 2 * kNarrow && s.shared_memory >= kCoopBytes &&
         shader_of(kMatmatCoop, type) != UINT32_MAX;
}

void matmul(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) {
  const Tensor &x = *f.input(n, 0), &w = *f.input(n, 1), &y = f[n.out[0]];
  const int64_t columns = x.dim[0], rows = w.dim[0];
  const Arithmetic how = arithmetic_of(s.policy, f, n);
  Record r;
  r.a[0] = y.address, r.a[1] = x.address, r.a[2] = w.address, r.a[3] = at(f.input(n, 2)), r.a[7] = s.tables;
  r.n[1] = u(columns), r.n[2] = u(rows), r.n[3] = u(w.columns()), r.n[4] = row_bytes(w);
  const Given g = how == Arithmetic::kF32 ? Given{} : rounded(f, n, s, how, out);
  if (columns > kFewRows) {
    const uint32_t wide = columns <= kNarrow ? u(kNarrow) : u(2 * kNarrow);
    const int64_t groups = (rows + 63) / 64 * ((columns + wide - 1) / wide);
    r.n[0] = u(groups);
    if (how == Arithmetic::kF16) r.a[4] = g.values, r.a[5] = g.scales, r.a[6] = s.counts;
    if (how == Arithmetic::kF16 && uses_matrices(s, w.type, wide))
      return out.dispatch({shader_of(kMatmatCoop, w.type), {4 * s.subgroup, 0, 0, 0}}, r, groups);
    const Family family = how == Arithmetic::kF16 ? kMatmatF16 : kMatmat;
    return out.dispatch({shader_of(family, w.type), {2 * wide, wide, 0, 0}}, r, groups);
  }
  if (how == Arithmetic::kInt8) r.a[1] = g.values, r.a[5] = g.scales;
  const uint32_t together = columns <= 2 ? u(columns) : columns <= 4 ? 4 : 8, per_group = together <= 2 ? 4 : 2;
  const int64_t groups = (rows + per_group - 1) / per_group;
  r.n[0] = u(groups);
  const Family family = how == Arithmetic::kInt8 ? kMatvecInt8 : kMatvec;
  out.dispatch({shader_of(family, w.type), {vector_group(s), per_group, together, s.subgroup > 0}}, r, groups);
}

void matmul_experts(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) {
  const Tensor &x = *f.input(n, 0), &w = *f.input(n, 1), &ids = *f.input(n, 2), &y = f[n.out[0]];
  const int64_t columns = ids.dim[0] * ids.dim[1], rows = w.dim[1], groups = (rows + 1) / 2 * columns;
  Record r;
  r.a[0] = y.address, r.a[1] = x.address, r.a[2] = w.address, r.a[3] = at(f.input(n, 3)), r.a[4] = ids.address,
  r.a[7] = s.tables;
  r.n[0] = u(groups), r.n[1] = u(columns), r.n[2] = u(rows), r.n[3] = u(w.columns()), r.n[4] = row_bytes(w);
  r.n[5] = x.rank == 2 ? u(ids.dim[1]) : 1;
  const Arithmetic how = arithmetic_of(s.policy, f, n);
  if (how == Arithmetic::kInt8) {
    const Given g = rounded(f, n, s, how, out);
    r.a[1] = g.values, r.a[5] = g.scales;
  }
  const Family family = how == Arithmetic::kInt8 ? kMatvecInt8 : kMatvec;
  out.dispatch({shader_of(family, w.type), {vector_group(s), 2, 1, s.subgroup > 0}}, r, groups);
}

void adapt(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) {
  const Tensor &y = *f.input(n, 0), &x = *f.input(n, 1), &down = *f.input(n, 2), &up = *f.input(n, 3);
  const uint64_t slots = f.input(n, 4)->address, ranks = f.input(n, 5)->address;
  const int64_t most = down.dim[1], rows = x.dim[0];
  Record low;
  low.a[0] = s.scratch, low.a[1] = x.address, low.a[2] = down.address, low.a[3] = slots, low.a[4] = ranks;
  low.n[0] = u(rows * most), low.n[2] = u(most), low.n[3] = u(down.columns()), low.n[4] = row_bytes(down);
  out.dispatch({shader_of(kAdaptDown, down.type), {kGroup, 0, 0, 0}}, low, rows * most);
  Record sum;
  sum.a[0] = f[n.out[0]].address, sum.a[1] = y.address, sum.a[2] = up.address, sum.a[3] = slots, sum.a[4] = ranks,
  sum.a[5] = s.scratch;
  sum.n[2] = u(up.dim[1]), sum.n[3] = u(most), sum.n[4] = row_bytes(up);
  each(out, shader_of(kAdaptUp, up.type), sum, rows * up.dim[1]);
}

void kv_write(const Frame& f, const Node& n, Emitter& out) {
  const Tensor &k = *f.input(n, 0), &state = *f.input(n, 2), &table = *f.input(n, 6);
  const int64_t unit = quant::info(static_cast<quant::Type>(state.type)).block_elems;
  const int64_t width = n.i[0] * n.i[1], width_v = n.i[0] * n.i[2], of_k = k.dim[0] * (width / unit);
  Record r;
  r.a[0] = k.address, r.a[1] = state.address, r.a[2] = f.input(n, 4)->address, r.a[3] = f.input(n, 5)->address,
  r.a[4] = table.address, r.a[5] = f.input(n, 1)->address, r.a[6] = f.input(n, 3)->address;
  r.n[1] = u(table.dim[0]), r.n[2] = u(table.dim[1]), r.n[3] = u(n.i[3]), r.n[4] = u(width), r.n[5] = u(width_v),
  r.n[6] = u(of_k);
  each(out, shader_of(kKvWrite, state.type), r, of_k + k.dim[0] * (width_v / unit));
}

int64_t parts_of(int64_t rows, int64_t positions) { return rows <= kFewRows ? (positions + kPart - 1) / kPart : 1; }

uint32_t heads_together(int64_t grouped, int64_t head_dim, uint32_t shared_memory) {
  const int64_t fit = (int64_t{shared_memory} / 4 - kGroup) / (head_dim + kGroup);
  return u(std::max<int64_t>(1, std::min<int64_t>({grouped, kMostHeads, fit})));
}

// Tiles pay where sequences have several rows each.
bool in_tiles(int64_t rows, int64_t sequences, uint32_t shared_memory) {
  return rows > kFewRows && rows >= 4 * sequences && shared_memory >= kTileBytes;
}

void attention(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) {
  const Tensor &q = *f.input(n, 0), &k = *f.input(n, 1), &table = *f.input(n, 5), &y = f[n.out[0]];
  const int64_t heads = n.i[0], kv_heads = n.i[1], dim = n.i[2], dim_v = n.i[3], page = n.i[4], rows = q.dim[0];
  const int64_t parts = parts_of(rows, table.dim[1] * page);
  const bool tiles = in_tiles(rows, table.dim[0], s.shared_memory);
  const uint32_t together = tiles ? u(std::min<int64_t>(heads / kv_heads, kTileHeads))
                                  : heads_together(heads / kv_heads, dim, s.shared_memory);
  const int64_t blocks = (heads / kv_heads + together - 1) / together;
  // Every sequence begins a tile; how many rows each has, the kernel finds.
  const int64_t places = tiles ? rows / (kTile / together) + table.dim[0] : rows * parts;
  const int64_t groups = places * kv_heads * blocks;
  Record r;
  r.a[0] = parts > 1 ? s.scratch : y.address, r.a[1] = q.address, r.a[2] = k.address, r.a[3] = f.input(n, 2)->address;
  r.a[4] = f.input(n, 3)->address, r.a[5] = f.input(n, 4)->address, r.a[6] = table.address, r.a[7] = at(f.input(n, 6));
  const int64_t values[] = {groups, table.dim[0], table.dim[1], page,  heads, kv_heads,
                            dim,    dim_v,        n.i[5],       parts, kPart};
  for (size_t i = 0; i < std::size(values); ++i) r.n[i] = u(values[i]);
  r.f[0] = static_cast<float>(n.f[0]), r.f[1] = static_cast<float>(n.f[1]);
  if (tiles) return out.dispatch({shader_of(kAttentionTile, k.type), {128, together, u(dim), u(dim_v)}}, r, groups);
  out.dispatch({shader_of(kAttention, k.type), {kGroup, together, u(dim), u(dim_v)}}, r, groups);
  if (parts == 1) return;
  static const uint32_t sum = shader_named("attention_sum");
  Record all;
  all.a[0] = y.address, all.a[1] = s.scratch, all.a[2] = at(f.input(n, 6));
  all.n[2] = u(heads), all.n[3] = u(parts), all.n[4] = u(dim_v);
  each(out, sum, all, rows * heads * dim_v);
}

void elementwise(const Frame& f, const Node& n, What what, Emitter& out) {
  static const uint32_t shader = shader_named("elementwise");
  const Tensor& a = *f.input(n, 0);
  const Tensor* b = what == kAdd || what == kMul || what == kGlu ? f.input(n, 1) : nullptr;
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = a.address, r.a[2] = at(b);
  r.n[2] = u(a.columns());
  if (b && what != kGlu) r.n[3] = b->rank == 1 ? 1 : b->columns() == 1 && a.columns() != 1 ? 2 : 0;
  if (what == kScale) r.f[0] = static_cast<float>(n.f[0]);
  each(out, shader, r, a.rows() * a.columns(), what, what == kAct || what == kGlu ? u(n.i[0]) : 0);
}

void rms_norm(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) {
  static const uint32_t shader = shader_named("norm"), rounding = shader_named("norm_int8");
  const Tensor &x = *f.input(n, 0), &weight = *f.input(n, 1);
  const int64_t groups = x.rows() * x.columns() / weight.dim[0];
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = x.address, r.a[2] = weight.address;
  r.n[0] = u(groups), r.n[2] = u(weight.dim[0]);
  r.f[0] = static_cast<float>(n.f[0]);
  const Rounded& to = s.rounded.of[n.index];
  if (to.at >= 0 && arithmetic_of(s.policy, f, f.nodes()[to.product]) == Arithmetic::kInt8) {
    r.a[3] = s.rounded_at + static_cast<uint64_t>(to.at);
    r.a[4] = r.a[3] + static_cast<uint64_t>(rounded_values(x.rows(), x.columns()));
    return out.dispatch({rounding, {kGroup, 0, 0, 0}}, r, groups);
  }
  out.dispatch({shader, {kGroup, 0, 0, 0}}, r, groups);
}

void rope(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) {
  static const uint32_t shader = shader_named("rope");
  const Tensor& x = *f.input(n, 0);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = x.address, r.a[2] = f.input(n, 1)->address, r.a[3] = s.turns[n.index];
  r.n[2] = u(x.columns()), r.n[3] = u(n.i[0]), r.n[4] = u(n.i[1]), r.n[5] = u(n.i[2]);
  r.f[0] = static_cast<float>(n.f[3]);
  each(out, shader, r, x.rows() * (x.columns() / n.i[0]) * (n.i[0] - n.i[1] / 2));
}

void embed(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) {
  const Tensor &table = *f.input(n, 0), &ids = *f.input(n, 1);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = table.address, r.a[2] = ids.address, r.a[7] = s.tables;
  r.n[3] = u(table.columns()), r.n[4] = row_bytes(table);
  each(out, shader_of(kEmbed, table.type), r, ids.dim[0] * ((table.columns() + 7) / 8));
}

void gather(const Frame& f, const Node& n, Emitter& out) {
  static const uint32_t shader = shader_named("gather");
  const Tensor &x = *f.input(n, 0), &rows = *f.input(n, 1);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = x.address, r.a[2] = rows.address;
  r.n[2] = u(x.columns());
  each(out, shader, r, rows.dim[0] * x.columns());
}

void route(const Frame& f, const Node& n, Emitter& out) {
  static const uint32_t shader = shader_named("route");
  const Tensor& logits = *f.input(n, 0);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = f[n.out[1]].address, r.a[2] = logits.address;
  r.n[2] = u(logits.columns()), r.n[3] = u(n.i[0]), r.n[4] = u(n.i[1]);
  r.f[0] = static_cast<float>(n.f[0]);
  each(out, shader, r, logits.rows());
}

void expert_sum(const Frame& f, const Node& n, Emitter& out) {
  static const uint32_t shader = shader_named("expert_sum");
  const Tensor& y = *f.input(n, 0);
  Record r;
  r.a[0] = f[n.out[0]].address, r.a[1] = y.address, r.a[2] = f.input(n, 1)->address, r.a[3] = f.input(n, 2)->address;
  r.n[2] = u(y.dim[2]), r.n[3] = u(y.dim[1]);
  each(out, shader, r, y.dim[0] * y.dim[2]);
}

}  // namespace

void lower(const Frame& f, const Node& n, const Surroundings& s, Emitter& out) {
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

bool has_int8_kernel(uint32_t type) { return shader_of(kMatvecInt8, type) != UINT32_MAX; }

Status supported(const infer_program& p, uint32_t op, uint32_t shared_memory) {
  TRY(backend::check_node(p, op));
  const infer_op& node = backend::op_at(p, op);
  const auto tensor = [&](uint32_t i) { return backend::tensor_at(p, node.in[i]); };
  // Values of an output, at the symbols' maxima; saturated.
  const auto values = [&](const infer_tensor& t) {
    double n = 1;
    for (uint32_t d = 0; d < t.rank; ++d)
      n *= static_cast<double>(t.dim[d] > 0 ? t.dim[d] : p.symbol_max[-1 - t.dim[d]]);
    return n;
  };
  for (uint32_t i = 0; i < node.n_out; ++i)
    if (values(backend::tensor_at(p, node.out[i])) > static_cast<double>(kMostValues))
      return Status::unsupported("vulkan counts the values of a tensor in 32 bits");
  for (uint32_t i = 0; i < node.n_in; ++i) {
    if (node.in[i] == INFER_NONE) continue;
    const infer_tensor t = tensor(i);
    if (t.dim[t.rank - 1] > kMostColumns) return Status::unsupported("vulkan counts the bytes of a row in 32 bits");
  }
  const auto has = [&](Family family, const infer_tensor& t) -> Status {
    if (shader_of(family, t.type) != UINT32_MAX) return {};
    return Status::unsupported(str("vulkan has no kernel ", kFamilyNames[family], " for type ", t.type));
  };
  switch (node.kind) {
    case INFER_OP_EMBED:
      return has(kEmbed, tensor(0));
    case INFER_OP_MATMUL: {
      TRY(has(kMatmat, tensor(1)));
      return has(kMatvec, tensor(1));
    }
    case INFER_OP_MATMUL_EXPERTS:
      if (values(backend::tensor_at(p, node.out[0])) / 2 + 65536 > static_cast<double>(kMostValues))
        return Status::unsupported("too many rows of experts");
      return has(kMatvec, tensor(1));
    case INFER_OP_ADAPT: {
      TRY(has(kAdaptDown, tensor(2)));
      return has(kAdaptUp, tensor(3));
    }
    case INFER_OP_ROPE:
      if (node.n_in > 2 && node.in[2] != INFER_NONE && tensor(2).role != INFER_ROLE_WEIGHT)
        return Status::unsupported("vulkan takes factors of ROPE as weights alone");
      return {};
    case INFER_OP_KV_WRITE:
      if (values(tensor(0)) + values(tensor(1)) > static_cast<double>(kMostValues))
        return Status::unsupported("vulkan counts the values of K and V in 32 bits");
      return has(kKvWrite, tensor(2));
    case INFER_OP_ATTENTION:
      if (node.i[2] > kMostHeadDim || node.i[3] > kMostHeadDim || (node.i[2] + 2 * kGroup) * 4 > shared_memory)
        return Status::unsupported(str("vulkan takes heads of up to ", kMostHeadDim, " values"));
      return has(kAttention, tensor(1));
    case INFER_OP_ALL_REDUCE:
    case INFER_OP_ALL_GATHER:
      if (node.i[0] != 1) return Status::unsupported(str("vulkan runs on one rank, not ", node.i[0]));
      return {};
    default:
      return {};
  }
}

int64_t scratch_bytes(const Frame& f, const Node& n) {
  const auto max = [&](size_t input, uint32_t d) { return f.max_dim(n.in[input], d); };
  if (n.kind == INFER_OP_ADAPT) return max(4, 0) * max(2, 1) * 4;
  if (n.kind != INFER_OP_ATTENTION) return 0;
  const int64_t rows = std::min(max(0, 0), kFewRows), positions = std::min<int64_t>(max(5, 1), INT32_MAX) * n.i[4];
  return rows * n.i[0] * parts_of(rows, positions) * (n.i[3] + 2) * 4;
}

std::vector<uint32_t> turns_of(const Node& n, const float* factors) {
  const int64_t half = n.i[1] / 2;
  const double base = n.f[0], freq_scale = n.f[1], ext_factor = n.f[2], corr_low = n.f[4], corr_high = n.f[5];
  std::vector<uint32_t> words;
  for (int64_t j = 0; j < half; ++j) {
    const double extrapolated = std::pow(base, -2.0 * static_cast<double>(j) / static_cast<double>(n.i[1])) /
                                (factors ? static_cast<double>(factors[j]) : 1.0);
    const double ramp =
        1 - std::clamp((static_cast<double>(j) - corr_low) / std::max(0.001, corr_high - corr_low), 0.0, 1.0);
    const double mix = ramp * ext_factor, radians = freq_scale * extrapolated * (1 - mix) + extrapolated * mix;
    const double turns = radians / (2 * std::numbers::pi), part = std::isfinite(turns) ? turns - std::floor(turns) : 0;
    const double high = std::floor(part * 0x1p32);
    words.push_back(static_cast<uint32_t>(static_cast<uint64_t>(high)));
    words.push_back(static_cast<uint32_t>(static_cast<uint64_t>((part * 0x1p32 - high) * 0x1p32)));
  }
  return words;
}

}  // namespace infer::vulkan
