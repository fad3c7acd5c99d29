// What the host must know of kernels that share memory between a block's threads.
#pragma once
#include <stdint.h>

namespace infer::cuda {

// matmat_int8 (weights_int8.cu): tiles of a block, and bytes of shared memory.
constexpr uint32_t kBlockRows = 64, kBlockColumns = 32, kRunBytes = 43008;

}  // namespace infer::cuda
