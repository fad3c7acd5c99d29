// NVIDIA's driver, found at run time: a table of the functions that driver.def names. Nothing of CUDA is linked, and
// where there is no driver the plugin says so.
#pragma once
#include <cuda.h>

#include <string_view>

#include "base/status.h"

namespace infer::cuda {

struct Driver {
#define INFER_CUDA_FUNCTION(name) decltype(&::name) name = nullptr;
#include "backends/cuda/driver.def"
#undef INFER_CUDA_FUNCTION
  bool emulated = false;  // a processor computes in place of a GPU: tests
};

constexpr int kLeastVersion = 13000;  // of CUDA: our kernels were compiled by 13.0

// The driver's functions, not yet called. Found once, then kept.
Result<const Driver*> find_driver();

// A failed call as a Status: memory and a lost device by their own codes, E_INTERNAL else. doing: "making a stream".
Status check(const Driver& d, CUresult r, std::string_view doing);
// After such an answer nothing on the device works any more.
bool loses_device(CUresult r);

}  // namespace infer::cuda
