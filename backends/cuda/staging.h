// Between any memory of the host and memory of the device: through two pieces of pinned memory, one of which the device
// copies while the other is filled.
#pragma once
#include <cstddef>
#include <mutex>

#include "backends/cuda/driver.h"

namespace infer::cuda {

class Device;

class Staging {
 public:
  explicit Staging(Device& device) : device_(device) {}
  ~Staging();  // in the device's context, with nothing in flight
  Status init();
  // Of src nothing is read after it returns; what runs on the device later finds the bytes.
  Status write(uint64_t to, const void* src, int64_t n);
  Status read(uint64_t from, void* dst, int64_t n);

 private:
  struct Half {
    std::byte* memory = nullptr;
    CUevent over = nullptr;  // its last copy is
    bool used = false;
  };
  Status wait(Half& h);

  Device& device_;
  std::mutex mutex_;
  Half halves_[2];
  size_t next_ = 0;
};

}  // namespace infer::cuda
