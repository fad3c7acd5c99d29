#include "device/weights.h"

#include "graph/signature.h"

namespace infer::device {

Status Weights::take(const graph::Program& program, std::span<const Executor::Weight> weights,
                     const graph::Symbols& maxima) {
  all_.resize(program.tensors().size());
  for (const Executor::Weight& w : weights) {
    if (w.tensor >= all_.size() || program.tensor(w.tensor).role != INFER_ROLE_WEIGHT)
      return Status::invalid(str("data for tensor ", w.tensor, ", which is no weight of this program"));
    const uint64_t needed = program.bytes(w.tensor, maxima);
    if (w.data.size() != needed || !w.data.data())
      return Status::invalid(str("weight ", graph::tensor_text(program.tensor(w.tensor)), " has ", w.data.size(),
                                 " bytes; needs ", needed));
    all_[w.tensor].data = w.data;
    all_[w.tensor].source = w.source;
    all_[w.tensor].name = program.tensor(w.tensor).name;
  }
  for (graph::TensorId t = 0; t < all_.size(); ++t)
    if (program.tensor(t).role == INFER_ROLE_WEIGHT && !all_[t].data.data())
      return Status::invalid(str("weight ", graph::tensor_text(program.tensor(t)), " has no data"));
  return {};
}

Result<const Buffer*> Weights::on(const Device& device, graph::TensorId t) {
  Weight& w = all_[t];
  for (const auto& [d, buffer] : w.buffers)
    if (d == &device) return buffer.get();
  TRY_SET(Buffer buffer, Buffer::hold(device, w.data, w.source, str("weight '", w.name, "'")));
  w.buffers.emplace_back(&device, std::make_unique<Buffer>(std::move(buffer)));
  return w.buffers.back().second.get();
}

int64_t Weights::bytes_on(const Device& device) const {
  int64_t sum = 0;
  for (const Weight& w : all_)
    for (const auto& [where, buffer] : w.buffers) sum += buffer->bytes_on(device);
  return sum;
}

}  // namespace infer::device
