// Room for the bytes of pages outside the KV cache: in memory, or in a file of its own that goes with it.
//
// All room is taken at construction. What is read is what was written, or a failure: a file that somebody changes is
// noticed. Not thread-safe: belongs to the engine's thread.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/new_file.h"
#include "base/status.h"

namespace infer::cache {

class SwapStore {
 public:
  // bytes: as many whole pages as fit. folder empty: in memory.
  static Result<std::unique_ptr<SwapStore>> make(int64_t page_bytes, int64_t bytes, const std::string& folder);

  int32_t free_slots() const { return static_cast<int32_t>(free_.size()); }
  int32_t n_slots() const { return static_cast<int32_t>(sums_.size()); }
  // A slot with this page's bytes, or why there is none: E_FULL, or what the disk said.
  Result<int32_t> put(std::span<const std::byte> page);
  Status get(int32_t slot, std::span<std::byte> page) const;
  void release(int32_t slot) { free_.push_back(slot); }

 private:
  int64_t page_bytes_ = 0;
  std::unique_ptr<std::byte[]> memory_;
  std::unique_ptr<NewFile> file_;  // in place of memory
  std::shared_ptr<const File> mapped_;
  std::vector<int32_t> free_;   // stack
  std::vector<uint64_t> sums_;  // [slots] hash64 of what is in it
};

}  // namespace infer::cache
