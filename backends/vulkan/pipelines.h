// The compute pipelines of a device: one per kernel and its constants, made when a plan first needs it, several at a
// time, and kept on disk so that the next start finds them compiled.
#pragma once
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "backends/common/lower.h"
#include "backends/vulkan/adapters.h"

namespace infer::vulkan {

// A shader of shaders.gen.cc with the constants of its layout.
using backend::Kernel;

class Pipelines {
 public:
  Pipelines(VkDevice device, const Adapter& adapter, std::string folder)
      : device_(device), adapter_(adapter), folder_(std::move(folder)) {}
  ~Pipelines();
  Status init();
  VkPipelineLayout layout() const { return layout_; }
  Status make(std::span<const Kernel> kernels);  // those that there are not yet
  VkPipeline at(const Kernel& k) const;          // made before
  int64_t made() const;                          // how many, since the device was opened
  int64_t kept() const { return kept_; }         // bytes of an earlier start's that the driver was given

 private:
  Result<VkShaderModule> module(uint32_t shader);
  Result<VkPipeline> make_one(const Kernel& k);
  void load();
  void save() const;
  std::string file() const;

  VkDevice device_;
  const Adapter& adapter_;
  std::string folder_;
  VkPipelineLayout layout_ = VK_NULL_HANDLE;
  VkPipelineCache cache_ = VK_NULL_HANDLE;
  int64_t kept_ = 0;
  mutable std::mutex mutex_;
  std::map<uint32_t, VkShaderModule> modules_;
  std::map<Kernel, VkPipeline> pipelines_;
};

}  // namespace infer::vulkan
