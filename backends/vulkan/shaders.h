// The shaders, compiled to SPIR-V when the library is built (shaders.cmake).
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace infer::vulkan {

struct Shader {
  std::string_view name;  // "matvec.q4_1"; ends in a zero
  std::span<const uint32_t> words;
};
std::span<const Shader> all_shaders();  // shaders.gen.cc
// Place in all_shaders() of "matvec" with variant "q4_1" (empty: none); UINT32_MAX: there is none.
uint32_t find_shader(std::string_view kernel, std::string_view variant);

}  // namespace infer::vulkan
