// The CUDA devices of this machine, and whether we can use them.
#pragma once
#include <libinfer/backend.h>

#include <string>
#include <vector>

#include "backends/common/gpu_calls.h"
#include "backends/cuda/driver.h"

namespace infer::cuda {

struct Adapter {
  const Driver* driver = nullptr;
  CUdevice handle = 0;
  std::string name, features;  // "NVIDIA H100 80GB HBM3", "compute capability 9.0, 132 multiprocessors, CUDA 13.0"
  std::string lacks;           // what it would have to have; empty: usable
  int32_t kind = INFER_DEV_DISCRETE;
  uint32_t shared_memory = 0;  // bytes that a block may have
  int64_t memory_total = 0;
  int64_t memory_free() const;  // 0: nobody uses it, so we do not know without taking some
};

class Instance : public backend::Kept<Instance> {
 public:
  static constexpr const char* kApi = "CUDA";
  Status init();
  const std::vector<Adapter>& adapters() const { return adapters_; }

 private:
  std::vector<Adapter> adapters_;
};

}  // namespace infer::cuda
