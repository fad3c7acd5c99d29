# Kernels to fatbins: machine code for compute capabilities 8.0 and 9.0, and what newer ones make theirs of (PTX); and
# fatbins.gen.cc with all of them, in the order of Module in kernels.h. -fmad=false: kernels/common.cuh says why.
set(INFER_CUDA_SOURCES rows attention weights_plain weights_blocks weights_super weights_grids weights_int8 CACHE INTERNAL "")
set(fatbins "")
set(blobs "")
set(externs "")
set(rows "")
file(GLOB shared CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/kernels/*.cuh)
foreach(name ${INFER_CUDA_SOURCES})
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/kernels/${name}.cu)
  set(fatbin ${CMAKE_CURRENT_BINARY_DIR}/${name}.fatbin)
  add_custom_command(OUTPUT ${fatbin} DEPENDS ${source} ${shared} ${PROJECT_SOURCE_DIR}/backends/common/record.h VERBATIM
    COMMAND ${NVCC} -std=c++17 -O3 -fmad=false -I${PROJECT_SOURCE_DIR} -Xfatbin -compress-all -fatbin
      -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=[sm_90,compute_90] -o ${fatbin} ${source})
  list(APPEND fatbins ${fatbin})
  string(APPEND blobs ".balign 64\\n.globl infer_fatbin_${name}\\n.hidden infer_fatbin_${name}\\ninfer_fatbin_${name}:\\n.incbin \\\"${fatbin}\\\"\\n")
  string(APPEND externs "extern \"C\" __attribute__((visibility(\"hidden\"))) const unsigned char infer_fatbin_${name}[];\n")
  string(APPEND rows "    {infer_fatbin_${name}},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/fatbins.gen.cc CONTENT "#include \"backends/cuda/kernels.h\"
asm(\".pushsection .rodata\\n${blobs}.popsection\\n\");
@externs@namespace infer::cuda {
std::span<const Fatbin> fatbins() {
  static const Fatbin kFatbins[] = {
@rows@  };
  return kFatbins;
}
}  // namespace infer::cuda
" @ONLY)
