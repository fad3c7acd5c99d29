// Which device runs which node: the first, in order of preference, that supports it and has room for its weights. A
// device that ran out of room takes no later node either, so a model too large for one device is cut once: the first
// layers here, the rest on the next.
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
  // room: [devices] bytes of weights that each can hold.
  Placement(std::span<const std::shared_ptr<const Device>> devices, const graph::Program& program,
            std::vector<int64_t> room);
  // Asks the devices. whole: the program with all its nodes.
  Status decide(const infer_program& whole);
  // This device turned out not to take the node: decide() again. Called at most once per node and device.
  void exclude(size_t node, size_t device);
  std::vector<Segment> segments() const;

 private:
  enum class Answer : uint8_t { kUnknown, kYes, kNo };
  bool takes(const infer_program& whole, size_t node, size_t device);
  bool takes_group(const infer_program& whole, size_t first, size_t device, size_t& stuck);
  Status no_device(size_t node) const;

  std::span<const std::shared_ptr<const Device>> devices_;
  const graph::Program& program_;
  std::vector<size_t> group_;                 // [nodes] first node of the group that must stay together
  std::vector<std::vector<size_t>> members_;  // [nodes] of the group that begins there; empty elsewhere
  std::vector<size_t> chosen_;                // [nodes] device
  std::vector<Answer> answers_;               // [nodes, devices]
  std::vector<int64_t> room_;                 // [devices]
};

// Bytes of weights for a device that says how much memory it has: a part stays free for KV pages and workspaces.
int64_t room_for_weights(const infer_dev_info& device);

// The role that each tensor has in a segment: what crosses its border becomes an input or an output.
std::vector<uint32_t> roles_in(const graph::Program& program, const Segment& segment);

}  // namespace infer::device
