# Shaders to SPIR-V, and shaders.gen.cc with all of them. A shader that exists once per type is compiled with TYPE_Q4_0
# (of weights) or STATE_F16 (of pages) defined; BLOCK_BYTES as in lib/quant/blocks.h.
set(types F32=4 F16=2 BF16=2 Q4_0=18 Q4_1=20 Q5_0=22 Q5_1=24 Q8_0=34 Q2_K=84 Q3_K=110 Q4_K=144 Q5_K=176 Q6_K=210 IQ1_S=50 IQ1_M=56
  IQ2_XXS=66 IQ2_XS=74 IQ2_S=82 IQ3_XXS=98 IQ3_S=110 IQ4_NL=18 IQ4_XS=136 TQ1_0=54 TQ2_0=66 MXFP4=17 NVFP4=36)
# of which 32 values are whole numbers times a scale or two: ints.glsl
set(int8_types Q4_0=18 Q4_1=20 Q5_0=22 Q5_1=24 Q8_0=34 Q3_K=110 Q4_K=144 Q5_K=176 Q6_K=210 IQ4_NL=18 IQ4_XS=136 MXFP4=17)
set(plain_types F32=4 F16=2 BF16=2)  # adapters are of these
set(state_types F32 F16 BF16 Q8_0 Q4_0)
set(INFER_SHADER_HEADERS "")
set(includes "")
set(rows "")
file(GLOB shared CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/shaders/*.glsl)

function(infer_shader kernel variant)  # further arguments: definitions
  string(TOLOWER "${variant}" lower)
  set(name ${kernel})
  if(lower)
    set(name ${kernel}.${lower})
  endif()
  string(REPLACE "." "_" symbol ${name})
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/shaders/${kernel}.comp)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.spv.h)
  add_custom_command(OUTPUT ${header} DEPENDS ${source} ${shared} VERBATIM
    COMMAND ${GLSLANG} -V --quiet --target-env vulkan1.2 ${ARGN} --vn spv_${symbol} -o ${header} ${source})
  set(INFER_SHADER_HEADERS ${INFER_SHADER_HEADERS} ${header} PARENT_SCOPE)
  set(includes "${includes}#include \"${symbol}.spv.h\"\n" PARENT_SCOPE)
  set(rows "${rows}    {\"${name}\", spv_${symbol}},\n" PARENT_SCOPE)
endfunction()

foreach(kernel elementwise norm norm_int8 round_f16 round_int8 rope gather route expert_sum attention_sum)
  infer_shader(${kernel} "")
endforeach()
foreach(type ${types})
  string(REPLACE "=" ";" parts ${type})
  list(GET parts 0 name)
  list(GET parts 1 bytes)
  foreach(kernel matvec matmat embed)
    infer_shader(${kernel} ${name} -DTYPE_${name} -DBLOCK_BYTES=${bytes}u)
  endforeach()
  if(type IN_LIST int8_types)
    infer_shader(matvec_int8 ${name} -DTYPE_${name} -DBLOCK_BYTES=${bytes}u)
  endif()
  if(NOT type IN_LIST plain_types)
    infer_shader(matmat_f16 ${name} -DTYPE_${name} -DBLOCK_BYTES=${bytes}u)
    if(GLSLANG_MATRICES)
      set(usual ${GLSLANG})
      set(GLSLANG ${GLSLANG_MATRICES})
      infer_shader(matmat_coop ${name} -DTYPE_${name} -DBLOCK_BYTES=${bytes}u)
      set(GLSLANG ${usual})
    endif()
  endif()
  if(type IN_LIST plain_types)
    foreach(kernel adapt_down adapt_up)
      infer_shader(${kernel} ${name} -DTYPE_${name} -DBLOCK_BYTES=${bytes}u)
    endforeach()
  endif()
endforeach()
foreach(name ${state_types})
  foreach(kernel attention attention_tile kv_write)
    infer_shader(${kernel} ${name} -DSTATE_${name})
  endforeach()
endforeach()

file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/shaders.gen.cc CONTENT "#include \"backends/vulkan/shaders.h\"
namespace infer::vulkan {
namespace {
@includes@
const Shader kShaders[] = {
@rows@};
}  // namespace
std::span<const Shader> all_shaders() { return kShaders; }
uint32_t find_shader(std::string_view kernel, std::string_view variant) {
  for (uint32_t i = 0; i < std::size(kShaders); ++i) {
    std::string_view name = kShaders[i].name;
    if (!name.starts_with(kernel)) continue;
    name.remove_prefix(kernel.size());
    if (variant.empty() ? name.empty() : name.starts_with('.') && name.substr(1) == variant) return i;
  }
  return UINT32_MAX;
}
}  // namespace infer::vulkan
" @ONLY)
