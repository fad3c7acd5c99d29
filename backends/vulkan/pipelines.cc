#include "backends/vulkan/pipelines.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "backends/vulkan/shaders.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/processors.h"
#include "base/thread.h"

namespace infer::vulkan {
namespace {

// What stands before a driver's own bytes in the file. Drivers are not robust against damaged caches.
struct Header {
  uint64_t magic, bytes, checksum;
  uint32_t vendor, device, driver, api;
  uint8_t id[VK_UUID_SIZE];
};
constexpr uint64_t kMagic = 0x31304b5649464e49;  // "INFIVK01"

Header header_for(const Adapter& a, std::span<const std::byte> data) {
  Header h{kMagic, data.size(), hash64(data), a.vendor, a.device, a.driver, a.api, {}};
  std::memcpy(h.id, a.cache_id, sizeof h.id);
  return h;
}

}  // namespace

Pipelines::~Pipelines() {
  for (const auto& [kernel, pipeline] : pipelines_) vkDestroyPipeline(device_, pipeline, nullptr);
  for (const auto& [shader, module] : modules_) vkDestroyShaderModule(device_, module, nullptr);
  if (cache_) vkDestroyPipelineCache(device_, cache_, nullptr);
  if (layout_) vkDestroyPipelineLayout(device_, layout_, nullptr);
}

Status Pipelines::init() {
  const VkPushConstantRange node{VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(uint64_t)};
  VkPipelineLayoutCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  info.pushConstantRangeCount = 1;
  info.pPushConstantRanges = &node;
  TRY(check(vkCreatePipelineLayout(device_, &info, nullptr, &layout_), "making a pipeline layout"));
  load();
  return {};
}

std::string Pipelines::file() const {
  const std::string id(reinterpret_cast<const char*>(adapter_.cache_id), sizeof adapter_.cache_id);
  return str(folder_, "/vulkan-", hash128(str(adapter_.name, adapter_.driver, id)).hex(), ".pipelines");
}

// A cache that is damaged, or another driver's, is as good as none.
void Pipelines::load() {
  std::vector<std::byte> data;
  if (!folder_.empty()) {
    if (const auto kept = File::open(file(), File::Links::kRefuse);
        kept.ok() && (*kept)->bytes().size() > sizeof(Header)) {
      Header h;
      std::memcpy(&h, (*kept)->bytes().data(), sizeof h);
      const auto bytes = (*kept)->bytes().subspan(sizeof h);
      const Header want = header_for(adapter_, bytes);
      if (std::memcmp(&h, &want, sizeof h) == 0) data.assign(bytes.begin(), bytes.end());
    }
  }
  VkPipelineCacheCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO;
  kept_ = static_cast<int64_t>(data.size());
  info.initialDataSize = data.size();
  info.pInitialData = data.data();
  if (vkCreatePipelineCache(device_, &info, nullptr, &cache_) != VK_SUCCESS) cache_ = VK_NULL_HANDLE;
}

void Pipelines::save() const {
  size_t n = 0;
  if (folder_.empty() || !cache_ || vkGetPipelineCacheData(device_, cache_, &n, nullptr) != VK_SUCCESS || n == 0)
    return;
  std::vector<std::byte> data(n);
  if (vkGetPipelineCacheData(device_, cache_, &n, data.data()) != VK_SUCCESS) return;
  data.resize(n);
  const Header h = header_for(adapter_, data);
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(&h, 1)), data};
  (void)make_folder(folder_).ok();
  (void)write_file(file(), pieces).ok();  // the next start compiles again
}

Result<VkShaderModule> Pipelines::module(uint32_t shader) {
  const std::lock_guard lock(mutex_);
  if (const auto found = modules_.find(shader); found != modules_.end()) return found->second;
  const Shader& s = all_shaders()[shader];
  VkShaderModuleCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  info.codeSize = s.words.size_bytes();
  info.pCode = s.words.data();
  VkShaderModule made = VK_NULL_HANDLE;
  TRY(check(vkCreateShaderModule(device_, &info, nullptr, &made), str("loading shader ", s.name)));
  modules_[shader] = made;
  return made;
}

Result<VkPipeline> Pipelines::make_one(const Kernel& k) {
  TRY_SET(const VkShaderModule code, module(k.shader));
  VkSpecializationMapEntry entries[4];
  for (uint32_t i = 0; i < 4; ++i) entries[i] = {i, i * 4, 4};
  const VkSpecializationInfo constants{4, entries, sizeof k.constants, k.constants.data()};
  VkComputePipelineCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = code;
  info.stage.pName = "main";
  info.stage.pSpecializationInfo = &constants;
  // matvec.comp may rely on its workgroup being one whole subgroup.
  if (adapter_.subgroup && k.constants[0] % adapter_.subgroup == 0)
    info.stage.flags = VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT_EXT;
  info.layout = layout_;
  VkPipeline made = VK_NULL_HANDLE;
  TRY(check(vkCreateComputePipelines(device_, cache_, 1, &info, nullptr, &made),
            str("compiling kernel ", all_shaders()[k.shader].name)));
  return made;
}

Status Pipelines::make(std::span<const Kernel> kernels) {
  std::vector<Kernel> missing;
  {
    const std::lock_guard lock(mutex_);
    for (const Kernel& k : kernels)
      if (!pipelines_.contains(k) && std::find(missing.begin(), missing.end(), k) == missing.end())
        missing.push_back(k);
  }
  if (missing.empty()) return {};
  std::atomic<size_t> next{0};
  std::vector<Status> failures(missing.size());
  const auto work = [&] {
    for (size_t i = next.fetch_add(1); i < missing.size(); i = next.fetch_add(1)) {
      auto made = make_one(missing[i]);
      if (!made.ok()) {
        failures[i] = made.status();
        continue;
      }
      const std::lock_guard lock(mutex_);
      if (!pipelines_.emplace(missing[i], *made).second)
        vkDestroyPipeline(device_, *made, nullptr);  // another plan was faster
    }
  };
  {
    std::vector<Thread> helpers;
    const size_t n = std::min<size_t>(missing.size(), static_cast<size_t>(usable_processors()));
    for (size_t i = 1; i < n; ++i)
      if (auto t = Thread::start(work); t.ok()) helpers.push_back(t.take());
    work();
  }
  for (const Status& s : failures) TRY(s);
  save();
  return {};
}

VkPipeline Pipelines::at(const Kernel& k) const {
  const std::lock_guard lock(mutex_);
  const auto found = pipelines_.find(k);
  return found == pipelines_.end() ? VK_NULL_HANDLE : found->second;
}

int64_t Pipelines::made() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(pipelines_.size());
}

}  // namespace infer::vulkan
