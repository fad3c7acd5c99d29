// Memory of a device, with an owner.
#pragma once
#include <cstddef>
#include <string>
#include <utility>

#include "base/file.h"
#include "device/registry.h"

namespace infer::device {

// Where bytes were mapped from: infer_source in C++.
struct Source {
  const File* file = nullptr;  // null: not known. Outlives the buffer
  std::string id;
  int64_t offset = 0;
};

// Bytes that are read when they are needed, not through a mapping where that can be helped.
struct Bytes {
  std::span<const std::byte> data;
  const File* file = nullptr;  // that data is a part of; null: it is in memory. Both outlive this
  Status read(size_t from, std::span<std::byte> out) const;
  Bytes part(size_t from, size_t n) const { return {data.subspan(from, n), file}; }
};

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& o) noexcept { swap(o); }
  Buffer& operator=(Buffer&& o) noexcept {
    swap(o);
    return *this;
  }
  ~Buffer();

  static Result<Buffer> make(const Device& device, int64_t bytes, infer_use use, std::string_view what);
  // In place where the device can and the address suits it (16), else a copy. data outlives the buffer.
  // source: told to the device when it reads data in place.
  static Result<Buffer> hold(const Device& device, std::span<const std::byte> data, const Source& source,
                             std::string_view what);

  infer_buf* get() const { return buf_; }
  int64_t bytes() const { return bytes_; }
  std::byte* host() const { return host_; }  // nullptr: not host memory
  bool imported() const { return imported_; }
  int64_t bytes_on(const Device& d) const { return device_ == &d && !imported_ ? bytes_ : 0; }  // allocated there
  Status write(int64_t at, const void* src, int64_t n) const;
  Status read(int64_t at, void* dst, int64_t n) const;
  Result<int64_t> discard(int64_t at, int64_t n) const;  // bytes whose memory the device let go of

 private:
  Status tell(const Source& source) const;
  Buffer(const Device& device, infer_buf* buf, int64_t bytes) : device_(&device), buf_(buf), bytes_(bytes) {}
  void swap(Buffer& o) noexcept {
    std::swap(device_, o.device_);
    std::swap(buf_, o.buf_);
    std::swap(bytes_, o.bytes_);
    std::swap(host_, o.host_);
    std::swap(imported_, o.imported_);
  }
  const Device* device_ = nullptr;  // outlives the buffer
  infer_buf* buf_ = nullptr;
  int64_t bytes_ = 0;
  std::byte* host_ = nullptr;
  bool imported_ = false;
};

}  // namespace infer::device
