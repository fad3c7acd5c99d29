// A compiled program: its tensors (Frame), a record per dispatch, and command buffers that run them.
//
// A kernel reads what it works on from a record in memory, and the number of its workgroups stands there too (indirect
// dispatch). So commands are recorded once for each sequence of kernels that runs of this program come to (a step with
// one row uses others than a prompt), and submitted again and again; before each run only the records are written. A
// long run goes to the device in pieces, so that it can be cancelled in between.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/common/plan_memory.h"
#include "backends/vulkan/buffer.h"
#include "backends/vulkan/lower.h"

namespace infer::vulkan {

using backend::Frame;
using backend::Node;
using backend::Record;

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
  struct Piece {  // commands that are submitted together
    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkFence fence = VK_NULL_HANDLE;
  };
  struct Sequence {  // recorded for these kernels, in this order
    std::vector<Kernel> kernels;
    std::vector<Piece> pieces;
  };

  explicit Plan(Device& device);
  Status make_pipelines();
  Status make_records();
  Result<Sequence*> sequence();  // of the kernels of this run
  Status record(Sequence& s);
  Status record_piece(Sequence& s, size_t& node, size_t& dispatch, bool first, Piece& piece);
  Status next_piece();
  Status finish(Status s);

  Device& device_;
  Frame frame_;
  Surroundings around_;
  backend::PlanMemory<Device, Buffer> memory_;
  std::unique_ptr<Buffer> records_;
  std::unique_ptr<Buffer> seen_;     // the records where the device reads them; null: in records_
  std::vector<int64_t> most_bytes_;  // [n_tensors] at the symbols' maxima
  std::vector<std::string> names_;   // [nodes] of kernels
  size_t most_dispatches_ = 0;
  std::vector<Kernel> kernels_;          // of this run
  std::vector<uint32_t> dispatches_of_;  // [nodes] in this run
  std::vector<std::unique_ptr<Sequence>> sequences_;
  VkCommandPool pool_ = VK_NULL_HANDLE;

  Sequence* running_ = nullptr;
  size_t submitted_ = 0, finished_ = 0;  // pieces
  std::atomic<bool> cancelled_{false};
};

}  // namespace infer::vulkan
