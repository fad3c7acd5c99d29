// How the cuda backend splits products and attention over blocks; the rest is every GPU's (backends/common/lower.h).
// Constants of kernels: threads of a block, bytes of shared memory.
#pragma once
#include <string_view>

#include "backends/common/lower.h"
#include "base/status.h"

namespace infer::cuda {

const backend::Lowering& lowering();

// The option cuda.precision. auto, int8: products with x as numbers of 8 bits where there are kernels for the type,
// over any number of rows, so that a row's answer does not depend on it; exact: x as it is. E_INVALID: no such word.
Result<backend::Policy> policy_of(std::string_view word);

}  // namespace infer::cuda
