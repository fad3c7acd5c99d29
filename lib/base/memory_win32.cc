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

// Windows does not say how much of it was there: all is counted.
int64_t give_back(std::span<std::byte> bytes) {
  constexpr uintptr_t kPage = 4096;
  const auto at = reinterpret_cast<uintptr_t>(bytes.data());
  const uintptr_t begin = (at + kPage - 1) / kPage * kPage, end = (at + bytes.size()) / kPage * kPage;
  if (begin >= end || !VirtualAlloc(reinterpret_cast<void*>(begin), end - begin, MEM_RESET, PAGE_READWRITE)) return 0;
  return static_cast<int64_t>(end - begin);
}

}  // namespace infer
#endif
