// infer_buf of backends whose device memory is the host's: zeroed memory of their own, or the caller's in place.
#pragma once
#include <libinfer/backend.h>

#include <cstddef>
#include <memory>
#include <string>

#include "base/status.h"

namespace infer::backend {

// What an infer_buf really is. (infer_buf itself stays undefined: two backends in one library must not define it
// differently.) Fresh memory comes zeroed from the system and costs nothing until it is touched (a KV cache is mostly
// empty).
struct HostBuffer {
  std::byte* data = nullptr;  // aligned to 64, unless imported
  int64_t bytes = 0;
  bool read_only = false;
  std::unique_ptr<void, void (*)(void*)> owned{nullptr, nullptr};  // null: imported
  struct Source {                                                  // infer_source
    std::string id;                                                // empty: unknown
    int64_t offset = 0;
    const void* file = nullptr;
    int32_t (*intact)(const void*) = nullptr;
  };
  Source source;

  static Result<std::unique_ptr<HostBuffer>> make(int64_t bytes);
  static Result<std::unique_ptr<HostBuffer>> import(const void* ptr, int64_t bytes, bool read_only);
  Status write(int64_t at, const void* src, int64_t n);
  Status read(int64_t at, void* dst, int64_t n) const;
  Status tell(const infer_source& from);
  Status discard(int64_t at, int64_t n, int64_t& freed);
  std::byte* host() const { return data; }
};
inline HostBuffer* host_buffer(infer_buf* b) { return reinterpret_cast<HostBuffer*>(b); }
inline infer_buf* as_buf(HostBuffer* b) { return reinterpret_cast<infer_buf*>(b); }

}  // namespace infer::backend
