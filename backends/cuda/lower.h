// How the cuda backend splits products and attention over blocks; the rest is every GPU's (backends/common/lower.h).
// Constants of kernels: threads of a block, bytes of shared memory.
#pragma once
#include "backends/common/lower.h"

namespace infer::cuda {

const backend::Lowering& lowering();

}  // namespace infer::cuda
