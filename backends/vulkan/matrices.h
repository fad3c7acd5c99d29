// Matrix units: VK_KHR_cooperative_matrix, of which Debian 12's headers do not know yet, so what is needed of it stands
// here.
#pragma once
#include "backends/vulkan/vulkan.h"

namespace infer::vulkan {

constexpr const char* kMatricesExtension = "VK_KHR_cooperative_matrix";

// What device creation chains to its features.
struct MatricesFeature {
  VkStructureType type = static_cast<VkStructureType>(1000506000);
  void* next = nullptr;
  VkBool32 matrices = VK_FALSE, robust = VK_FALSE;
};

// Does a device with the extension multiply 16 x 16 x 16 of binary16 into binary32 by a subgroup, in compute kernels,
// and has it what matmat_coop.comp needs beside: binary16 numbers and the Vulkan memory model?
bool has_matrices(VkInstance instance, VkPhysicalDevice device);

}  // namespace infer::vulkan
