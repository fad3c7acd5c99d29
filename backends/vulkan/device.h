// An open Vulkan device: its queue, its memory, its pipelines.
#pragma once
#include <libinfer/backend.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backends/vulkan/adapters.h"
#include "backends/vulkan/pipelines.h"
#include "backends/vulkan/precision.h"

namespace infer::vulkan {

// The handle of the device; destroyed after everything that was made of it.
struct LogicalDevice {
  VkDevice handle = VK_NULL_HANDLE;
  VkQueue queue = VK_NULL_HANDLE;
  VmaAllocator memory = VK_NULL_HANDLE;
  LogicalDevice() = default;
  LogicalDevice(const LogicalDevice&) = delete;
  ~LogicalDevice();
};

class Buffer;

class Device {
 public:
  struct Options {
    std::string folder;  // where pipelines are kept; empty: nowhere
    std::string precision = "auto";
    bool separate = false;  // for tests: as if host and device shared no memory
    int64_t lost_at = 0;    // for tests: this submission finds the device lost; 0: none
  };
  static Result<std::unique_ptr<Device>> open(const Adapter& adapter, const Options& options);
  ~Device();

  const Adapter& adapter() const { return adapter_; }
  VkDevice handle() const { return logical_.handle; }
  VmaAllocator memory() const { return logical_.memory; }
  struct MemoryUse {
    int64_t used = 0, taken = 0;  // bytes of buffers; of the driver's allocations that they are in
  };
  MemoryUse memory_use() const;
  Pipelines& pipelines() { return *pipelines_; }
  uint64_t tables() const;  // address of the code-books
  uint64_t counts() const;  // address of what kernels count
  const Policy& policy() const { return policy_; }
  Status supported(const infer_program& p, uint32_t op) const;  // would a plan take this node?

  // Once a call has answered that the device is lost, all do.
  Status check(VkResult r, std::string_view doing);
  Status alive() const;
  Status submit(VkCommandBuffer commands, VkFence fence);
  // Records by f(VkCommandBuffer), runs, waits.
  template <class F>
  Status once(F&& f) {
    const std::lock_guard lock(once_mutex_);
    TRY(begin_once());
    f(once_commands_);
    return end_once();
  }
  // Between host and memory that it does not see; at and n as of Buffer::write.
  Status copy_in(const Buffer& to, int64_t at, const void* src, int64_t n);
  Status copy_out(const Buffer& from, int64_t at, void* dst, int64_t n);

  std::atomic<int64_t> runs[INFER_OP_COUNT] = {};    // of each operator, over all plans
  std::atomic<int64_t> products[kArithmetics] = {};  // of them matrix products, by what they computed with
  std::atomic<int64_t> dispatches = 0;
  enum Counted { kScaledRows, kExactTiles, kCountedKinds };  // words at counts(): round_f16.comp, matmat_f16.comp
  int64_t counted(Counted what) const;

 private:
  explicit Device(const Adapter& adapter) : adapter_(adapter) {}
  Status init(const Options& options);
  Status make_tables();
  Status begin_once();
  Status end_once();

  Adapter adapter_;
  LogicalDevice logical_;
  std::mutex queue_mutex_, once_mutex_;
  std::atomic<bool> lost_{false};
  int64_t submissions_left_ = 0;  // until the device is lost; 0: as long as it lives
  std::unique_ptr<Pipelines> pipelines_;
  Policy policy_;
  std::unique_ptr<Buffer> tables_, counts_, staging_;
  VkCommandPool once_pool_ = VK_NULL_HANDLE;
  VkCommandBuffer once_commands_ = VK_NULL_HANDLE;
  VkFence once_fence_ = VK_NULL_HANDLE;
};

}  // namespace infer::vulkan
