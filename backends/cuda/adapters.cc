#include "backends/cuda/adapters.h"

namespace infer::cuda {
namespace {

constexpr int kLeastCapability = 80;  // what our kernels were compiled for

std::string version_text(int version) { return str(version / 1000, ".", version % 1000 / 10); }

Adapter describe(const Driver& d, CUdevice device, int version) {
  Adapter a;
  a.driver = &d;
  a.handle = device;
  char name[256] = {};
  a.name = d.cuDeviceGetName(name, sizeof name - 1, device) == CUDA_SUCCESS ? name : "a CUDA device";
  const auto value = [&](CUdevice_attribute what) {
    int v = 0;
    return d.cuDeviceGetAttribute(&v, what, device) == CUDA_SUCCESS ? v : 0;
  };
  const int major = value(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            minor = value(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  a.shared_memory = static_cast<uint32_t>(value(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK));
  if (d.emulated)
    a.kind = INFER_DEV_EMULATED;
  else if (value(CU_DEVICE_ATTRIBUTE_INTEGRATED))
    a.kind = INFER_DEV_INTEGRATED;
  size_t total = 0;
  if (d.cuDeviceTotalMem(&total, device) == CUDA_SUCCESS) a.memory_total = static_cast<int64_t>(total);
  a.features = str("compute capability ", major, ".", minor, ", ", value(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
                   " multiprocessors, CUDA ", version_text(version), d.emulated ? ", computed by the processor" : "");
  if (major * 10 + minor < kLeastCapability) a.lacks = "compute capability 8.0 (Ampere or newer)";
  if (version < kLeastVersion)
    a.lacks = str("a driver for CUDA ", version_text(kLeastVersion), "; its driver is for ", version_text(version));
  return a;
}

}  // namespace

int64_t Adapter::memory_free() const {
  unsigned flags = 0;
  int active = 0;
  if (driver->cuDevicePrimaryCtxGetState(handle, &flags, &active) != CUDA_SUCCESS || !active) return 0;
  CUcontext context = nullptr, popped = nullptr;
  if (driver->cuDevicePrimaryCtxRetain(&context, handle) != CUDA_SUCCESS) return 0;
  size_t free = 0, total = 0;
  if (driver->cuCtxPushCurrent(context) == CUDA_SUCCESS) {
    if (driver->cuMemGetInfo(&free, &total) != CUDA_SUCCESS) free = 0;
    (void)driver->cuCtxPopCurrent(&popped);
  }
  (void)driver->cuDevicePrimaryCtxRelease(handle);
  return static_cast<int64_t>(free);
}

Status Instance::init() {
  TRY_SET(const Driver* d, find_driver());
  const CUresult started = d->cuInit(0);
  if (started == CUDA_ERROR_NO_DEVICE) return Status::not_found("no CUDA driver shows a device");
  TRY(check(*d, started, "starting CUDA"));
  int version = 0, n = 0;
  TRY(check(*d, d->cuDriverGetVersion(&version), "asking the driver's version"));
  TRY(check(*d, d->cuDeviceGetCount(&n), "looking for CUDA devices"));
  for (int i = 0; i < n; ++i) {
    CUdevice device = 0;
    TRY(check(*d, d->cuDeviceGet(&device, i), "looking for CUDA devices"));
    adapters_.push_back(describe(*d, device, version));
  }
  return {};
}

}  // namespace infer::cuda
