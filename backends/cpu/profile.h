// What each kind of operator costs (option cpu.profile): time from the start of its step to the start of the next;
// bytes of weights, keys and values that it must read; multiplications and additions of its products. Sums go to the
// device's counters, "profile.<operator>.<weight type or ->.ns|bytes|ops".
//
// Joined nodes are one: gate, up and GLU count as the matmul that they are; a residual belongs to its matmul.
// Called where a plan goes from one step to the next: by one thread, while no other computes.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "backends/cpu/op.h"

namespace infer::cpu {

class Device;

class Profile {
 public:
  Profile(Device& device, const Frame& frame) : device_(device), frame_(frame) {}
  // The steps made since the last call, up to `steps`, run nodes [first, last).
  void add(size_t steps, size_t first, size_t last);

  void begin();                          // a step starts
  int64_t lap() const;                   // nanoseconds since then
  void passed(size_t step, int64_t ns);  // an operation has been done and took so long

 private:
  struct Group {
    std::string name;  // "matmul.q4_1"
    Counter *ns, *bytes, *ops;
  };
  struct Work {
    size_t step;
    uint32_t node;
  };
  size_t group_of(const Node& n);
  void count(const Node& n, Group& g);
  void count_matmul(const Node& n, Group& g) const;
  void count_experts(const Node& n, Group& g);
  void count_attention(const Node& n, Group& g) const;

  Device& device_;
  const Frame& frame_;
  std::vector<Group> groups_;
  std::vector<size_t> steps_;   // [n_steps] group
  std::vector<Work> works_;     // nodes with bytes or operations to count, in the order of their steps
  std::vector<uint8_t> taken_;  // [most experts] of one node, chosen in this run
  int64_t last_ = 0;            // nanoseconds
};

}  // namespace infer::cpu
