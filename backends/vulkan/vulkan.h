// Vulkan's functions (through volk, which finds the loader at run time: nothing is linked) and the memory allocator
// (VMA), with our failures.
#pragma once
#include <volk.h>

#include <vk_mem_alloc.h>

#include <string_view>

#include "base/status.h"

namespace infer::vulkan {

// A failed call as a Status: memory and a lost device by their own codes, E_INTERNAL else. doing: "making a buffer".
Status check(VkResult r, std::string_view doing);

}  // namespace infer::vulkan
