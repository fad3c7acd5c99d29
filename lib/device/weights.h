// The weights of a program: where their bytes come from, and buffers of those that stay on a device.
#pragma once
#include <span>
#include <utility>
#include <vector>

#include "device/buffers.h"
#include "device/executor.h"
#include "graph/program.h"

namespace infer::device {

class Weights {
 public:
  // Every weight of the program, each with as many bytes as its shape needs.
  Status take(const graph::Program& program, std::span<const Executor::Weight> weights, const graph::Symbols& maxima);
  Bytes bytes(graph::TensorId t) const { return {all_[t].data, all_[t].source.file}; }
  int64_t bytes_on(const Device& device) const;  // of buffers that are copies
  // Its buffer on a device, made when first asked for; stays where it is.
  Result<const Buffer*> on(const Device& device, graph::TensorId t);

 private:
  struct Weight {
    std::span<const std::byte> data;
    Source source;
    const char* name = "";
    std::vector<std::pair<const Device*, std::unique_ptr<Buffer>>> buffers;
  };
  std::vector<Weight> all_;  // [n_tensors]
};

}  // namespace infer::device
