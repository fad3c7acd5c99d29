// A part of a run that goes to the device at once: kernels in groups, those of one group beside each other, and an
// event that says when they are over. As a graph it is made once; later runs only give other parameters to kernels
// whose record or number of blocks is another than last time. (While one row after the other is decoded hardly any is.)
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "backends/common/record.h"
#include "backends/cuda/device.h"

namespace infer::cuda {

struct Launch {
  CUfunction function = nullptr;
  uint32_t blocks = 0, threads = 0, shared_memory = 0;  // shared_memory: bytes
  backend::Record record;
};

class Piece {
 public:
  explicit Piece(Device& device) : device_(device) {}
  ~Piece();  // in the device's context, when over
  Piece(const Piece&) = delete;
  // Launches [begin, end) of runs of its sequence. waits: of each, does it begin a group?
  Status make(size_t begin, size_t end, std::vector<bool> waits);
  Status submit(std::span<const Launch> all);
  // over: CUDA_SUCCESS, or CUDA_ERROR_NOT_READY.
  CUresult query() const { return device_.driver().cuEventQuery(over_); }
  CUresult wait() const { return device_.driver().cuEventSynchronize(over_); }

 private:
  Status build(std::span<const Launch> mine);
  Status change(std::span<const Launch> mine);

  Device& device_;
  size_t begin_ = 0, end_ = 0;
  std::vector<bool> waits_;  // [end - begin]
  CUevent over_ = nullptr;
  CUgraph graph_ = nullptr;
  CUgraphExec exec_ = nullptr;  // null: not built yet
  std::vector<CUgraphNode> nodes_;
  std::vector<Launch> known_;  // what the graph's kernels were given
};

}  // namespace infer::cuda
