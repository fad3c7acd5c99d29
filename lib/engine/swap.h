// Pages of preempted sequences, put aside instead of computed again, where that is cheaper.
//
// Moving a page out and back takes time by its bytes, computing it again by its tokens; both speeds are measured while
// the engine works. What goes wrong here (a full disk, a damaged file) costs the time to compute those pages again, and
// nothing else.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "cache/swap_store.h"
#include "device/executor.h"
#include "engine/pace.h"
#include "engine/request.h"

namespace infer::engine {

class Swap {
 public:
  // executor and pace outlive it.
  Swap(device::Executor& executor, const Pace& pace, std::unique_ptr<cache::SwapStore> store);

  // Copies the first n pages of s, which hold n_tokens tokens, into slots of s. False, and nothing is kept: computing
  // them again is cheaper, or there is no room.
  bool out(Sequence& s, int32_t n, int32_t n_tokens);
  bool in(const Sequence& s, size_t index, int32_t page);  // what out() kept of that page, into this one
  void drop(Sequence& s);                                  // its slots are free

  int64_t pages_out() const { return out_; }  // so far
  int64_t pages_in() const { return in_; }

 private:
  Status read(Sequence& s, int32_t n);
  void learn(double& value, double sample) const { value += (sample - value) / 4; }

  device::Executor& executor_;
  const Pace& pace_;
  std::unique_ptr<cache::SwapStore> store_;
  std::vector<std::byte> staging_;  // [page_bytes]
  double ns_per_byte_ = 1;          // of a move, one way; until one was measured, 1 GB/s
  int64_t out_ = 0, in_ = 0;
};

}  // namespace infer::engine
