// How much memory the system would still give.
#pragma once
#include <cstdint>

namespace infer {

// Bytes that this process may still use without pushing others out, limits of its container included; 0: not known.
int64_t free_memory();

}  // namespace infer
