#include "backends/common/host_buffer.h"

#include <cstdlib>
#include <cstring>

#include "base/checked.h"
#include "base/memory.h"

namespace infer::backend {

Result<std::unique_ptr<HostBuffer>> HostBuffer::make(int64_t bytes) {
  constexpr int64_t kAlign = 64;
  if (bytes < 0) return Status::invalid(str("a buffer of ", bytes, " bytes"));
  if (bytes > INT64_MAX - kAlign || static_cast<uint64_t>(bytes) + kAlign > SIZE_MAX)
    return Status::no_memory(str("a buffer of ", bytes, " bytes"));
  auto b = std::make_unique<HostBuffer>();
  b->owned = {std::calloc(static_cast<size_t>(bytes) + kAlign, 1), std::free};
  if (!b->owned) return Status::no_memory(str("no memory for a buffer of ", bytes, " bytes"));
  void* start = b->owned.get();
  size_t space = static_cast<size_t>(bytes) + kAlign;
  b->data = static_cast<std::byte*>(std::align(kAlign, static_cast<size_t>(bytes), start, space));
  b->bytes = bytes;
  return b;
}

Result<std::unique_ptr<HostBuffer>> HostBuffer::import(const void* ptr, int64_t bytes, bool read_only) {
  if (bytes < 0 || (!ptr && bytes > 0)) return Status::invalid("import of no memory");
  auto b = std::make_unique<HostBuffer>();
  b->data = static_cast<std::byte*>(const_cast<void*>(ptr));
  b->bytes = bytes;
  b->read_only = read_only;
  return b;
}

Status HostBuffer::write(int64_t at, const void* src, int64_t n) {
  if (read_only) return Status::invalid("write into an imported read-only buffer");
  if (!inside(at, n, bytes)) return Status::invalid(str("write of ", n, " bytes at ", at, " into a buffer of ", bytes));
  if (n) std::memcpy(data + at, src, static_cast<size_t>(n));
  return {};
}

Status HostBuffer::read(int64_t at, void* dst, int64_t n) const {
  if (!inside(at, n, bytes)) return Status::invalid(str("read of ", n, " bytes at ", at, " from a buffer of ", bytes));
  if (n) std::memcpy(dst, data + at, static_cast<size_t>(n));
  return {};
}

Status HostBuffer::discard(int64_t at, int64_t n, int64_t& freed) {
  if (!owned) return Status::invalid("discarding memory that is the caller's");
  if (!inside(at, n, bytes)) return Status::invalid(str("discarding ", n, " bytes at ", at, " of a buffer of ", bytes));
  freed = give_back({data + at, static_cast<size_t>(n)});
  return {};
}

Status HostBuffer::tell(const infer_source& from) {
  if (owned || !read_only) return Status::invalid("only an imported read-only buffer has a source");
  if (from.abi.struct_size < sizeof from || !from.id || !from.intact || from.offset < 0)
    return Status::invalid("the source of a buffer is incomplete");
  source = {from.id, from.offset, from.file, from.intact};
  return {};
}

}  // namespace infer::backend
