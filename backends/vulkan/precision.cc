#include "backends/vulkan/precision.h"

#include "backends/vulkan/lower.h"

namespace infer::vulkan {

Result<Policy> policy_of(std::string_view word, bool dots, bool fast_dots) {
  const auto types = [](uint32_t type) { return lowering().has_int8(type); };
  const Arithmetic few = dots ? Arithmetic::kInt8 : Arithmetic::kF32;
  if (word == "exact") return Policy{};
  if (word == "f16") return Policy{Arithmetic::kF32, Arithmetic::kF16};
  if (word == "int8") return Policy{few, Arithmetic::kF16, types};
  if (word == "auto") return Policy{fast_dots ? few : Arithmetic::kF32, Arithmetic::kF32, types};
  return Status::invalid(str("vulkan.precision is '", word, "'; it takes auto, exact, f16 or int8"));
}

}  // namespace infer::vulkan
