// A segment of a program, compiled by its device: the host's side of infer_plan.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "device/placement.h"

namespace infer::device {

class Compiled {
 public:
  // weights: those that the segment uses. On E_UNSUPPORTED about one node, *bad_node is that node of the program (else
  // SIZE_MAX).
  static Result<Compiled> make(const Device& device, const graph::Program& program, const graph::Symbols& maxima,
                               const Segment& segment, std::span<const infer_binding> weights, size_t* bad_node);
  Compiled(Compiled&& o) noexcept;
  Compiled& operator=(Compiled&&) = delete;
  ~Compiled();

  const Device& device() const { return *device_; }
  const Segment& segment() const { return segment_; }
  int64_t bytes() const { return bytes_; }  // the plan's own memory
  std::string kernel(size_t node) const;    // of a node of the program; empty: the device does not say

  std::vector<infer_binding> binds;  // of inputs, states and outputs; the executor sets bytes at each run

  Status submit(const graph::Symbols& symbols);
  Status wait(const std::atomic<bool>& cancelled);
  void cancel();

 private:
  Compiled(const Device& device, infer_plan* plan, Segment segment, int64_t bytes)
      : device_(&device), plan_(plan), segment_(segment), bytes_(bytes) {}
  const Device* device_;
  infer_plan* plan_;
  Segment segment_;
  int64_t bytes_;
};

// [n_tensors] Which tensors the nodes of a segment read or write.
std::vector<bool> tensors_of(const graph::Program& program, const Segment& segment);

}  // namespace infer::device
