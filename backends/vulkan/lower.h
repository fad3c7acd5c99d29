// How the vulkan backend splits products and attention over workgroups, and with what numbers it computes them
// (precision.h); the rest is every GPU's (backends/common/lower.h). Constants of kernels: the size of the workgroup and
// three of the shader's own (layout constant_id 0 .. 3).
#pragma once
#include "backends/common/lower.h"

namespace infer::vulkan {

struct Surroundings : backend::Surroundings {
  bool matrices = false;  // matrix units, as matmat_coop.comp takes them
};

// Its nodes are lowered in surroundings of the kind above.
const backend::Lowering& lowering();

}  // namespace infer::vulkan
