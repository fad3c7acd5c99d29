// Where the temps of a program live: offsets in one block of memory, shared by temps that are never alive together.
#pragma once
#include <libinfer/backend.h>

#include <cstdint>
#include <vector>

namespace infer::backend {

struct MemoryPlan {
  std::vector<int64_t> offset;  // [n_tensors] bytes, multiples of 64; -1: not a temp of this program's nodes
  int64_t bytes = 0;            // of the block
};
// bytes: [n_tensors] of each tensor at the symbols' maxima. The program has passed graph::check_program.
// A temp is alive from the node that writes it to the last one that reads it, both included: no node's output overlaps
// its inputs. Except the sum of ADAPT, which takes the place of what it adds to when no later node reads that.
MemoryPlan plan_memory(const infer_program& p, const std::vector<int64_t>& bytes);

}  // namespace infer::backend
