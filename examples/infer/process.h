// What the system knows about this process.
#pragma once
#include <cstdint>
#include <cstdio>
#include <string>

namespace infer::tool {

int64_t peak_memory();  // bytes resident at most so far; 0: the system does not say
bool is_terminal(std::FILE* file);
std::string own_program();  // path of the running tool; "" where the system does not say

}  // namespace infer::tool
