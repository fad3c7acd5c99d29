// How much memory operator new has out: the whole program's is counted.
#pragma once
#include <cstddef>

namespace infer {

// Since the last call: the most bytes that were out at once, beyond those out at that call.
struct MemoryWatch {
  MemoryWatch();
  size_t peak() const;  // bytes

 private:
  size_t before_;
};

}  // namespace infer
