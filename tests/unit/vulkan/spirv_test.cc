// Every shader is sound SPIR-V, by Khronos' own validator.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "backends/vulkan/shaders.h"
#include "quant/types.h"
#include "tests/unit/folder.h"

using namespace infer;
using namespace infer::vulkan;

TEST_CASE("spirv-val takes every shader") {
  const Folder folder;
  CHECK(all_shaders().size() >= 140);
  for (const Shader& s : all_shaders()) {
    const std::string file = folder / std::string(s.name);
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(s.words.data()), static_cast<std::streamsize>(s.words.size_bytes()));
    const std::string_view tool = s.name.starts_with("matmat_coop") ? INFER_SPIRV_VAL_NEWER : INFER_SPIRV_VAL;
    const std::string command = std::string(tool) + " --target-env vulkan1.2 " + file;
    CHECK_MESSAGE(std::system(command.c_str()) == 0, s.name);
  }
}

TEST_CASE("spirv-val refuses what is no shader") {
  const Folder folder;
  std::ofstream(folder / "x", std::ios::binary) << "no SPIR-V at all";
  CHECK(std::system((std::string(INFER_SPIRV_VAL) + " " + (folder / "x") + " 2> " + (folder / "said")).c_str()) != 0);
}

TEST_CASE("every weight type has its kernels, and a name that is none has none") {
  for (const quant::TypeInfo& t : quant::all_types()) {
    if (t.type == quant::Type::kI32) continue;
    for (const char* kernel : {"matvec", "matmat", "embed"})
      CHECK_MESSAGE(find_shader(kernel, t.name) != UINT32_MAX, kernel, ".", t.name);
  }
  CHECK(find_shader("matvec", "") == UINT32_MAX);
  CHECK(find_shader("attention", "q4_1") == UINT32_MAX);
  CHECK(find_shader("attention_sum", "") != find_shader("attention", "f16"));
}
