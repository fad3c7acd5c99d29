// The table of one instruction set, made from its vector interface.
#pragma once
#include "backends/cpu/attention.h"
#include "backends/cpu/matmul_dots.h"
#include "backends/cpu/matmul_float.h"
#include "backends/cpu/matmul_quant.h"
#include "backends/cpu/rows.h"

namespace infer::cpu {

// What multiplies bytes. An instruction set that differs from another in that alone has nothing else: see completed().
template <class V>
constexpr Kernels make_products(const char* name, const char* few, const char* many) {
  Kernels k{};
  k.name = name;
  const auto block = [&](quant::Type type, void (*run)(const MatmulArgs&)) {
    k.matmul[static_cast<uint32_t>(type)] = {run, few, many, kInRegisters};
  };
  block(quant::Type::kQ4_0, matmul_blocks<V, Q4_0>);
  block(quant::Type::kQ4_1, matmul_blocks<V, Q4_1>);
  block(quant::Type::kQ5_0, matmul_blocks<V, Q5_0>);
  block(quant::Type::kQ5_1, matmul_blocks<V, Q5_1>);
  block(quant::Type::kQ8_0, matmul_blocks<V, Q8_0>);
  block(quant::Type::kQ2_K, matmul_blocks<V, Q2_K>);
  block(quant::Type::kQ3_K, matmul_blocks<V, Q3_K>);
  block(quant::Type::kQ4_K, matmul_blocks<V, Q4_K>);
  block(quant::Type::kQ5_K, matmul_blocks<V, Q5_K>);
  block(quant::Type::kQ6_K, matmul_blocks<V, Q6_K>);
  block(quant::Type::kIQ4_NL, matmul_blocks<V, IQ4_NL>);
  block(quant::Type::kIQ4_XS, matmul_blocks<V, IQ4_XS>);
  block(quant::Type::kTQ2_0, matmul_blocks<V, TQ2_0>);
  block(quant::Type::kMXFP4, matmul_blocks<V, MXFP4>);
  block(quant::Type::kNVFP4, matmul_blocks<V, NVFP4>);
  k.unpacked[0] = {matmul_unpacked<V, 32>, few, many, kInRegisters};
  k.unpacked[1] = {matmul_unpacked<V, 16>, few, many, kInRegisters};
  k.scratch_bytes = scratch_bytes<V>;
  return k;
}

template <class V>
constexpr Kernels make_kernels(const char* name, const char* few, const char* many, const char* floats) {
  Kernels k = make_products<V>(name, few, many);
  k.lanes = V::kLanes;
#ifdef __AVX2__
  k.avx2 = true;
#endif
  k.matmul[static_cast<uint32_t>(quant::Type::kF32)] = {matmul_float<V, WeightF32<V>>, "4x1", floats,
                                                        V::kFloatTile - 1};
  k.matmul[static_cast<uint32_t>(quant::Type::kF16)] = {matmul_float<V, WeightF16<V>>, "4x1", floats,
                                                        V::kFloatTile - 1};
  k.matmul[static_cast<uint32_t>(quant::Type::kBF16)] = {matmul_float<V, WeightBF16<V>>, "4x1", floats,
                                                         V::kFloatTile - 1};
  k.quantize = quantize<V>;
  k.rms_norm = rms_norm<V>;
  k.add = add_rows<V>;
  k.mul = mul_rows<V>;
  k.scale = scale_row<V>;
  k.act = act<V>;
  k.glu = glu<V>;
  k.rope = rope<V>;
  k.to_f16 = to_f16<V>;
  k.attend = attend<V>;
  k.attention_merge = attention_merge<V>;
  k.attention_finish = attention_finish<V>;
  return k;
}

}  // namespace infer::cpu
