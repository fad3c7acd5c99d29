// infer_buf of this backend: memory of the device with an address for kernels, seen by the host where they share it.
#pragma once
#include <libinfer/backend.h>

#include <memory>

#include "backends/vulkan/device.h"

namespace infer::vulkan {

class Buffer {
 public:
  // Zeroed. use: infer_use.
  static Result<std::unique_ptr<Buffer>> make(Device& device, int64_t bytes, int32_t use);
  // Host memory in place; E_UNSUPPORTED where the device does not do that.
  static Result<std::unique_ptr<Buffer>> import(Device& device, const void* data, int64_t bytes, bool read_only);
  ~Buffer();
  Buffer(const Buffer&) = delete;

  Device& device() const { return device_; }
  VkBuffer handle() const { return handle_; }
  uint64_t address() const { return address_; }
  std::byte* host() const { return host_; }  // null: the host does not see it
  int64_t bytes() const { return bytes_; }
  bool read_only() const { return read_only_; }
  Status write(int64_t at, const void* src, int64_t n);
  Status read(int64_t at, void* dst, int64_t n) const;

 private:
  explicit Buffer(Device& device) : device_(device) {}
  Status holds(int64_t at, int64_t n, const void* other) const;
  Status fill_zero(VkDeviceSize size);

  Device& device_;
  VkBuffer handle_ = VK_NULL_HANDLE;
  VmaAllocation owned_ = VK_NULL_HANDLE;
  VkDeviceMemory imported_ = VK_NULL_HANDLE;
  uint64_t address_ = 0;
  std::byte* host_ = nullptr;
  int64_t bytes_ = 0;
  bool read_only_ = false;
};
inline Buffer* buffer(infer_buf* b) { return reinterpret_cast<Buffer*>(b); }
inline infer_buf* as_buf(Buffer* b) { return reinterpret_cast<infer_buf*>(b); }

}  // namespace infer::vulkan
