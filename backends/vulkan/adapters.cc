#include "backends/vulkan/adapters.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "backends/vulkan/matrices.h"

namespace infer::vulkan {
namespace {

std::vector<std::string> extensions_of(VkPhysicalDevice d) {
  uint32_t n = 0;
  vkEnumerateDeviceExtensionProperties(d, nullptr, &n, nullptr);
  std::vector<VkExtensionProperties> all(n);
  vkEnumerateDeviceExtensionProperties(d, nullptr, &n, all.data());
  std::vector<std::string> names;
  for (uint32_t i = 0; i < std::min<size_t>(n, all.size()); ++i) names.emplace_back(all[i].extensionName);
  return names;
}

// What our kernels are written for.
std::string missing(VkPhysicalDevice d, const VkPhysicalDeviceProperties& p,
                    const VkPhysicalDeviceSubgroupProperties& s) {
  if (p.apiVersion < VK_API_VERSION_1_2) return "Vulkan 1.2";
  VkPhysicalDeviceVulkan12Features v12{};
  v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  VkPhysicalDeviceVulkan11Features v11{};
  v11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
  v11.pNext = &v12;
  VkPhysicalDeviceFeatures2 all{};
  all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  all.pNext = &v11;
  vkGetPhysicalDeviceFeatures2(d, &all);
  if (!v12.bufferDeviceAddress) return "bufferDeviceAddress";
  if (!v12.storageBuffer8BitAccess) return "storageBuffer8BitAccess";
  if (!v11.storageBuffer16BitAccess) return "storageBuffer16BitAccess";
  constexpr VkSubgroupFeatureFlags kNeeded = VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
  if ((s.supportedOperations & kNeeded) != kNeeded || !(s.supportedStages & VK_SHADER_STAGE_COMPUTE_BIT))
    return "sums over subgroups";
  if (p.limits.maxComputeWorkGroupInvocations < 128) return "workgroups of 128";
  return {};
}

// Can a kernel ask for subgroups without gaps? (Of devices with VK_EXT_subgroup_size_control.)
bool full_subgroups(VkPhysicalDevice d) {
  VkPhysicalDeviceSubgroupSizeControlFeaturesEXT control{};
  control.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES_EXT;
  VkPhysicalDeviceFeatures2 all{};
  all.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  all.pNext = &control;
  vkGetPhysicalDeviceFeatures2(d, &all);
  return control.computeFullSubgroups == VK_TRUE;
}

// Sums of products of packed signed bytes. (Of devices with VK_KHR_shader_integer_dot_product.)
void ask_for_dots(VkPhysicalDevice d, Adapter& a) {
  VkPhysicalDeviceShaderIntegerDotProductFeaturesKHR has{};
  has.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES_KHR;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &has;
  vkGetPhysicalDeviceFeatures2(d, &features);
  VkPhysicalDeviceShaderIntegerDotProductPropertiesKHR how{};
  how.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_PROPERTIES_KHR;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &how;
  vkGetPhysicalDeviceProperties2(d, &properties);
  a.dots = has.shaderIntegerDotProduct == VK_TRUE;
  a.fast_dots = a.dots && how.integerDotProduct4x8BitPackedSignedAccelerated == VK_TRUE;
}

int32_t kind_of(VkPhysicalDeviceType t) {
  switch (t) {
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
      return INFER_DEV_INTEGRATED;
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
      return INFER_DEV_DISCRETE;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
      return INFER_DEV_EMULATED;
    default:
      return INFER_DEV_OTHER;
  }
}

Adapter describe(VkInstance instance, VkPhysicalDevice d) {
  Adapter a;
  a.handle = d;
  VkPhysicalDeviceSubgroupProperties subgroup{};
  subgroup.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES;
  VkPhysicalDeviceExternalMemoryHostPropertiesEXT import{};
  import.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT;
  VkPhysicalDeviceProperties2 p{};
  p.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  p.pNext = &subgroup;
  const std::vector<std::string> extensions = extensions_of(d);
  const auto has = [&](const char* name) {
    return std::find(extensions.begin(), extensions.end(), name) != extensions.end();
  };
  const bool imports = has(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
  if (imports) subgroup.pNext = &import;
  VkPhysicalDeviceSubgroupSizeControlPropertiesEXT sizes{};
  sizes.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES_EXT;
  const bool controls = has(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
  if (controls) sizes.pNext = std::exchange(subgroup.pNext, &sizes);
  vkGetPhysicalDeviceProperties2(d, &p);
  const VkPhysicalDeviceProperties& about = p.properties;
  a.limits = about.limits;
  if (sizes.minSubgroupSize == sizes.maxSubgroupSize && controls && full_subgroups(d))
    a.subgroup = sizes.minSubgroupSize;
  a.name = about.deviceName;
  a.vendor = about.vendorID, a.device = about.deviceID, a.driver = about.driverVersion, a.api = about.apiVersion;
  std::memcpy(a.cache_id, about.pipelineCacheUUID, VK_UUID_SIZE);
  a.software = about.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  a.kind = kind_of(about.deviceType);
  a.shares_memory = a.software || a.kind == INFER_DEV_INTEGRATED;
  if (imports && a.shares_memory) a.import_alignment = static_cast<int64_t>(import.minImportedHostPointerAlignment);
  a.knows_budget = has(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  if (has(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME)) ask_for_dots(d, a);
  a.matrices = a.subgroup && a.subgroup <= 64 && a.limits.maxComputeWorkGroupInvocations >= 4 * a.subgroup &&
               has(kMatricesExtension) && has_matrices(instance, d);
  a.lacks = missing(d, about, subgroup);

  uint32_t n = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(d, &n, nullptr);
  std::vector<VkQueueFamilyProperties> families(n);
  vkGetPhysicalDeviceQueueFamilyProperties(d, &n, families.data());
  const auto computes = std::find_if(families.begin(), families.end(), [](const VkQueueFamilyProperties& f) {
    return (f.queueFlags & VK_QUEUE_COMPUTE_BIT) && f.queueCount > 0;
  });
  if (computes == families.end() && a.lacks.empty()) a.lacks = "a queue that computes";
  a.queue_family = static_cast<uint32_t>(computes - families.begin());

  VkPhysicalDeviceMemoryProperties memory{};
  vkGetPhysicalDeviceMemoryProperties(d, &memory);
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i)
    if (memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      a.memory_total += static_cast<int64_t>(memory.memoryHeaps[i].size);
  a.features =
      str("Vulkan ", VK_API_VERSION_MAJOR(about.apiVersion), ".", VK_API_VERSION_MINOR(about.apiVersion),
          ", subgroups of ", subgroup.subgroupSize,
          a.fast_dots ? ", int8 dot products (auto: int8)"
          : a.dots    ? ", int8 dot products in software (auto: exact)"
                      : "",
          a.matrices ? ", matrix units (f16, int8: over many rows)" : "",
          a.import_alignment ? ", uses host memory in place" : "", a.software ? ", computed by the processor" : "");
  return a;
}

}  // namespace

int64_t Adapter::memory_free() const {
  if (!knows_budget) return 0;
  VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{};
  budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT;
  VkPhysicalDeviceMemoryProperties2 memory{};
  memory.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2;
  memory.pNext = &budget;
  vkGetPhysicalDeviceMemoryProperties2(handle, &memory);
  int64_t bytes = 0;
  for (uint32_t i = 0; i < memory.memoryProperties.memoryHeapCount; ++i)
    if (memory.memoryProperties.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      bytes += static_cast<int64_t>(budget.heapBudget[i] - std::min(budget.heapUsage[i], budget.heapBudget[i]));
  return bytes;
}

Status Instance::init() {
  if (volkInitialize() != VK_SUCCESS) return Status::not_found("no Vulkan loader is installed");
  if (volkGetInstanceVersion() < VK_API_VERSION_1_2) return Status::unsupported("the Vulkan loader is older than 1.2");
  VkApplicationInfo app{};
  app.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
  app.pEngineName = "libinfer";
  app.apiVersion = VK_API_VERSION_1_2;
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  info.pApplicationInfo = &app;
  TRY(check(vkCreateInstance(&info, nullptr, &handle_), "starting Vulkan"));
  volkLoadInstance(handle_);
  uint32_t n = 0;
  TRY(check(vkEnumeratePhysicalDevices(handle_, &n, nullptr), "looking for Vulkan devices"));
  std::vector<VkPhysicalDevice> found(n);
  if (n) vkEnumeratePhysicalDevices(handle_, &n, found.data());
  for (VkPhysicalDevice d : found) adapters_.push_back(describe(handle_, d));
  return {};
}

}  // namespace infer::vulkan
