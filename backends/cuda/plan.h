// A compiled program: its tensors (Frame) and, for each sequence of kernels that runs of it come to, the pieces that
// run them (a step with one row uses other kernels than a prompt). A long run goes to the device in pieces, two at a
// time, so that it can be cancelled in between.
//
// What the host writes before a run (ids, positions, tables) is copied to the device first: dozens of kernels read it,
// and the way to the host's memory is long. What the host reads after it is written there by the kernels.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "backends/common/lower.h"
#include "backends/common/plan_memory.h"
#include "backends/cuda/buffer.h"
#include "backends/cuda/piece.h"

namespace infer::cuda {

class Plan {
 public:
  // On E_UNSUPPORTED *bad_op (may be null) is the node.
  static Result<std::unique_ptr<Plan>> make(Device& device, const infer_program& p, const infer_binding* weights,
                                            uint32_t n_weights, uint32_t* bad_op);
  ~Plan();
  Status submit(const int64_t* symbols, const infer_binding* binds, uint32_t n_binds);
  Result<bool> wait(int32_t timeout_ms);  // how it ended; false: not yet
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  int64_t bytes() const;
  const char* kernel(uint32_t op) const { return op < names_.size() ? names_[op].c_str() : nullptr; }

 private:
  class Fill;
  struct Sequence {
    std::vector<backend::Kernel> kernels;  // in this order
    std::vector<std::unique_ptr<Piece>> pieces;
  };

  explicit Plan(Device& device);
  Status check_weights() const;
  Status prepare_inputs();
  Status load_kernels();
  Status copy_inputs();
  Result<Sequence*> sequence();  // of the kernels of this run
  Status cut(Sequence& s);
  Status next_piece();
  Status finish(Status s);

  Device& device_;
  backend::Frame frame_;
  backend::Surroundings around_;
  backend::PlanMemory<Device, Buffer> memory_;
  std::unique_ptr<Buffer> inputs_;        // null: the program has none
  std::vector<int64_t> input_at_;         // [n_tensors] bytes from its first; -1: it stays where it is bound
  std::vector<int64_t> most_bytes_;       // [n_tensors] at the symbols' maxima
  std::vector<std::string> names_;        // [nodes] of kernels
  std::vector<backend::Kernel> kernels_;  // of this run
  std::vector<Launch> launches_;          // the same, with all they are given
  std::vector<uint32_t> launches_of_;     // [nodes] in this run
  std::vector<std::unique_ptr<Sequence>> sequences_;

  Sequence* running_ = nullptr;
  size_t submitted_ = 0, finished_ = 0;  // pieces
  std::atomic<bool> cancelled_{false};
};

}  // namespace infer::cuda
