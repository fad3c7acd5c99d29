#include "backends/vulkan/lower.h"

#include <algorithm>

#include "backends/vulkan/shaders.h"
#include "quant/types.h"

namespace infer::vulkan {
namespace {

using namespace backend;
using Surroundings = vulkan::Surroundings;

constexpr uint32_t kGroup = 64;            // invocations of a workgroup, of most kernels
constexpr int64_t kPart = 512;             // positions of a part of attention over few rows
constexpr uint32_t kMostHeads = 4;         // query heads that share what is read of K and V
constexpr int64_t kTile = 32;              // query vectors of a tile of attention over many rows
constexpr uint32_t kTileHeads = 8;         // query heads among them, at most
constexpr uint32_t kTileBytes = 24 << 10;  // of shared memory that it takes, at most
constexpr uint32_t kCoopBytes = 27 << 10;  // of shared memory that matmat_coop.comp takes, at most

// The shaders that this backend alone has, once per type; found once.
enum Own { kMatmatF16, kMatmatCoop, kAttentionTile, kOwn };
uint32_t own_shader(Own kernel, uint32_t type) {
  constexpr uint32_t kTypes = 64;  // type numbers are below
  static const auto table = [] {
    constexpr std::string_view kNames[kOwn] = {"matmat_f16", "matmat_coop", "attention_tile"};
    std::array<std::array<uint32_t, kTypes>, kOwn> all;
    for (size_t k = 0; k < kOwn; ++k)
      for (uint32_t t = 0; t < kTypes; ++t) {
        const quant::TypeInfo* info = quant::find_type(t);
        all[k][t] = info ? find_shader(kNames[k], info->name) : UINT32_MAX;
      }
    return all;
  }();
  return type < kTypes ? table[kernel][type] : UINT32_MAX;
}

// A workgroup of one subgroup adds up without shared memory and barriers.
uint32_t vector_group(const Surroundings& s) { return s.subgroup ? s.subgroup : kGroup; }

uint32_t heads_together(int64_t grouped, int64_t head_dim, uint32_t shared_memory) {
  const int64_t fit = (int64_t{shared_memory} / 4 - kGroup) / (head_dim + kGroup);
  return narrow(std::max<int64_t>(1, std::min<int64_t>({grouped, kMostHeads, fit})));
}

// Tiles pay where sequences have several rows each.
bool in_tiles(int64_t rows, int64_t sequences, uint32_t shared_memory) {
  return rows > kFewRows && rows >= 4 * sequences && shared_memory >= kTileBytes;
}

// 64 columns at a time, for which a build whose compiler knows matrices has a kernel.
bool uses_matrices(const Surroundings& s, uint32_t type, uint32_t wide) {
  return s.matrices && wide == 2 * kNarrow && s.shared_memory >= kCoopBytes &&
         own_shader(kMatmatCoop, type) != UINT32_MAX;
}

class VulkanLowering final : public Lowering {
 public:
  VulkanLowering()
      : Lowering(
            "vulkan", find_shader, [](uint32_t s) -> std::string_view { return all_shaders()[s].name; }, kGroup) {}

