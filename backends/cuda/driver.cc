#include "backends/cuda/driver.h"

namespace infer::cuda {

bool loses_device(CUresult r) {
  switch (r) {
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_LAUNCH_FAILED:
    case CUDA_ERROR_ASSERT:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_CONTAINED:
    case CUDA_ERROR_CONTEXT_IS_DESTROYED:
    case CUDA_ERROR_DEVICE_UNAVAILABLE:
    case CUDA_ERROR_DEINITIALIZED:
      return true;
    default:
      return false;
  }
}

Status check(const Driver& d, CUresult r, std::string_view doing) {
  if (r == CUDA_SUCCESS) return {};
  if (r == CUDA_ERROR_OUT_OF_MEMORY)
    return Status::no_memory(str(doing, ": the device has no memory for it"),
                             "use a shorter context, a smaller model, or let a part of it run on cpu");
  const char* name = nullptr;
  if (!d.cuGetErrorName || d.cuGetErrorName(r, &name) != CUDA_SUCCESS || !name) name = "an unknown error";
  if (loses_device(r))
    return Status(INFER_E_DEVICE_LOST, str(doing, ": the device is lost (", name, ")"), "start the program again");
  return Status::internal(str(doing, ": CUDA answers ", name, " (", static_cast<int>(r), ")"));
}

}  // namespace infer::cuda
