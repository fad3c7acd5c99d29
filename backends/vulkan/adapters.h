// The Vulkan devices of this machine, and whether we can use them.
#pragma once
#include <libinfer/backend.h>

#include <string>
#include <vector>

#include "backends/common/gpu_calls.h"
#include "backends/vulkan/vulkan.h"

namespace infer::vulkan {

struct Adapter {
  VkPhysicalDevice handle = VK_NULL_HANDLE;
  VkPhysicalDeviceLimits limits{};
  std::string name, features;  // "llvmpipe (LLVM 15.0.6, 256 bits)", "Vulkan 1.3, subgroups of 8, imports memory"
  std::string lacks;           // what it would have to have; empty: usable
  uint32_t vendor = 0, device = 0, driver = 0, api = 0;
  uint8_t cache_id[VK_UUID_SIZE] = {};  // of pipelines that its driver made
  uint32_t queue_family = 0;
  uint32_t subgroup = 0;  // invocations of every subgroup of a kernel that asks for full ones; 0: who knows
  int32_t kind = INFER_DEV_OTHER;
  bool software = false;                 // a processor computes it
  bool shares_memory = false;            // with the host: integrated, or software
  int64_t import_alignment = 0;          // of host memory that it uses in place; 0: it does not
  bool knows_budget = false;             // VK_EXT_memory_budget
  bool matrices = false;                 // cooperative matrices as matmat_coop.comp takes them
  bool dots = false, fast_dots = false;  // of packed bytes (VK_KHR_shader_integer_dot_product); in hardware
  int64_t memory_total = 0;
  int64_t memory_free() const;
};

class Instance : public backend::Kept<Instance> {
 public:
  static constexpr const char* kApi = "Vulkan";
  Status init();
  VkInstance handle() const { return handle_; }
  const std::vector<Adapter>& adapters() const { return adapters_; }

 private:
  VkInstance handle_ = VK_NULL_HANDLE;
  std::vector<Adapter> adapters_;
};

}  // namespace infer::vulkan