 private:
  int64_t part() const override { return kPart; }
  bool fits(int64_t head_dim, uint32_t shared_memory) const override {
    return (head_dim + 2 * kGroup) * 4 <= shared_memory;
  }
  Kernel of_values(uint32_t shader, uint32_t a, uint32_t b) const override { return {shader, {kGroup, a, b, 0}}; }
  Kernel of_runs(uint32_t shader) const override { return {shader, {kGroup, 0, 0, 0}}; }
  void matmul(const Frame& f, const Node& n, const backend::Surroundings& around, Emitter& out) const override;
  void matmul_experts(const Frame& f, const Node& n, const backend::Surroundings& around, Emitter& out) const override;
  void attention(const Frame& f, const Node& n, const backend::Surroundings& around, Emitter& out) const override;
  void kv_write(const Frame& f, const Node& n, Emitter& out) const override;
};

void VulkanLowering::matmul(const Frame& f, const Node& n, const backend::Surroundings& around, Emitter& out) const {
  const auto& s = static_cast<const Surroundings&>(around);
  const Tensor &x = *f.input(n, 0), &w = *f.input(n, 1), &y = f[n.out[0]];
  const int64_t columns = x.dim[0], rows = w.dim[0];
  const Arithmetic how = arithmetic_of(s.policy, f, n);
  Record r;
  r.a[0] = y.address, r.a[1] = x.address, r.a[2] = w.address, r.a[3] = address_of(f.input(n, 2)), r.a[7] = s.tables;
  r.n[1] = narrow(columns), r.n[2] = narrow(rows), r.n[3] = narrow(w.columns()), r.n[4] = row_bytes(w);
  const Given g = how == Arithmetic::kF32 ? Given{} : rounded(f, n, s, how, out);
  if (columns > kFewRows) {
    const uint32_t wide = columns <= kNarrow ? narrow(kNarrow) : narrow(2 * kNarrow);
    const int64_t groups = (rows + 63) / 64 * ((columns + wide - 1) / wide);
    r.n[0] = narrow(groups);
    if (how == Arithmetic::kF16) r.a[4] = g.values, r.a[5] = g.scales, r.a[6] = s.counts;
    if (how == Arithmetic::kF16 && uses_matrices(s, w.type, wide))
      return out.dispatch({own_shader(kMatmatCoop, w.type), {4 * s.subgroup, 0, 0, 0}}, r, groups);
    const uint32_t kernel = how == Arithmetic::kF16 ? own_shader(kMatmatF16, w.type) : shader(kMatmat, w.type);
    return out.dispatch({kernel, {2 * wide, wide, 0, 0}}, r, groups);
  }
  if (how == Arithmetic::kInt8) r.a[1] = g.values, r.a[5] = g.scales;
  const uint32_t together = columns <= 2 ? narrow(columns) : columns <= 4 ? 4 : 8, per_group = together <= 2 ? 4 : 2;
  const int64_t groups = (rows + per_group - 1) / per_group;
  r.n[0] = narrow(groups);
  const uint32_t kernel = shader(how == Arithmetic::kInt8 ? kMatvecInt8 : kMatvec, w.type);
  out.dispatch({kernel, {vector_group(s), per_group, together, s.subgroup > 0}}, r, groups);
}

void VulkanLowering::matmul_experts(const Frame& f, const Node& n, const backend::Surroundings& around,
                                    Emitter& out) const {
  const auto& s = static_cast<const Surroundings&>(around);
  const Tensor &x = *f.input(n, 0), &w = *f.input(n, 1), &ids = *f.input(n, 2), &y = f[n.out[0]];
  const int64_t columns = ids.dim[0] * ids.dim[1], rows = w.dim[1], groups = (rows + 1) / 2 * columns;
  Record r;
  r.a[0] = y.address, r.a[1] = x.address, r.a[2] = w.address, r.a[3] = address_of(f.input(n, 3)), r.a[4] = ids.address,
  r.a[7] = s.tables;
  r.n[0] = narrow(groups), r.n[1] = narrow(columns), r.n[2] = narrow(rows), r.n[3] = narrow(w.columns()),
  r.n[4] = row_bytes(w);
  r.n[5] = x.rank == 2 ? narrow(ids.dim[1]) : 1;
  const Arithmetic how = arithmetic_of(s.policy, f, n);
  if (how == Arithmetic::kInt8) {
    const Given g = rounded(f, n, s, how, out);
    r.a[1] = g.values, r.a[5] = g.scales;
  }
  const uint32_t kernel = shader(how == Arithmetic::kInt8 ? kMatvecInt8 : kMatvec, w.type);
  out.dispatch({kernel, {vector_group(s), 2, 1, s.subgroup > 0}}, r, groups);
}

void VulkanLowering::kv_write(const Frame& f, const Node& n, Emitter& out) const {
  const Tensor &k = *f.input(n, 0), &state = *f.input(n, 2), &table = *f.input(n, 6);
  const int64_t unit = quant::info(static_cast<quant::Type>(state.type)).block_elems;
  const int64_t width = n.i[0] * n.i[1], width_v = n.i[0] * n.i[2], of_k = k.dim[0] * (width / unit);
  Record r;
  r.a[0] = k.address, r.a[1] = state.address, r.a[2] = f.input(n, 4)->address, r.a[3] = f.input(n, 5)->address,
  r.a[4] = table.address, r.a[5] = f.input(n, 1)->address, r.a[6] = f.input(n, 3)->address;
  r.n[1] = narrow(table.dim[0]), r.n[2] = narrow(table.dim[1]), r.n[3] = narrow(n.i[3]), r.n[4] = narrow(width),
  r.n[5] = narrow(width_v), r.n[6] = narrow(of_k);
  each(out, shader(kKvWrite, state.type), r, of_k + k.dim[0] * (width_v / unit));
}

void VulkanLowering::attention(const Frame& f, const Node& n, const backend::Surroundings& around, Emitter& out) const {
  const auto& s = static_cast<const Surroundings&>(around);
  const Tensor &q = *f.input(n, 0), &k = *f.input(n, 1), &table = *f.input(n, 5), &y = f[n.out[0]];
  const int64_t heads = n.i[0], kv_heads = n.i[1], dim = n.i[2], dim_v = n.i[3], page = n.i[4], rows = q.dim[0];
  const int64_t parts = parts_of(rows, table.dim[1] * page);
  const bool tiles = in_tiles(rows, table.dim[0], s.shared_memory);
  const uint32_t together = tiles ? narrow(std::min<int64_t>(heads / kv_heads, kTileHeads))
                                  : heads_together(heads / kv_heads, dim, s.shared_memory);
  const int64_t blocks = (heads / kv_heads + together - 1) / together;
  // Every sequence begins a tile; how many rows each has, the kernel finds.
  const int64_t places = tiles ? rows / (kTile / together) + table.dim[0] : rows * parts;
  const int64_t groups = places * kv_heads * blocks;
  Record r;
  r.a[0] = parts > 1 ? s.scratch : y.address, r.a[1] = q.address, r.a[2] = k.address, r.a[3] = f.input(n, 2)->address;
  r.a[4] = f.input(n, 3)->address, r.a[5] = f.input(n, 4)->address, r.a[6] = table.address,
  r.a[7] = address_of(f.input(n, 6));
  const int64_t values[] = {groups, table.dim[0], table.dim[1], page,  heads, kv_heads,
                            dim,    dim_v,        n.i[5],       parts, kPart};
  for (size_t i = 0; i < std::size(values); ++i) r.n[i] = narrow(values[i]);
  r.f[0] = static_cast<float>(n.f[0]), r.f[1] = static_cast<float>(n.f[1]);
  if (tiles)
    return out.dispatch({own_shader(kAttentionTile, k.type), {128, together, narrow(dim), narrow(dim_v)}}, r, groups);
  out.dispatch({shader(kAttention, k.type), {kGroup, together, narrow(dim), narrow(dim_v)}}, r, groups);
  if (parts == 1) return;
  Record all;
  all.a[0] = y.address, all.a[1] = s.scratch, all.a[2] = address_of(f.input(n, 6));
  all.n[2] = narrow(heads), all.n[3] = narrow(parts), all.n[4] = narrow(dim_v);
  each(out, shader(kAttentionSum), all, rows * heads * dim_v);
}

}  // namespace

const Lowering& lowering() {
  static const VulkanLowering the_one;
  return the_one;
}

}  // namespace infer::vulkan
