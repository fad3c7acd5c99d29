#include "engine/swap.h"

#include <chrono>

namespace infer::engine {
namespace {

double ns_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Swap::Swap(device::Executor& executor, const Pace& pace, std::unique_ptr<cache::SwapStore> store)
    : executor_(executor),
      pace_(pace),
      store_(std::move(store)),
      staging_(static_cast<size_t>(executor.page_bytes())) {}

bool Swap::out(Sequence& s, int32_t n, int32_t n_tokens) {
  drop(s);
  const double bytes = static_cast<double>(n) * static_cast<double>(staging_.size());
  if (n < 1 || n > store_->free_slots() || 2 * bytes * ns_per_byte_ >= n_tokens * pace_.ns_per_token()) return false;
  const auto start = std::chrono::steady_clock::now();
  if (!read(s, n).ok()) return drop(s), false;
  learn(ns_per_byte_, ns_since(start) / bytes);
  s.n_swapped = n_tokens;
  out_ += n;
  return true;
}

Status Swap::read(Sequence& s, int32_t n) {
  for (int32_t i = 0; i < n; ++i) {
    TRY(executor_.read_page(s.pages[static_cast<size_t>(i)], staging_));
    TRY_SET(const int32_t slot, store_->put(staging_));
    s.slots.push_back(slot);
  }
  return {};
}

bool Swap::in(const Sequence& s, size_t index, int32_t page) {
  const auto start = std::chrono::steady_clock::now();
  if (!store_->get(s.slots[index], staging_).ok() || !executor_.write_page(page, staging_).ok()) return false;
  learn(ns_per_byte_, ns_since(start) / static_cast<double>(staging_.size()));
  in_++;
  return true;
}

void Swap::drop(Sequence& s) {
  for (const int32_t slot : s.slots) store_->release(slot);
  s.slots.clear();
  s.n_swapped = 0;
}

}  // namespace infer::engine
