// Which nodes must wait for those before them: what one writes, another reads or writes. For backends that let the
// kernels of nodes run beside each other.
#pragma once
#include <vector>

#include "backends/common/lower.h"

namespace infer::backend {

class Hazards {
 public:
  // most_bytes: [n_tensors] at the symbols' maxima; scratch: its address, 0: none. Borrowed, all.
  Hazards(const Frame& f, const Lowering& lowering, const std::vector<int64_t>& most_bytes, uint64_t scratch)
      : frame_(f), lowering_(lowering), most_bytes_(most_bytes), scratch_(scratch) {}
  // Everything before is over.
  void clear() { written_.clear(), read_.clear(); }
  // Must n wait for a node since the last one that had to?
  bool must_wait(const Node& n);

 private:
  struct Range {
    uint64_t begin, end;
  };
  const Frame& frame_;
  const Lowering& lowering_;
  const std::vector<int64_t>& most_bytes_;
  uint64_t scratch_;
  std::vector<Range> written_, read_;  // since then
};

}  // namespace infer::backend
