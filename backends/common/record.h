// What a kernel of a GPU works on. Read by host code and by CUDA's kernels; `Node` of vulkan's shaders has the same
// bytes.
#pragma once
#include <stdint.h>

namespace infer::backend {

struct Record {
  uint64_t a[8] = {};   // addresses
  uint32_t n[24] = {};  // counts: each kernel says what they mean
  float f[8] = {};
};
static_assert(sizeof(Record) == 192);

}  // namespace infer::backend
