// What a plan on a GPU holds beside its tensors: how far one position turns the pairs of every ROPE, what dispatches of
// a node leave to each other, and x rounded.
#pragma once
#include <algorithm>
#include <memory>
#include <span>

#include "backends/common/lower.h"
#include "backends/common/turns.h"

namespace infer::backend {

// Buffer: make(device, bytes, infer_use), write(at, data, bytes), bytes(), address().
template <class Device, class Buffer>
class PlanMemory {
 public:
  // Fills in what `around` says of it; the policy is there already, and the frame at the symbols' maxima.
  Status make(Device& device, const Frame& frame, const Lowering& lowering, std::span<const infer_binding> weights,
              Surroundings& around) {
    around.turns.assign(frame.nodes().size(), 0);
    TRY_SET(const Turns turns, turns_of(frame, weights, [](const infer_binding& from, void* to, int64_t n) {
              return reinterpret_cast<Buffer*>(from.buf)->read(from.offset, to, n);
            }));
    if (const auto bytes = static_cast<int64_t>(turns.words.size() * sizeof(uint32_t)); bytes > 0) {
      TRY_SET(turns_, Buffer::make(device, bytes, INFER_USE_WEIGHT));
      TRY(turns_->write(0, turns.words.data(), bytes));
      for (const Node& n : frame.nodes())
        around.turns[n.index] = turns_->address() + turns.offset[n.index] * sizeof(uint32_t);
    }
    around.rounded = plan_rounded(around.policy, frame);
    if (around.rounded.bytes > 0) {
      TRY_SET(rounded_, Buffer::make(device, around.rounded.bytes, INFER_USE_STATE));
      around.rounded_at = rounded_->address();
    }
    int64_t scratch = 0;
    for (const Node& n : frame.nodes()) scratch = std::max(scratch, lowering.scratch_bytes(frame, n));
    if (scratch > 0) {
      TRY_SET(scratch_, Buffer::make(device, scratch, INFER_USE_STATE));
      around.scratch = scratch_->address();
    }
    return {};
  }
  int64_t bytes() const {
    int64_t sum = 0;
    for (const auto* b : {&turns_, &rounded_, &scratch_})
      if (*b) sum += (*b)->bytes();
    return sum;
  }

 private:
  std::unique_ptr<Buffer> turns_, rounded_, scratch_;
};

}  // namespace infer::backend
