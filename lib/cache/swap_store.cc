#include "cache/swap_store.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"
#include "base/unpredictable.h"

namespace infer::cache {

Result<std::unique_ptr<SwapStore>> SwapStore::make(int64_t page_bytes, int64_t bytes, const std::string& folder) {
  constexpr int64_t kMostSlots = 1 << 26;
  auto s = std::make_unique<SwapStore>();
  s->page_bytes_ = page_bytes;
  const int64_t slots = page_bytes > 0 ? std::min(bytes / page_bytes, kMostSlots) : 0;
  if (slots < 1) return s;
  const int64_t size = slots * page_bytes;
  if (folder.empty()) {
    s->memory_ = std::make_unique_for_overwrite<std::byte[]>(static_cast<size_t>(size));
  } else {
    TRY_SET(s->file_, NewFile::make(str(folder, "/infer-swap-", unpredictable()), size));
    TRY_SET(s->mapped_, s->file_->map());
  }
  s->sums_.resize(static_cast<size_t>(slots));
  s->free_.resize(static_cast<size_t>(slots));
  for (size_t i = 0; i < s->free_.size(); ++i) s->free_[i] = static_cast<int32_t>(s->free_.size() - 1 - i);
  return s;
}

Result<int32_t> SwapStore::put(std::span<const std::byte> page) {
  if (free_.empty()) return Status(INFER_E_FULL, "no room for another page", "set swap.bytes to more");
  const int32_t slot = free_.back();
  const int64_t at = slot * page_bytes_;
  if (memory_) {
    std::memcpy(memory_.get() + at, page.data(), page.size());
  } else {
    TRY(file_->write(at, page));
  }
  sums_[static_cast<size_t>(slot)] = hash64(page);
  free_.pop_back();
  return slot;
}

Status SwapStore::get(int32_t slot, std::span<std::byte> page) const {
  const int64_t at = slot * page_bytes_;
  if (!memory_) TRY(mapped_->intact());
  const std::byte* from = memory_ ? memory_.get() : mapped_->bytes().data();
  std::memcpy(page.data(), from + at, page.size());
  if (hash64(page) == sums_[static_cast<size_t>(slot)]) return {};
  return Status::corrupt("a page that was swapped out is not what it was");
}

}  // namespace infer::cache
