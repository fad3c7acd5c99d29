// The option vulkan.precision, and what the device has:
//
//   exact  weights and x as they are, products and sums in binary32
//   f16    products over many rows with block types in binary16
//   int8   the same over many rows; over few, and of experts, in numbers of 8 bits
//   auto   int8 over few rows where the device multiplies packed bytes in hardware, exact otherwise
#pragma once
#include <string_view>

#include "backends/common/rounding.h"
#include "base/status.h"

namespace infer::vulkan {

using backend::Arithmetic;
using backend::kArithmetics;
using backend::Policy;

// dots: the device has dot products of packed bytes; fast_dots: in hardware. E_INVALID: no such word.
Result<Policy> policy_of(std::string_view word, bool dots, bool fast_dots);

}  // namespace infer::vulkan
