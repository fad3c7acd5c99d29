#include "backends/cuda/staging.h"

#include <algorithm>
#include <cstring>

#include "backends/cuda/device.h"

namespace infer::cuda {
namespace {
constexpr int64_t kHalf = 4 << 20;  // bytes
}

Staging::~Staging() {
  for (Half& h : halves_) {
    if (h.over) (void)device_.driver().cuEventDestroy(h.over);
    if (h.memory) (void)device_.driver().cuMemFreeHost(h.memory);
  }
}

Status Staging::init() {
  const Driver& d = device_.driver();
  for (Half& h : halves_) {
    void* memory = nullptr;
    TRY(device_.check(d.cuMemHostAlloc(&memory, kHalf, 0), "getting pinned memory"));
    h.memory = static_cast<std::byte*>(memory);
    TRY(device_.check(d.cuEventCreate(&h.over, CU_EVENT_DISABLE_TIMING), "making an event"));
  }
  return {};
}

Status Staging::wait(Half& h) {
  if (!h.used) return {};
  h.used = false;
  return device_.check(device_.driver().cuEventSynchronize(h.over), "copying");
}

Status Staging::write(uint64_t to, const void* src, int64_t n) {
  const Driver& d = device_.driver();
  const std::lock_guard lock(mutex_);
  for (int64_t done = 0; done < n; done += kHalf) {
    const auto piece = static_cast<size_t>(std::min(kHalf, n - done));
    Half& h = halves_[next_ ^= 1];
    TRY(wait(h));
    std::memcpy(h.memory, static_cast<const std::byte*>(src) + done, piece);
    TRY(device_.check(d.cuMemcpyHtoDAsync(to + static_cast<uint64_t>(done), h.memory, piece, device_.stream()),
                      "copying"));
    TRY(device_.check(d.cuEventRecord(h.over, device_.stream()), "copying"));
    h.used = true;
  }
  return {};
}

Status Staging::read(uint64_t from, void* dst, int64_t n) {
  const Driver& d = device_.driver();
  const std::lock_guard lock(mutex_);
  for (int64_t done = 0; done < n; done += kHalf) {
    const auto piece = static_cast<size_t>(std::min(kHalf, n - done));
    Half& h = halves_[next_ ^= 1];
    TRY(wait(h));
    TRY(device_.check(d.cuMemcpyDtoHAsync(h.memory, from + static_cast<uint64_t>(done), piece, device_.stream()),
                      "copying"));
    TRY(device_.check(d.cuEventRecord(h.over, device_.stream()), "copying"));
    h.used = true;
    TRY(wait(h));
    std::memcpy(static_cast<std::byte*>(dst) + done, h.memory, piece);
  }
  return {};
}

}  // namespace infer::cuda
