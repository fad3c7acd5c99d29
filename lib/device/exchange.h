// Where a step's inputs and outputs are, and what one plan computes and others read: a buffer per device, in which
// tensors that are not needed at the same time share bytes. What crosses from device to device goes through the host.
#pragma once
#include <span>
#include <vector>

#include "device/buffers.h"
#include "device/placement.h"
#include "graph/program.h"

namespace infer::device {

class Exchange {
 public:
  // segments: in the order in which they run.
  Status make(std::span<const std::shared_ptr<const Device>> devices, const graph::Program& program,
              std::span<const Segment> segments, const graph::Symbols& maxima);

  const Buffer& buffer(size_t device) const { return places_[device].buffer; }
  int64_t at(size_t device, graph::TensorId t) const { return places_[device].at[t]; }  // offset; -1: not there
  // Device where a computed tensor is first; that of the last one for others.
  size_t maker(graph::TensorId t) const { return makers_[t] == SIZE_MAX ? 0 : segments_[makers_[t]].device; }
  Status write(graph::TensorId t, const void* data, size_t bytes, int64_t at = 0) const;  // everywhere that it is
  // What segment `done` has computed and other devices read.
  Status cross(size_t done, const graph::Symbols& symbols);
  int64_t bytes() const;

 private:
  struct Places {
    Buffer buffer;
    std::vector<int64_t> at;  // [n_tensors]
  };
  struct Crossing {
    graph::TensorId tensor;
    size_t from, to;  // devices
    size_t after;     // segment that computes it
  };
  const graph::Program* program_ = nullptr;
  std::vector<Segment> segments_;
  std::vector<Places> places_;  // [devices]
  std::vector<size_t> makers_;  // [n_tensors] segment that computes it
  std::vector<Crossing> crossings_;
  std::vector<std::byte> staging_;  // where neither device is the host
};

}  // namespace infer::device
