// Which of a plan's weights are packed.
#include <algorithm>

#include "backends/common/host_buffer.h"
#include "backends/cpu/pack_set.h"
#include "backends/cpu/packing.h"

namespace infer::cpu {

std::unique_ptr<PackUse> pack_weights(Packs& packs, const Frame& frame, const Kernels& kernels,
                                      std::span<const infer_binding> weights, std::vector<const PackSlot*>& slots) {
  const auto wanted = [&](const Node& n) {
    if (n.kind != INFER_OP_MATMUL && n.kind != INFER_OP_MATMUL_EXPERTS) return false;
    const Tensor& w = frame[n.in[1]];
    const MatmulPath path = matmul_path(kernels, w.type);
    return path.quantized && !path.unpacker && can_pack(static_cast<quant::Type>(w.type), w.dim[w.rank - 2]);
  };
  std::vector<PackItem> items;
  PackSources sources;
  std::vector<uint32_t> tensors;  // [items], in the order in which a step reads them
  for (const Node& n : frame.nodes()) {
    if (!wanted(n) || std::find(tensors.begin(), tensors.end(), n.in[1]) != tensors.end()) continue;
    const auto binding =
        std::find_if(weights.begin(), weights.end(), [&](const auto& b) { return b.tensor == n.in[1]; });
    if (binding == weights.end()) continue;
    const backend::HostBuffer::Source& from = backend::host_buffer(binding->buf)->source;
    if (from.id.empty()) continue;
    const Tensor& w = frame[n.in[1]];
    const auto type = static_cast<quant::Type>(w.type);
    items.push_back({from.id, from.offset + binding->offset, type, w.rows(),
                     static_cast<int64_t>(quant::row_bytes(type, static_cast<uint64_t>(w.columns())))});
    sources.push_back({w.data, from.file, from.intact});
    tensors.push_back(n.in[1]);
  }
  if (items.empty()) return nullptr;
  auto use = std::make_unique<PackUse>(packs, std::move(sources));
  if (!use->enter(std::move(items)).ok()) return nullptr;
  for (size_t i = 0; i < tensors.size(); i++) {
    if (slots.size() <= tensors[i]) slots.resize(tensors[i] + 1, nullptr);
    slots[tensors[i]] = &use->set().slot(i);
  }
  return use;
}

}  // namespace infer::cpu
