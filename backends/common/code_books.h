// Every code-book of lib/quant/tables.h in one run of words, for kernels: shaders/tables.glsl of vulkan and
// kernels/tables.cuh of cuda say where each begins.
#pragma once
#include <cstdint>
#include <vector>

namespace infer::backend {
std::vector<uint32_t> code_book_words();
}  // namespace infer::backend
