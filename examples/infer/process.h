// What the system knows about this process.
#pragma once
#include <cstdint>
#include <cstdio>

namespace infer::tool {

int64_t peak_memory();  // bytes resident at most so far; 0: the system does not say
bool is_terminal(std::FILE* file);

}  // namespace infer::tool
