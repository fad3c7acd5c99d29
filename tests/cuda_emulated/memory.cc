#include "tests/cuda_emulated/memory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace infer::cuda_emulated {
namespace {
constexpr size_t kPage = 4096, kAlignment = 256;
size_t padded(size_t n, size_t to) { return (n + to - 1) / to * to; }
}  // namespace

uint64_t Memory::allocate(size_t bytes) {
  const size_t whole = padded(bytes, kAlignment), pages = padded(whole, kPage);
  if (bytes == 0 || pages > left()) return 0;
  void* const memory = mmap(nullptr, pages + kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return 0;
  auto* const first = static_cast<std::byte*>(memory);
  std::byte* const data = first + (pages - whole);
  blocks_[reinterpret_cast<uint64_t>(data)] = {first, data, pages, bytes};
  used_ += pages;
  return reinterpret_cast<uint64_t>(data);
}

bool Memory::free(uint64_t address) {
  const auto found = blocks_.find(address);
  if (found == blocks_.end() || found->second.host) return false;
  munmap(found->second.first, found->second.pages + kPage);
  used_ -= found->second.pages;
  blocks_.erase(found);
  return true;
}

void* Memory::pin(size_t bytes) {
  const size_t pages = padded(bytes, kPage);
  const int file = memfd_create("pinned", 0);
  if (file < 0) return nullptr;
  void *host = MAP_FAILED, *device = MAP_FAILED;
  if (ftruncate(file, static_cast<off_t>(pages)) == 0) {
    host = mmap(nullptr, pages, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    device = mmap(nullptr, pages + kPage, PROT_NONE, MAP_SHARED, file, 0);  // the file ends before the last page
  }
  ::close(file);
  if (host == MAP_FAILED || device == MAP_FAILED) {
    if (host != MAP_FAILED) munmap(host, pages);
    if (device != MAP_FAILED) munmap(device, pages + kPage);
    return nullptr;
  }
  auto* const first = static_cast<std::byte*>(device);
  blocks_[reinterpret_cast<uint64_t>(first)] = {first, first, pages, bytes, static_cast<std::byte*>(host)};
  return host;
}

bool Memory::unpin(void* host) {
  const auto found = blocks_.find(device_address(host));
  if (found == blocks_.end()) return false;
  munmap(host, found->second.pages);
  munmap(found->second.first, found->second.pages + kPage);
  blocks_.erase(found);
  return true;
}

uint64_t Memory::device_address(void* host) const {
  for (const auto& [address, b] : blocks_)
    if (b.host && b.host == host) return address;
  return 0;
}

bool Memory::has(uint64_t address, size_t n) const {
  auto next = blocks_.upper_bound(address);
  if (next == blocks_.begin()) return false;
  const auto& [begin, b] = *--next;
  return address - begin <= b.bytes && n <= b.bytes - (address - begin);
}

bool Memory::is_pinned(const void* host, size_t n) const {
  const auto* const p = static_cast<const std::byte*>(host);
  for (const auto& [address, b] : blocks_)
    if (b.host && p >= b.host && p <= b.host + b.bytes && n <= static_cast<size_t>(b.host + b.bytes - p)) return true;
  return false;
}

void Memory::protect(bool opened) const {
  for (const auto& [address, b] : blocks_) mprotect(b.first, b.pages, opened ? PROT_READ | PROT_WRITE : PROT_NONE);
}

}  // namespace infer::cuda_emulated
