// How long tokens take: measured from step to step, so that a step can be made as long as it should be.
#pragma once
#include <algorithm>
#include <cstdint>

namespace infer::engine {

class Pace {
 public:
  static constexpr int32_t kLeast = 32;  // tokens of a step that are never too many: fewer cost about as much

  // A step of mostly prompt took so long.
  void learn(int64_t tokens, int64_t ns) {
    const double sample = static_cast<double>(ns) / static_cast<double>(std::max<int64_t>(1, tokens));
    ns_per_token_ = ns_per_token_ == 0 ? sample : ns_per_token_ + (sample - ns_per_token_) / 4;
  }
  double ns_per_token() const { return ns_per_token_; }  // 0: not known yet
  // Tokens that take at most ns; most while nothing is known.
  int32_t tokens_within(int64_t ns, int32_t most) const {
    if (ns_per_token_ == 0) return most;
    const double n = static_cast<double>(ns) / ns_per_token_;
    return n >= most ? most : std::min(most, std::max(kLeast, static_cast<int32_t>(n)));
  }

 private:
  double ns_per_token_ = 0;
};

}  // namespace infer::engine
