#include "shapes.h"

namespace infer::synth {

// Sizes from the models' published config.json files.
static constexpr Shape kShapes[] = {
    {"smollm2-135m", "llama", 30, 576, 1536, 9, 3, 64, true, 1e5f},
    {"smollm2-360m", "llama", 32, 960, 2560, 15, 5, 64, true, 1e5f},
    {"smollm2-1.7b", "llama", 24, 2048, 8192, 32, 32, 64, true, 1.3e5f},
    {"tinyllama-1.1b", "llama", 22, 2048, 5632, 32, 4, 64, false, 1e4f},
    {"llama-3.2-1b", "llama", 16, 2048, 8192, 32, 8, 64, true, 5e5f},
    {"llama-3.2-3b", "llama", 28, 3072, 8192, 24, 8, 128, true, 5e5f},
    {"llama-2-7b", "llama", 32, 4096, 11008, 32, 32, 128, false, 1e4f},
    {"llama-3.1-8b", "llama", 32, 4096, 14336, 32, 8, 128, false, 5e5f},
    {"llama-2-13b", "llama", 40, 5120, 13824, 40, 40, 128, false, 1e4f},
    {"mistral-7b", "llama", 32, 4096, 14336, 32, 8, 128, false, 1e6f},
    {"qwen2.5-0.5b", "qwen2", 24, 896, 4864, 14, 2, 64, true, 1e6f},
    {"qwen2.5-1.5b", "qwen2", 28, 1536, 8960, 12, 2, 128, true, 1e6f},
    {"qwen2.5-3b", "qwen2", 36, 2048, 11008, 16, 2, 128, true, 1e6f},
    {"qwen2.5-7b", "qwen2", 28, 3584, 18944, 28, 4, 128, false, 1e6f},
    {"qwen3-0.6b", "qwen3", 28, 1024, 3072, 16, 8, 128, true, 1e6f},
    {"qwen3-1.7b", "qwen3", 28, 2048, 6144, 16, 8, 128, true, 1e6f},
    {"qwen3-4b", "qwen3", 36, 2560, 9728, 32, 8, 128, true, 1e6f},
    {"qwen3-8b", "qwen3", 36, 4096, 12288, 32, 8, 128, false, 1e6f},
    {"mixtral-8x7b", "llama", 32, 4096, 14336, 32, 8, 128, false, 1e6f, 8, 2, 14336},
    {"qwen3-30b-a3b", "qwen3moe", 48, 2048, 6144, 32, 4, 128, false, 1e6f, 128, 8, 768},
};

std::span<const Shape> shapes() { return kShapes; }

const Shape* find_shape(std::string_view name) {
  for (const Shape& s : kShapes)
    if (name == s.name) return &s;
  return nullptr;
}

}  // namespace infer::synth
