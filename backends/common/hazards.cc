#include "backends/common/hazards.h"

#include <algorithm>

namespace infer::backend {

Hazards::Access Hazards::access(const Node& n, bool rounds) const {
  Access a;
  const auto range = [&](uint32_t t) {
    return Range{frame_[t].address, frame_[t].address + static_cast<uint64_t>(std::max<int64_t>(1, most_bytes_[t]))};
  };
  for (uint32_t t : n.in) {
    if (t == INFER_NONE || frame_[t].role == INFER_ROLE_WEIGHT) continue;
    const bool written = n.kind == INFER_OP_KV_WRITE && frame_[t].role == INFER_ROLE_STATE;
    (written ? a.writes : a.reads).push_back(range(t));
  }
  for (uint32_t t : n.out) a.writes.push_back(range(t));
  if (around_.scratch && lowering_.scratch_bytes(frame_, n) > 0)
    a.writes.push_back({around_.scratch, around_.scratch + 1});
  const std::vector<Rounded>& rounded = around_.rounded.of;
  if (!rounded.empty() && rounded[n.index].at >= 0) {
    const uint64_t begin = around_.rounded_at + static_cast<uint64_t>(rounded[n.index].at);
    (rounds ? a.writes : a.reads).push_back({begin, begin + static_cast<uint64_t>(rounded[n.index].bytes)});
  }
  return a;
}

void Hazards::note(const Access& a) {
  written_.insert(written_.end(), a.writes.begin(), a.writes.end());
  read_.insert(read_.end(), a.reads.begin(), a.reads.end());
}

bool Hazards::must_wait(const Node& n, uint32_t dispatch, uint32_t dispatches) {
  const bool rounds = n.kind == INFER_OP_RMS_NORM || (is_product(n) && dispatches > 1);
  if (dispatch > 0) {  // halves of an adapter and of split attention follow each other, and a product what it rounds
    if (rounds) {      // all before is over: the next product of the same x need not wait for this one
      clear();
      note(access(n, false));
    }
    return n.kind != INFER_OP_KV_WRITE;  // K and V do not meet
  }
  const Access own = access(n, rounds);
  const auto meet = [](const std::vector<Range>& a, const std::vector<Range>& b) {
    return std::any_of(a.begin(), a.end(), [&](const Range& x) {
      return std::any_of(b.begin(), b.end(), [&](const Range& y) { return x.begin < y.end && y.begin < x.end; });
    });
  };
  const bool wait = meet(own.reads, written_) || meet(own.writes, written_) || meet(own.writes, read_);
  if (wait) clear();
  note(own);
  return wait;
}

}  // namespace infer::backend
