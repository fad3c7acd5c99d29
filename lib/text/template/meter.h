// What a render may use. Every evaluated node, every compared or copied kilobyte is a step; every string, list and dict
// that is alive counts its bytes. Both are checked before the work is done, so a hostile template ends with a sentence.
#pragma once
#include <cstdint>
#include <memory>
#include <utility>

#include "base/status.h"
#include "text/template/template.h"

namespace infer::text::jinja {

class Meter {
 public:
  explicit Meter(const TemplateLimits& limits) : limits_(limits) {}
  const TemplateLimits& limits() const { return limits_; }

  Status step(int64_t n = 1) {
    steps_ += n;
    return steps_ <= limits_.steps ? Status() : out_of_steps();
  }
  // Work that goes through `n` bytes.
  Status pass(size_t n) { return step(1 + static_cast<int64_t>(n >> 10)); }
  // Room for `bytes` more; nothing is taken when it fails.
  Status grow(int64_t bytes) {
    if (bytes > limits_.bytes - live_) return out_of_bytes();
    live_ += bytes;
    return {};
  }
  void shrink(int64_t bytes) { live_ -= bytes; }

 private:
  Status out_of_steps() const;
  Status out_of_bytes() const;

  TemplateLimits limits_;
  int64_t steps_ = 0;  // taken so far
  int64_t live_ = 0;   // bytes
};

}  // namespace infer::text::jinja
