#include "device/expert_cache.h"

#include <algorithm>
#include <chrono>

namespace infer::device {

Result<std::unique_ptr<ExpertCache>> ExpertCache::make(const Device& device, int64_t n_layers, int64_t n_experts,
                                                       int64_t n_places, const std::vector<int64_t>& bytes) {
  if (n_places < n_experts) return Status::internal(str(n_places, " places for ", n_experts, " experts"));
  auto made = std::make_unique<ExpertCache>();
  ExpertCache& c = *made;
  c.n_experts_ = n_experts;
  c.bytes_ = bytes;
  int64_t largest = 0;
  for (const int64_t each : bytes) {
    TRY_SET(Buffer bank, Buffer::make(device, each * n_places, INFER_USE_WEIGHT, "experts that are read when needed"));
    if (!bank.host()) largest = std::max(largest, each);
    c.banks_.push_back(std::move(bank));
  }
  c.staging_.resize(static_cast<size_t>(largest));
  c.place_of_.assign(static_cast<size_t>(n_layers * n_experts), -1);
  c.holder_.assign(static_cast<size_t>(n_places), -1);
  c.used_.assign(static_cast<size_t>(n_places), 0);
  return made;
}

int64_t ExpertCache::oldest() const { return std::min_element(used_.begin(), used_.end()) - used_.begin(); }

Status ExpertCache::take(int64_t layer, std::span<const int32_t> ids, std::span<const Bytes> banks,
                         std::span<int32_t> places, const std::atomic<bool>& cancelled) {
  ++now_;
  int64_t* const place_of = place_of_.data() + layer * n_experts_;
  // First what is there, so that nobody's place is taken who is needed now; and what is not, is asked for.
  for (const int32_t e : ids) {
    if (e < 0 || e >= n_experts_) return Status::internal(str("expert ", e, " of ", n_experts_));
    if (place_of[e] < 0) continue;
    auto& used = used_[static_cast<size_t>(place_of[e])];
    if (used != now_) ++counts_.found;
    used = now_;
  }
  for (const int32_t e : ids) {
    if (place_of[e] >= 0) continue;
    for (size_t b = 0; b < banks.size(); ++b)
      if (banks[b].file)
        banks[b].file->will_need(
            banks[b].data.subspan(static_cast<size_t>(e * bytes_[b]), static_cast<size_t>(bytes_[b])));
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    const int32_t e = ids[i];
    if (place_of[e] < 0) {
      if (cancelled.load()) return Status(INFER_E_CANCELLED, "the run was cancelled");
      const int64_t place = oldest();
      int64_t& holder = holder_[static_cast<size_t>(place)];
      if (holder >= 0) place_of_[static_cast<size_t>(holder)] = -1;
      holder = -1;
      used_[static_cast<size_t>(place)] = 0;
      TRY(fill(place, e, banks));
      holder = layer * n_experts_ + e;
      place_of[e] = place;
      used_[static_cast<size_t>(place)] = now_;
      ++counts_.read;
    }
    places[i] = static_cast<int32_t>(place_of[e]);
  }
  return {};
}

Status ExpertCache::fill(int64_t place, int32_t expert, std::span<const Bytes> banks) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  for (size_t b = 0; b < banks.size(); ++b) {
    const auto n = static_cast<size_t>(bytes_[b]);
    const int64_t at = place * bytes_[b];
    const std::span<std::byte> to =
        banks_[b].host() ? std::span(banks_[b].host() + at, n) : std::span(staging_).first(n);
    TRY(banks[b].read(static_cast<size_t>(expert) * n, to));
    if (!banks_[b].host()) TRY(banks_[b].write(at, staging_.data(), static_cast<int64_t>(n)));
    counts_.bytes += static_cast<int64_t>(n);
  }
  counts_.read_ns += std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
  return {};
}

int64_t ExpertCache::bytes() const {
  int64_t sum = 0;
  for (const Buffer& b : banks_) sum += b.bytes();
  return sum;
}

}  // namespace infer::device
