// infer_buf of this backend: memory of the device, or, for what the host writes and reads between runs, pinned memory
// of the host that kernels reach by an address of their own.
#pragma once
#include <libinfer/backend.h>

#include <cstddef>
#include <memory>

#include "backends/cuda/device.h"

namespace infer::cuda {

class Buffer {
 public:
  // Zeroed. use: infer_use.
  static Result<std::unique_ptr<Buffer>> make(Device& device, int64_t bytes, int32_t use);
  ~Buffer();
  Buffer(const Buffer&) = delete;

  Device& device() const { return device_; }
  uint64_t address() const { return address_; }
  std::byte* host() const { return host_; }  // null: the host does not see it
  int64_t bytes() const { return bytes_; }
  bool read_only() const { return false; }
  Status write(int64_t at, const void* src, int64_t n);
  Status read(int64_t at, void* dst, int64_t n) const;

 private:
  Buffer(Device& device, int64_t bytes) : device_(device), bytes_(bytes) {}
  Status holds(int64_t at, int64_t n, const void* other) const;

  Device& device_;
  uint64_t address_ = 0;
  std::byte* host_ = nullptr;
  int64_t bytes_ = 0;
};
inline Buffer* buffer(infer_buf* b) { return reinterpret_cast<Buffer*>(b); }
inline infer_buf* as_buf(Buffer* b) { return reinterpret_cast<infer_buf*>(b); }

}  // namespace infer::cuda
