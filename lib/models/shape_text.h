// A shape in a message about a file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/status.h"

namespace infer::models {

inline std::string shape_text(const int64_t* dims, size_t n) {  // "[576, 64]"
  std::string s = "[";
  for (size_t i = 0; i < n; ++i) s += str(i ? ", " : "", dims[i]);
  return s + "]";
}

}  // namespace infer::models
