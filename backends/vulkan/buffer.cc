#include "backends/vulkan/buffer.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"

namespace infer::vulkan {
namespace {

// Kernels read whole words: up to three bytes past the end.
constexpr int64_t kBeyond = 64;
constexpr VkBufferUsageFlags kUsage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT |
                                      VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                                      VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT;

uint64_t address_of(VkDevice device, VkBuffer buffer) {
  VkBufferDeviceAddressInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO;
  info.buffer = buffer;
  return vkGetBufferDeviceAddress(device, &info);
}

}  // namespace

Result<std::unique_ptr<Buffer>> Buffer::make(Device& device, int64_t bytes, int32_t use) {
  if (bytes < 0) return Status::invalid(str("a buffer of ", bytes, " bytes"));
  if (bytes > (int64_t{1} << 46))
    return Status::no_memory(str("a buffer of ", bytes, " bytes is more than any device has"));
  TRY(device.alive());
  std::unique_ptr<Buffer> b(new Buffer(device));
  b->bytes_ = bytes;
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = static_cast<VkDeviceSize>((bytes + kBeyond + 63) / 64 * 64);
  info.usage = kUsage;
  VmaAllocationCreateInfo how{};
  how.usage = VMA_MEMORY_USAGE_AUTO_PREFER_DEVICE;
  if (device.adapter().shares_memory || use == INFER_USE_EXCHANGE) {
    if (!device.adapter().shares_memory) how.usage = VMA_MEMORY_USAGE_AUTO_PREFER_HOST;
    how.flags = VMA_ALLOCATION_CREATE_HOST_ACCESS_RANDOM_BIT | VMA_ALLOCATION_CREATE_MAPPED_BIT;
    how.requiredFlags = VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  }
  VmaAllocationInfo made{};
  TRY(device.check(vmaCreateBufferWithAlignment(device.memory(), &info, &how, 256, &b->handle_, &b->owned_, &made),
                   str("getting ", bytes, " bytes of ", device.adapter().name)));
  b->host_ = static_cast<std::byte*>(made.pMappedData);
  b->address_ = address_of(device.handle(), b->handle_);
  TRY(b->fill_zero(info.size));
  return b;
}

Result<std::unique_ptr<Buffer>> Buffer::import(Device& device, const void* data, int64_t bytes, bool read_only) {
  if (!data || bytes < 0) return Status::invalid("no host memory to use");
  const int64_t alignment = device.adapter().import_alignment;
  if (!alignment || bytes == 0) return Status::unsupported("the device has memory of its own");
  TRY(device.alive());
  // Whole pages around it, which the host has mapped anyway.
  const auto begin = reinterpret_cast<uintptr_t>(data), page = static_cast<uintptr_t>(alignment);
  const uintptr_t first = begin / page * page,
                  size = (begin - first + static_cast<uintptr_t>(bytes) + page - 1) / page * page;
  constexpr VkExternalMemoryHandleTypeFlagBits kHost = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
  VkMemoryHostPointerPropertiesEXT can{};
  can.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT;
  if (vkGetMemoryHostPointerPropertiesEXT(device.handle(), kHost, reinterpret_cast<void*>(first), &can) != VK_SUCCESS ||
      !can.memoryTypeBits)
    return Status::unsupported("the driver does not use this memory in place");

  std::unique_ptr<Buffer> b(new Buffer(device));
  b->bytes_ = bytes;
  b->read_only_ = read_only;
  VkExternalMemoryBufferCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO, nullptr, kHost};
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.pNext = &external;
  info.size = size;
  info.usage = kUsage;
  TRY(device.check(vkCreateBuffer(device.handle(), &info, nullptr, &b->handle_), "using host memory"));
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(device.handle(), b->handle_, &needs);
  const uint32_t types = needs.memoryTypeBits & can.memoryTypeBits;
  if (!types || needs.size > size) return Status::unsupported("the driver does not use this memory in place");
  VkImportMemoryHostPointerInfoEXT from{VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT, nullptr, kHost,
                                        reinterpret_cast<void*>(first)};
  VkMemoryAllocateFlagsInfo flags{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO, &from,
                                  VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT, 0};
  VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &flags, size,
                                static_cast<uint32_t>(__builtin_ctz(types))};
  if (vkAllocateMemory(device.handle(), &allocate, nullptr, &b->imported_) != VK_SUCCESS)
    return Status::unsupported("the driver does not use this memory in place");
  TRY(device.check(vkBindBufferMemory(device.handle(), b->handle_, b->imported_, 0), "using host memory"));
  b->address_ = address_of(device.handle(), b->handle_) + (begin - first);
  b->host_ = static_cast<std::byte*>(const_cast<void*>(data));
  return b;
}

Buffer::~Buffer() {
  if (owned_) {
    vmaDestroyBuffer(device_.memory(), handle_, owned_);
    return;
  }
  if (handle_) vkDestroyBuffer(device_.handle(), handle_, nullptr);
  if (imported_) vkFreeMemory(device_.handle(), imported_, nullptr);
}

Status Buffer::fill_zero(VkDeviceSize size) {
  if (host_) return std::memset(host_, 0, size), Status();
  return device_.once([&](VkCommandBuffer c) { vkCmdFillBuffer(c, handle_, 0, size, 0); });
}

Status Buffer::holds(int64_t at, int64_t n, const void* other) const {
  if (!inside(at, n, bytes_)) return Status::invalid(str("bytes [", at, ", +", n, ") of a buffer of ", bytes_));
  if (!other && n > 0) return Status::invalid("no memory to copy from or to");
  return device_.alive();
}

Status Buffer::write(int64_t at, const void* src, int64_t n) {
  if (read_only_) return Status::invalid("the buffer is read-only");
  TRY(holds(at, n, src));
  if (!host_) return device_.copy_in(*this, at, src, n);
  if (n > 0) std::memcpy(host_ + at, src, static_cast<size_t>(n));
  return {};
}

Status Buffer::read(int64_t at, void* dst, int64_t n) const {
  TRY(holds(at, n, dst));
  if (!host_) return device_.copy_out(*this, at, dst, n);
  if (n > 0) std::memcpy(dst, host_ + at, static_cast<size_t>(n));
  return {};
}

}  // namespace infer::vulkan
