#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "base/memory.h"

namespace infer {

int64_t free_memory() {
  MEMORYSTATUSEX status{};
  status.dwLength = sizeof status;
  return GlobalMemoryStatusEx(&status) ? static_cast<int64_t>(status.ullAvailPhys) : 0;
}

// Unlocking pages that are not locked takes them out of the working set.
void forget_mapped(std::span<const std::byte> bytes) {
  VirtualUnlock(const_cast<std::byte*>(bytes.data()), bytes.size());
}

}  // namespace infer
#endif
