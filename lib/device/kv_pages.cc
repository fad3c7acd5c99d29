#include "device/kv_pages.h"

#include <algorithm>

namespace infer::device {

void KvPages::add(State state) {
  page_bytes_ += state.page_bytes;
  staging_.resize(std::max(staging_.size(), static_cast<size_t>(state.page_bytes)));
  states_.push_back(std::move(state));
}

Status KvPages::check(int64_t first, int64_t n) const {
  for (const State& s : states_) {
    const int64_t pages = s.buffer.bytes() / s.page_bytes;
    if (first < 0 || n < 1 || first > pages || n > pages - first)
      return Status::invalid(str(n, " pages from ", first, " on, of ", pages));
  }
  return {};
}

Status KvPages::copy(int32_t from, int32_t to) {
  TRY(check(from, 1));
  TRY(check(to, 1));
  for (const State& s : states_) {
    TRY(s.buffer.read(from * s.page_bytes, staging_.data(), s.page_bytes));
    TRY(s.buffer.write(to * s.page_bytes, staging_.data(), s.page_bytes));
  }
  return {};
}

Status KvPages::read(int32_t page, std::span<std::byte> out) const {
  TRY(check(page, 1));
  if (static_cast<int64_t>(out.size()) < page_bytes_)
    return Status::invalid(str("room for ", out.size(), " bytes of a page of ", page_bytes_));
  size_t at = 0;
  for (const State& s : states_) {
    TRY(s.buffer.read(page * s.page_bytes, out.data() + at, s.page_bytes));
    at += static_cast<size_t>(s.page_bytes);
  }
  return {};
}

Status KvPages::write(int32_t page, std::span<const std::byte> in) {
  TRY(check(page, 1));
  if (static_cast<int64_t>(in.size()) != page_bytes_)
    return Status::invalid(str(in.size(), " bytes for a page of ", page_bytes_));
  size_t at = 0;
  for (const State& s : states_) {
    TRY(s.buffer.write(page * s.page_bytes, in.data() + at, s.page_bytes));
    at += static_cast<size_t>(s.page_bytes);
  }
  return {};
}

Result<int64_t> KvPages::discard(int32_t first, int32_t n) {
  TRY(check(first, n));
  int64_t freed = 0;
  for (const State& s : states_) {
    TRY_SET(const int64_t here, s.buffer.discard(first * s.page_bytes, n * s.page_bytes));
    freed += here;
  }
  return freed;
}

}  // namespace infer::device
