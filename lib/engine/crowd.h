// How many requests run together. Where weights are streamed a step lasts at least as long as reading them: until its
// computation takes as long, one more request costs the others nothing.
#pragma once
#include <algorithm>
#include <cstdint>

namespace infer::engine {

class Crowd {
 public:
  Crowd(int32_t least, int32_t most) : least_(std::min(least, most)), most_(most), size_(least_) {}

  // A step took `ns`, of which it waited for weights for `waited`; so many requests ran in it.
  void learn(int64_t ns, int64_t waited, int32_t ran) {
    if (waited * kHidden > ns) {
      if (ran >= size_) size_ = std::min(most_, size_ + std::max(1, size_ / 8));
    } else if (waited * 4 * kHidden < ns) {
      size_ = std::max(least_, size_ - 1);
    }
  }
  int32_t size() const { return size_; }

 private:
  static constexpr int64_t kHidden = 8;  // an eighth of a step is not worth more requests
  const int32_t least_, most_;
  int32_t size_;
};

}  // namespace infer::engine
