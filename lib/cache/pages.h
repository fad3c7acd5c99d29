// KV pages as numbers: who holds which. Bytes are device/'s business.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace infer::cache {

// A fixed number of pages with reference counts. Not thread-safe: belongs to the engine's thread.
class PagePool {
 public:
  explicit PagePool(int32_t n_pages);
  // Appends n page ids with one reference each, or none and false when fewer than n are free.
  bool take(int32_t n, std::vector<int32_t>& out);
  void share(int32_t page);    // one more reference
  void release(int32_t page);  // one fewer; free at zero
  int32_t references(int32_t page) const { return references_[page]; }
  std::span<const int32_t> free_list() const { return free_; }
  int32_t free_pages() const { return static_cast<int32_t>(free_.size()); }
  int32_t n_pages() const { return static_cast<int32_t>(references_.size()); }

 private:
  std::vector<int32_t> references_;  // [n_pages]
  std::vector<int32_t> free_;        // stack; lowest ids are handed out first
};

}  // namespace infer::cache
