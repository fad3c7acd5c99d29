// Which nodes must wait for those before them: what one writes, another reads or writes. For backends that let the
// kernels of nodes run beside each other.
#pragma once
#include <vector>

#include "backends/common/lower.h"

namespace infer::backend {

class Hazards {
 public:
  // most_bytes: [n_tensors] at the symbols' maxima. Borrowed, all.
  Hazards(const Frame& f, const Lowering& lowering, const std::vector<int64_t>& most_bytes, const Surroundings& around)
      : frame_(f), lowering_(lowering), most_bytes_(most_bytes), around_(around) {}
  // Everything before is over.
  void clear() { written_.clear(), read_.clear(); }
  // Must this dispatch, of so many that n comes to in this run, wait for those since the last one that had to? Asked
  // for each, in their order.
  bool must_wait(const Node& n, uint32_t dispatch, uint32_t dispatches);

 private:
  struct Range {
    uint64_t begin, end;
  };
  struct Access {
    std::vector<Range> reads, writes;
  };
  Access access(const Node& n, bool rounds) const;  // rounds: it writes where its x, or output, lies rounded
  void note(const Access& a);
  const Frame& frame_;
  const Lowering& lowering_;
  const std::vector<int64_t>& most_bytes_;
  const Surroundings& around_;
  std::vector<Range> written_, read_;  // since then
};

}  // namespace infer::backend
