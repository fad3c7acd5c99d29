#include "backends/common/hazards.h"

#include <algorithm>

namespace infer::backend {

bool Hazards::must_wait(const Node& n) {
  std::vector<Range> reads, writes;
  const auto range = [&](uint32_t t) {
    return Range{frame_[t].address, frame_[t].address + static_cast<uint64_t>(std::max<int64_t>(1, most_bytes_[t]))};
  };
  for (uint32_t t : n.in) {
    if (t == INFER_NONE || frame_[t].role == INFER_ROLE_WEIGHT) continue;
    const bool written = n.kind == INFER_OP_KV_WRITE && frame_[t].role == INFER_ROLE_STATE;
    (written ? writes : reads).push_back(range(t));
  }
  for (uint32_t t : n.out) writes.push_back(range(t));
  if (scratch_ && lowering_.scratch_bytes(frame_, n) > 0) writes.push_back({scratch_, scratch_ + 1});
  const auto meet = [](const std::vector<Range>& a, const std::vector<Range>& b) {
    return std::any_of(a.begin(), a.end(), [&](const Range& x) {
      return std::any_of(b.begin(), b.end(), [&](const Range& y) { return x.begin < y.end && y.begin < x.end; });
    });
  };
  const bool wait = meet(reads, written_) || meet(writes, written_) || meet(writes, read_);
  if (wait) clear();
  written_.insert(written_.end(), writes.begin(), writes.end());
  read_.insert(read_.end(), reads.begin(), reads.end());
  return wait;
}

}  // namespace infer::backend
