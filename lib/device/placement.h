// Which device runs which node: the first, in order of preference, that supports it.
//
// Nodes that share a state (KV pages) go together: the arrangement inside a page is the device's own. Contiguous nodes
// on one device are a segment, which becomes one plan.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "device/registry.h"
#include "graph/program.h"

namespace infer::device {

struct Segment {
  size_t device;        // index in the list of devices
  size_t first, count;  // nodes
};

class Placement {
 public:
  Placement(std::span<const std::shared_ptr<const Device>> devices, const graph::Program& program);
  // Asks the devices. whole: the program with all its nodes.
  Status decide(const infer_program& whole);
  // This device turned out not to take the node: decide() again. Called at most once per node and device.
  void exclude(size_t node, size_t device);
  std::vector<Segment> segments() const;

 private:
  enum class Answer : uint8_t { kUnknown, kYes, kNo };
  bool takes(const infer_program& whole, size_t node, size_t device);
  Status no_device(size_t node) const;

  std::span<const std::shared_ptr<const Device>> devices_;
  const graph::Program& program_;
  std::vector<size_t> group_;    // [nodes] first node of the group that must stay together
  std::vector<size_t> chosen_;   // [nodes] device
  std::vector<Answer> answers_;  // [nodes, devices]
};

// The role that each tensor has in a segment: what crosses its border becomes an input or an output.
std::vector<uint32_t> roles_in(const graph::Program& program, const Segment& segment);

}  // namespace infer::device
