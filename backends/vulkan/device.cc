#include "backends/vulkan/device.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "backends/common/code_books.h"
#include "backends/vulkan/buffer.h"
#include "backends/vulkan/lower.h"
#include "backends/vulkan/matrices.h"

namespace infer::vulkan {
namespace {

constexpr int64_t kStaging = 4 << 20;  // bytes that go between host and device at a time

}  // namespace

LogicalDevice::~LogicalDevice() {
  if (memory) vmaDestroyAllocator(memory);
  if (handle) vkDestroyDevice(handle, nullptr);
}

Result<std::unique_ptr<Device>> Device::open(const Adapter& adapter, const Options& options) {
  if (!adapter.lacks.empty()) return Status::unsupported(str(adapter.name, " lacks ", adapter.lacks));
  std::unique_ptr<Device> d(new Device(adapter));
  if (options.separate) d->adapter_.shares_memory = false, d->adapter_.import_alignment = 0;
  TRY_SET(d->policy_, policy_of(options.precision, adapter.dots, adapter.fast_dots));
  TRY(d->init(options));
  return d;
}

Device::~Device() {
  if (logical_.handle) vkDeviceWaitIdle(logical_.handle);
  if (once_fence_) vkDestroyFence(logical_.handle, once_fence_, nullptr);
  if (once_pool_) vkDestroyCommandPool(logical_.handle, once_pool_, nullptr);
}

Status Device::init(const Options& options) {
  const float priority = 1;
  VkDeviceQueueCreateInfo queue{};
  queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
  queue.queueFamilyIndex = adapter_.queue_family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &priority;
  VkPhysicalDeviceVulkan12Features v12{};
  v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  v12.bufferDeviceAddress = v12.storageBuffer8BitAccess = VK_TRUE;
  VkPhysicalDeviceVulkan11Features v11{};
  v11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  v11.pNext = &v12;
  v11.storageBuffer16BitAccess = VK_TRUE;
  std::vector<const char*> extensions;
  if (adapter_.import_alignment) extensions.push_back(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
  if (adapter_.subgroup) extensions.push_back(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
  if (adapter_.dots) extensions.push_back(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
  if (adapter_.knows_budget) extensions.push_back(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  if (adapter_.matrices) extensions.push_back(kMatricesExtension);
  VkDeviceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
  VkPhysicalDeviceSubgroupSizeControlFeaturesEXT full{};
  full.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT;
  full.computeFullSubgroups = VK_TRUE;
  if (adapter_.subgroup) v12.pNext = &full;
  VkPhysicalDeviceShaderIntegerDotProductFeaturesKHR dots{};
  dots.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES_KHR;
  dots.shaderIntegerDotProduct = VK_TRUE;
  if (adapter_.dots) dots.pNext = std::exchange(v12.pNext, &dots);
  MatricesFeature matrices;
  matrices.matrices = VK_TRUE;
  if (adapter_.matrices) {
    v12.shaderFloat16 = v12.vulkanMemoryModel = VK_TRUE;
    matrices.next = std::exchange(v12.pNext, &matrices);
  }
  info.pNext = &v11;
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  TRY(check(vkCreateDevice(adapter_.handle, &info, nullptr, &logical_.handle), str("opening ", adapter_.name)));
  vkGetDeviceQueue(logical_.handle, adapter_.queue_family, 0, &logical_.queue);

  TRY_SET(const Instance* instance, Instance::get());
  VmaVulkanFunctions functions{};
  functions.vkGetInstanceProcAddr = vkGetInstanceProcAddr;
  functions.vkGetDeviceProcAddr = vkGetDeviceProcAddr;
  VmaAllocatorCreateInfo memory{};
  memory.flags = VMA_ALLOCATOR_CREATE_BUFFER_DEVICE_ADDRESS_BIT;
  memory.physicalDevice = adapter_.handle;
  memory.device = logical_.handle;
  memory.instance = instance->handle();
  memory.pVulkanFunctions = &functions;
  memory.vulkanApiVersion = VK_API_VERSION_1_2;
  TRY(check(vmaCreateAllocator(&memory, &logical_.memory), "starting the memory allocator"));

  VkCommandPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
  pool.queueFamilyIndex = adapter_.queue_family;
  TRY(check(vkCreateCommandPool(logical_.handle, &pool, nullptr, &once_pool_), "making a command pool"));
  VkCommandBufferAllocateInfo commands{};
  commands.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
  commands.commandPool = once_pool_;
  commands.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  commands.commandBufferCount = 1;
  TRY(check(vkAllocateCommandBuffers(logical_.handle, &commands, &once_commands_), "making a command buffer"));
  VkFenceCreateInfo fence{};
  fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
  TRY(check(vkCreateFence(logical_.handle, &fence, nullptr, &once_fence_), "making a fence"));

  pipelines_ = std::make_unique<Pipelines>(logical_.handle, adapter_, options.folder);
  TRY(pipelines_->init());
  if (!adapter_.shares_memory) {
    TRY_SET(staging_, Buffer::make(*this, kStaging, INFER_USE_EXCHANGE));
  }
  TRY(make_tables());
  TRY_SET(counts_, Buffer::make(*this, kCountedKinds * int64_t{sizeof(uint32_t)}, INFER_USE_EXCHANGE));
  submissions_left_ = options.lost_at;
  return {};
}

Status Device::make_tables() {
  const std::vector<uint32_t> words = backend::code_book_words();
  const auto bytes = static_cast<int64_t>(words.size() * sizeof(uint32_t));
  TRY_SET(tables_, Buffer::make(*this, bytes, INFER_USE_WEIGHT));
  return tables_->write(0, words.data(), bytes);
}

Status Device::supported(const infer_program& p, uint32_t op) const {
  return lowering().supported(p, op, adapter_.limits.maxComputeSharedMemorySize);
}

uint64_t Device::tables() const { return tables_->address(); }
uint64_t Device::counts() const { return counts_->address(); }

// Kernels may be counting: a number is whole, but may be a moment old.
int64_t Device::counted(Counted what) const {
  const auto* words = reinterpret_cast<const volatile uint32_t*>(counts_->host());
  return words[what];
}

Status Device::check(VkResult r, std::string_view doing) {
  if (r == VK_ERROR_DEVICE_LOST) lost_.store(true);
  return vulkan::check(r, doing);
}

Status Device::alive() const {
  return lost_.load() ? Status(INFER_E_DEVICE_LOST, str(adapter_.name, " is lost"), "open the model again") : Status();
}

Status Device::submit(VkCommandBuffer commands, VkFence fence) {
  TRY(alive());
  VkSubmitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands;
  const std::lock_guard lock(queue_mutex_);
  if (submissions_left_ > 0 && --submissions_left_ == 0) return check(VK_ERROR_DEVICE_LOST, "submitting work");
  return check(vkQueueSubmit(logical_.queue, 1, &info, fence), "submitting work");
}

Status Device::begin_once() {
  TRY(alive());
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  return check(vkBeginCommandBuffer(once_commands_, &begin), "recording a copy");
}

Status Device::end_once() {
  TRY(check(vkEndCommandBuffer(once_commands_), "recording a copy"));
  TRY(submit(once_commands_, once_fence_));
  TRY(check(vkWaitForFences(logical_.handle, 1, &once_fence_, VK_TRUE, UINT64_MAX), "copying"));
  return check(vkResetFences(logical_.handle, 1, &once_fence_), "copying");
}

Status Device::copy_in(const Buffer& to, int64_t at, const void* src, int64_t n) {
  for (int64_t done = 0; done < n; done += kStaging) {
    const int64_t piece = std::min(kStaging, n - done);
    const std::lock_guard lock(once_mutex_);
    std::memcpy(staging_->host(), static_cast<const std::byte*>(src) + done, static_cast<size_t>(piece));
    TRY(begin_once());
    const VkBufferCopy region{0, static_cast<VkDeviceSize>(at + done), static_cast<VkDeviceSize>(piece)};
    vkCmdCopyBuffer(once_commands_, staging_->handle(), to.handle(), 1, &region);
    TRY(end_once());
  }
  return {};
}

Status Device::copy_out(const Buffer& from, int64_t at, void* dst, int64_t n) {
  for (int64_t done = 0; done < n; done += kStaging) {
    const int64_t piece = std::min(kStaging, n - done);
    const std::lock_guard lock(once_mutex_);
    TRY(begin_once());
    const VkBufferCopy region{static_cast<VkDeviceSize>(at + done), 0, static_cast<VkDeviceSize>(piece)};
    vkCmdCopyBuffer(once_commands_, from.handle(), staging_->handle(), 1, &region);
    VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_TRANSFER_WRITE_BIT,
                            VK_ACCESS_HOST_READ_BIT};
    vkCmdPipelineBarrier(once_commands_, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0,
                         nullptr, 0, nullptr);
    TRY(end_once());
    std::memcpy(static_cast<std::byte*>(dst) + done, staging_->host(), static_cast<size_t>(piece));
  }
  return {};
}

Device::MemoryUse Device::memory_use() const {
  VmaBudget heaps[VK_MAX_MEMORY_HEAPS] = {};
  vmaGetHeapBudgets(logical_.memory, heaps);
  MemoryUse sum;
  for (const VmaBudget& heap : heaps) {  // those that the device lacks are zero
    sum.used += static_cast<int64_t>(heap.statistics.allocationBytes);
    sum.taken += static_cast<int64_t>(heap.statistics.blockBytes);
  }
  return sum;
}

}  // namespace infer::vulkan
