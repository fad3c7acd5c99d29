// A compiled program: its tensors (Frame), a function per node, scratch. A run is the nodes in order, on the caller's
// thread.
#pragma once
#include <array>
#include <atomic>

#include "backends/common/frame.h"
#include "backends/reference/kernels.h"

namespace infer::reference {

struct Device {
  Status supported(const infer_program& p, uint32_t op) const;  // is this a node that plan_new takes?
  std::array<std::atomic<int64_t>, INFER_OP_COUNT> runs{};      // of each operator, over all plans
};

class Plan {
 public:
  // On E_UNSUPPORTED *bad_op (may be null) is the node.
  static Result<std::unique_ptr<Plan>> make(Device& device, const infer_program& p, const infer_binding* weights,
                                            uint32_t n_weights, uint32_t* bad_op);
  Status submit(const int64_t* symbols, const infer_binding* binds, uint32_t n_binds);  // runs to the end
  Result<bool> wait(int32_t timeout_ms);                                                // how it ended
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }                  // before the next node
  int64_t bytes() const;
  const char* kernel(uint32_t op) const { return op < frame_.nodes().size() ? "plain" : nullptr; }

 private:
  explicit Plan(Device& device) : device_(device) {}
  void run(const Node& n);

  Device& device_;
  Frame frame_;
  Scratch scratch_;
  std::atomic<bool> cancelled_{false};
  enum class Outcome { kNone, kDone, kCancelled } outcome_ = Outcome::kNone;
};

}  // namespace infer::reference
