// An open CUDA device: its context, its one stream, its kernels.
#pragma once
#include <libinfer/backend.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "backends/common/rounding.h"
#include "backends/cuda/adapters.h"
#include "backends/cuda/kernels.h"

namespace infer::cuda {

class Buffer;
class Staging;

class Device {
 public:
  struct Options {
    std::string precision = "auto";
    bool graphs = true;   // runs are graphs, not launches one by one
    int64_t lost_at = 0;  // for tests: this part of a run finds the device lost; 0: none
  };
  static Result<std::unique_ptr<Device>> open(const Adapter& adapter, const Options& options);
  ~Device();

  const Adapter& adapter() const { return adapter_; }
  const Driver& driver() const { return *adapter_.driver; }
  const Options& options() const { return options_; }
  const backend::Policy& policy() const { return policy_; }
  CUstream stream() const { return stream_; }  // everything of this device runs in its order
  Functions& functions() { return functions_; }
  Staging& staging() { return *staging_; }
  uint64_t tables() const;                                      // address of the code-books
  Status supported(const infer_program& p, uint32_t op) const;  // would a plan take this node?

  // Once a call has answered that the device is lost, all do.
  Status check(CUresult r, std::string_view doing);
  Status alive() const;
  // Before a part of a run is launched.
  Status launching();

  // The device's context is this thread's while it lives; whatever context the thread had comes back after it.
  class Current {
   public:
    explicit Current(const Device& d) : driver_(d.driver()), pushed_(driver_.cuCtxPushCurrent(d.context_)) {}
    ~Current() {
      CUcontext popped = nullptr;
      if (pushed_ == CUDA_SUCCESS) (void)driver_.cuCtxPopCurrent(&popped);
    }
    Current(const Current&) = delete;
    CUresult pushed() const { return pushed_; }

   private:
    const Driver& driver_;
    CUresult pushed_;
  };

  std::atomic<int64_t> runs[INFER_OP_COUNT] = {};             // of each operator, over all plans
  std::atomic<int64_t> products[backend::kArithmetics] = {};  // of them matrix products, by what they computed with
  std::atomic<int64_t> memory{0}, pinned{0};         // bytes of buffers; of those that are pinned memory of the host
  std::atomic<int64_t> graphs{0}, graph_changes{0};  // made; kernels in them that were given other parameters

 private:
  Device(const Adapter& adapter, const Options& options);
  Status init();

  Adapter adapter_;
  Options options_;
  backend::Policy policy_;
  CUcontext context_ = nullptr;  // the device's primary one
  CUstream stream_ = nullptr;
  Functions functions_;
  std::unique_ptr<Staging> staging_;
  std::unique_ptr<Buffer> tables_;
  std::atomic<bool> lost_{false};
  std::atomic<int64_t> launches_left_;  // until the device is lost; 0: as long as it lives
};

}  // namespace infer::cuda
