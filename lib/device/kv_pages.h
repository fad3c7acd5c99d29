// The bytes of KV pages: each state of a program is one buffer, and page p is the p-th part of every one of them.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "device/buffers.h"
#include "graph/program.h"

namespace infer::device {

class KvPages {
 public:
  struct State {
    graph::TensorId tensor;
    int64_t page_bytes;
    Buffer buffer;  // of all pages
  };
  // States are added before the first call of what follows them.
  void add(State state);
  std::span<const State> states() const { return states_; }
  int64_t page_bytes() const { return page_bytes_; }  // one page over all states

  Status copy(int32_t from, int32_t to);
  Status read(int32_t page, std::span<std::byte> out) const;
  Status write(int32_t page, std::span<const std::byte> in);
  Result<int64_t> discard(int32_t first, int32_t n);  // bytes that devices let go of

 private:
  Status check(int64_t first, int64_t n) const;
  std::vector<State> states_;
  int64_t page_bytes_ = 0;
  std::vector<std::byte> staging_;  // a page of the largest state
};

}  // namespace infer::device
