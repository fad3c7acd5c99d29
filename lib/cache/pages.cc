#include "cache/pages.h"

namespace infer::cache {

PagePool::PagePool(int32_t n_pages) : references_(static_cast<size_t>(n_pages)), free_(static_cast<size_t>(n_pages)) {
  for (int32_t i = 0; i < n_pages; ++i) free_[static_cast<size_t>(i)] = n_pages - 1 - i;
}

bool PagePool::take(int32_t n, std::vector<int32_t>& out) {
  if (n < 0 || n > free_pages()) return false;
  out.reserve(out.size() + static_cast<size_t>(n));  // the only thing here that can fail comes first
  for (int32_t i = 0; i < n; ++i) {
    const int32_t page = free_.back();
    free_.pop_back();
    references_[static_cast<size_t>(page)] = 1;
    out.push_back(page);
  }
  return true;
}

void PagePool::share(int32_t page) { ++references_[static_cast<size_t>(page)]; }

void PagePool::release(int32_t page) {
  int32_t& count = references_[static_cast<size_t>(page)];
  if (count == 0) return;  // a page that nobody holds stays free: releasing twice must not hand it out twice
  if (--count == 0) free_.push_back(page);
}

}  // namespace infer::cache
