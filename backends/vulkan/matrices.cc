#include "backends/vulkan/matrices.h"

#include <algorithm>
#include <vector>

namespace infer::vulkan {
namespace {

struct MatricesProperties {
  VkStructureType type = static_cast<VkStructureType>(1000506002);
  void* next = nullptr;
  VkShaderStageFlags stages = 0;
};
struct Shape {  // a product that the device has: m x k times k x n
  VkStructureType type = static_cast<VkStructureType>(1000506001);
  void* next = nullptr;
  uint32_t m = 0, n = 0, k = 0;
  uint32_t a = 0, b = 0, c = 0, result = 0;  // types of values
  VkBool32 saturates = VK_FALSE;
  uint32_t scope = 0;
};
constexpr uint32_t kHalf = 0, kFloat = 1, kSubgroup = 3;
using ShapesOf = VkResult(VKAPI_PTR*)(VkPhysicalDevice, uint32_t*, Shape*);

}  // namespace

bool has_matrices(VkInstance instance, VkPhysicalDevice device) {
  VkPhysicalDeviceVulkan12Features v12{};
  v12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
  MatricesFeature has;
  has.next = &v12;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &has;
  vkGetPhysicalDeviceFeatures2(device, &features);
  if (!has.matrices || !v12.shaderFloat16 || !v12.vulkanMemoryModel) return false;

  MatricesProperties where;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &where;
  vkGetPhysicalDeviceProperties2(device, &properties);
  if (!(where.stages & VK_SHADER_STAGE_COMPUTE_BIT)) return false;

  const auto shapes_of =
      reinterpret_cast<ShapesOf>(vkGetInstanceProcAddr(instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"));
  uint32_t n = 0;
  if (!shapes_of || shapes_of(device, &n, nullptr) != VK_SUCCESS) return false;
  std::vector<Shape> shapes(n);
  if (shapes_of(device, &n, shapes.data()) < VK_SUCCESS) return false;
  shapes.resize(std::min<size_t>(n, shapes.size()));
  return std::any_of(shapes.begin(), shapes.end(), [](const Shape& s) {
    return s.m == 16 && s.n == 16 && s.k == 16 && s.a == kHalf && s.b == kHalf && s.c == kFloat && s.result == kFloat &&
           !s.saturates && s.scope == kSubgroup;
  });
}

}  // namespace infer::vulkan
