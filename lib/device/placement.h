// Which device runs which node: the first, in order of preference, that supports it and has room for its weights. A
// device that ran out of room takes no later node either, so a model too large for one device is cut once: the first
// layers here, the rest on the next.
//
// A caller's rule comes before that order, where the device that it names takes the nodes and has room. What has no
// weights then runs where the last of its inputs was computed.
//
// Nodes that share a state (KV pages) go together: the arrangement inside a page is the device's own. Contiguous nodes
// on one device are a segment, which becomes one plan.
//
// Where no device has room for the rest, it is streamed: the first of the full devices computes it layer by layer, with
// weights that are read while the layer before is computed. For their slots it gives up some of its room. Then the
// embedding table is not in memory at all (a step needs few of its rows), and what stands alone behind the layers, the
// output matrix, is streamed in parts as large as a slot. Of a mixture's experts a step needs few: they are not
// streamed but kept in what room is left, and those that are not there are read when the step has chosen them
// (expert_cache.h).
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "device/place_rule.h"
#include "device/registry.h"
#include "graph/program.h"

namespace infer::device {

enum class WeightsFrom : uint8_t {
  kMemory,   // they stay there, and are known when the plan is made
  kInputs,   // bound at each run, so that alike layers share a plan
  kExperts,  // the same; those of experts are in a cache
  kParts,    // streamed, and a node in as many plans as its matrix has parts
  kRows      // of an embedding table: those that a step needs
};
struct Segment {
  size_t device;        // index in the list of devices
  size_t first, count;  // nodes
  WeightsFrom from = WeightsFrom::kMemory;
  bool streamed = false;  // bound weights are in a slot
};

class Placement {
 public:
  static constexpr int32_t kSlots = 2;        // one is computed with while the other is filled
  static constexpr int64_t kAlignment = 256;  // of weights in a slot
  static constexpr int64_t kColumns = 64;     // parts of a matrix have a multiple of so many
  static constexpr int64_t padded(int64_t n, int64_t multiple = kAlignment) {
    return (n + multiple - 1) / multiple * multiple;
  }

  // most: bytes of weights that each device, or those together that compute in the host's memory, may hold; 0: as many
  // as fit.
  // wish: [nodes] what rules say (wishes()).
  Placement(std::span<const std::shared_ptr<const Device>> devices, const graph::Program& program, int64_t most,
            std::vector<size_t> wish);
  // Asks the devices. whole: the program with all its nodes.
  Status decide(const infer_program& whole);
  // This device turned out not to take the node: decide() again. Called at most once per node and device.
  void exclude(size_t node, size_t device);
  std::vector<Segment> segments() const;
  int64_t slot_bytes() const { return slot_; }       // 0: nothing is streamed
  int64_t expert_bytes() const { return experts_; }  // room for those in a cache

 private:
  enum class Answer : uint8_t { kUnknown, kYes, kNo };
  // One way through the nodes; full: the device that nodes without room were given to, or SIZE_MAX.
  Status choose(const infer_program& whole, size_t& full);
  int64_t weights_of(const infer_program& whole, size_t group, const std::vector<bool>& held) const;
  Result<int64_t> largest_load(const infer_program& whole, int64_t& all, int64_t& experts) const;
  WeightsFrom from(size_t node) const;
  bool takes(const infer_program& whole, size_t node, size_t device);
  size_t first_choice(size_t group) const;
  bool takes_group(const infer_program& whole, size_t first, size_t device, size_t& stuck);
  Status no_device(size_t node) const;

  std::span<const std::shared_ptr<const Device>> devices_;
  const graph::Program& program_;
  std::vector<size_t> group_;                 // [nodes] first node of the group that must stay together
  std::vector<std::vector<size_t>> members_;  // [nodes] of the group that begins there; empty elsewhere
  std::vector<size_t> chosen_;                // [nodes] device
  std::vector<Answer> answers_;               // [nodes, devices]
  std::vector<size_t> pool_;                  // [devices] whose memory it computes in: an index into room_
  std::vector<int64_t> room_, left_;          // [devices] bytes of weights; of them not taken, -1: it takes no more
  const int64_t most_;
  const std::vector<size_t> wish_;  // [nodes] device that a rule says, or SIZE_MAX
  const bool ruled_;                // there is a rule
  std::vector<size_t> producer_;    // [tensors] node that computes it, or SIZE_MAX
  int64_t slot_ = 0, experts_ = 0;
  std::vector<bool> streamed_;  // [nodes]
  std::vector<bool> behind_;    // [nodes] a ROUTE of its layer
};

// Does it compute in the memory of the host, where a mapped file need not be copied to?
bool in_host_memory(const infer_dev_info& device);
// Bytes of weights that all devices together may hold, each at most `most` (0: what it has room for).
int64_t room_for_weights(std::span<const std::shared_ptr<const Device>> devices, int64_t most);

// Does a streamed node's input i come with the layer? (Tables of angles are few bytes, and made ready by the device.)
bool is_streamed(const graph::Program::Node& n, size_t i, const graph::Program& program);
// Is it a part of each expert?
bool is_bank(const graph::Program::Node& n, size_t i);

// [n_tensors] Which tensors the nodes of a segment read or write.
std::vector<bool> tensors_of(const graph::Program& program, const Segment& segment);
// The role that each tensor has in a segment: what crosses its border becomes an input or an output.
std::vector<uint32_t> roles_in(const graph::Program& program, const Segment& segment);

}  // namespace infer::device
