// The memory of the emulated device. Nobody may touch it but copies and kernels: between them its pages are closed, so
// host code that follows a device's address ends in a fault, as on a machine with a GPU. Every buffer ends (to 256
// bytes) at a page that is never open. Pinned memory has two addresses, one for the host and one, closed as well, for
// kernels.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>

namespace infer::cuda_emulated {

class Memory {
 public:
  static constexpr size_t kTotal = size_t{1} << 30;  // bytes that the device has

  uint64_t allocate(size_t bytes);  // 0: there is not so much
  bool free(uint64_t address);
  void* pin(size_t bytes);  // null: no
  bool unpin(void* host);
  uint64_t device_address(void* host) const;  // 0: not pinned
  // Is [address, + n) within one buffer, of the device or pinned by its device address?
  bool has(uint64_t address, size_t n) const;
  bool is_pinned(const void* host, size_t n) const;
  size_t left() const { return kTotal - used_; }
  int64_t blocks() const { return static_cast<int64_t>(blocks_.size()); }
  void open() const { protect(true); }
  void close() const { protect(false); }

 private:
  struct Block {
    std::byte *first, *data;    // its pages, where the bytes begin
    size_t pages, bytes;        // both in bytes; without the page behind
    std::byte* host = nullptr;  // of pinned memory
  };
  void protect(bool opened) const;
  std::map<uint64_t, Block> blocks_;  // by device address
  size_t used_ = 0;
};

}  // namespace infer::cuda_emulated
