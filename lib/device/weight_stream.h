// Weights that do not stay in memory: a thread reads them into a few slots, in the order in which a step needs them,
// always ahead of the computation (ZeRO-Inference: Aminabadi et al., arXiv 2207.00032, section 6).
//
// A load is what one plan needs. Steps are alike, so after the last load comes the first again, and the thread goes on
// reading between steps until every slot is full; then it sleeps.
#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/thread.h"
#include "device/buffers.h"

namespace infer::device {

class WeightStream {
 public:
  struct Piece {
    Bytes bytes;
    int64_t at = 0;  // where in the slot
  };
  using Load = std::vector<Piece>;
  // device outlives the stream. slot_bytes: what the largest load needs.
  static Result<std::unique_ptr<WeightStream>> start(const Device& device, std::vector<Load> loads, int64_t slot_bytes,
                                                     int32_t n_slots);
  ~WeightStream();

  // Of one step: begin(), then wait() and release() for each load in order. On another end of the step begin() starts
  // over. One thread.
  void begin();
  Result<infer_buf*> wait(const std::atomic<bool>& cancelled);  // the next load's slot, when it is there
  void release();                                               // it was used; its slot is for another load now

  int64_t bytes() const { return slot_bytes_ * static_cast<int64_t>(slots_.size()); }  // of the slots
  int64_t step_bytes() const { return step_bytes_; }                                   // that one step reads
  struct Counts {
    std::atomic<int64_t> bytes{0}, read_ns{0}, wait_ns{0};  // read; by the thread; waited for by steps
  };
  const Counts& counts() const { return counts_; }

 private:
  WeightStream(std::vector<Load> loads, int64_t slot_bytes) : loads_(std::move(loads)), slot_bytes_(slot_bytes) {}
  void work();
  Status read(size_t load, const Buffer& slot);
  const Buffer& slot(int64_t n) const { return slots_[static_cast<size_t>(n) % slots_.size()]; }
  size_t load(int64_t n) const { return static_cast<size_t>(n) % loads_.size(); }

  const std::vector<Load> loads_;
  const int64_t slot_bytes_;
  int64_t step_bytes_ = 0;
  std::vector<Buffer> slots_;
  std::vector<std::byte> staging_;  // where slots are not the host's
  Counts counts_;

  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t read_ = 0, released_ = 0;  // loads, counted on and on; read_ - released_ slots are full
  int64_t round_ = 0;                // a new one when a step began anew
  Status failed_;                    // of the load after read_; until the next round
  bool stop_ = false;
  Thread thread_;  // last: uses all of the above
};

}  // namespace infer::device
