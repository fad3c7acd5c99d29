#include "backends/cuda/buffer.h"

#include <cstring>

#include "backends/cuda/staging.h"
#include "base/checked.h"

namespace infer::cuda {
namespace {

// Kernels put words together from aligned ones: they read up to eleven bytes past the end.
constexpr int64_t kBeyond = 64;

}  // namespace

Result<std::unique_ptr<Buffer>> Buffer::make(Device& device, int64_t bytes, int32_t use) {
  if (bytes < 0) return Status::invalid(str("a buffer of ", bytes, " bytes"));
  if (bytes > (int64_t{1} << 46))
    return Status::no_memory(str("a buffer of ", bytes, " bytes is more than any device has"));
  TRY(device.alive());
  const Driver& d = device.driver();
  const Device::Current current(device);
  std::unique_ptr<Buffer> b(new Buffer(device, bytes));
  const auto size = static_cast<size_t>((bytes + kBeyond + 63) / 64 * 64);
  if (use == INFER_USE_EXCHANGE) {
    void* memory = nullptr;
    CUdeviceptr address = 0;
    TRY(device.check(d.cuMemHostAlloc(&memory, size, CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP),
                     str("getting ", bytes, " bytes of pinned memory")));
    b->host_ = static_cast<std::byte*>(memory);
    device.pinned += bytes;
    TRY(device.check(d.cuMemHostGetDevicePointer(&address, memory, 0), "mapping pinned memory"));
    b->address_ = address;
    std::memset(memory, 0, size);
    return b;
  }
  CUdeviceptr address = 0;
  TRY(device.check(d.cuMemAlloc(&address, size), str("getting ", bytes, " bytes of ", device.adapter().name)));
  b->address_ = address;
  device.memory += bytes;
  TRY(device.check(d.cuMemsetD8Async(address, 0, size, device.stream()), "clearing memory"));
  return b;
}

Buffer::~Buffer() {
  const Device::Current current(device_);
  if (host_) {
    (void)device_.driver().cuMemFreeHost(host_);
    device_.pinned -= bytes_;
  } else if (address_) {
    (void)device_.driver().cuMemFree(address_);
    device_.memory -= bytes_;
  }
}

Status Buffer::holds(int64_t at, int64_t n, const void* other) const {
  if (!inside(at, n, bytes_)) return Status::invalid(str("bytes [", at, ", +", n, ") of a buffer of ", bytes_));
  if (!other && n > 0) return Status::invalid("no memory to copy from or to");
  return device_.alive();
}

Status Buffer::write(int64_t at, const void* src, int64_t n) {
  TRY(holds(at, n, src));
  if (n == 0) return {};
  if (host_) return std::memcpy(host_ + at, src, static_cast<size_t>(n)), Status();
  const Device::Current current(device_);
  return device_.staging().write(address_ + static_cast<uint64_t>(at), src, n);
}

Status Buffer::read(int64_t at, void* dst, int64_t n) const {
  TRY(holds(at, n, dst));
  if (n == 0) return {};
  if (host_) return std::memcpy(dst, host_ + at, static_cast<size_t>(n)), Status();
  const Device::Current current(device_);
  return device_.staging().read(address_ + static_cast<uint64_t>(at), dst, n);
}

}  // namespace infer::cuda
