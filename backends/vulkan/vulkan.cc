#define VOLK_IMPLEMENTATION
#define VMA_IMPLEMENTATION
#define VMA_STATIC_VULKAN_FUNCTIONS 0
#define VMA_DYNAMIC_VULKAN_FUNCTIONS 1
#include "backends/vulkan/vulkan.h"

namespace infer::vulkan {

Status check(VkResult r, std::string_view doing) {
  switch (r) {
    case VK_SUCCESS:
      return {};
    case VK_ERROR_OUT_OF_HOST_MEMORY:
      return Status::no_memory(str(doing, ": no memory in the host"));
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_TOO_MANY_OBJECTS:
      return Status::no_memory(str(doing, ": the device has no memory for it"),
                               "use a shorter context, a smaller model, or let a part of it run on cpu");
    case VK_ERROR_INCOMPATIBLE_DRIVER:
      return Status::not_found(str(doing, ": no Vulkan driver is installed"));
    case VK_ERROR_DEVICE_LOST:
      return Status(INFER_E_DEVICE_LOST, str(doing, ": the device is lost"));
    default:
      return Status::internal(str(doing, ": Vulkan answers ", static_cast<int>(r)));
  }
}

}  // namespace infer::vulkan
