// Ctrl-C while one of these lives: the first is noted for the loop that pulls, the second ends the process.
#pragma once

namespace infer::tool {

class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  static bool interrupted();
};

}  // namespace infer::tool
