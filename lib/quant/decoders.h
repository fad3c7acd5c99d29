// The decoders behind decode_row, one per block type: n_blocks blocks at any alignment -> float values, in row order.
//
// Each is the definition of its type: the floating-point operations are those of the `gguf` package in their order, so
// that the result has the same bits. (-ffp-contract=off keeps the compiler from fusing them.)
#pragma once
#include <cstdint>

namespace infer::quant {

using Decoder = void (*)(const void* blocks, float* out, int64_t n_blocks);

// plain.cc: a block is one value
void decode_f32(const void*, float*, int64_t);
void decode_f16(const void*, float*, int64_t);
void decode_bf16(const void*, float*, int64_t);

// simple.cc: 32 values and one scale
void decode_q4_0(const void*, float*, int64_t);
void decode_q4_1(const void*, float*, int64_t);
void decode_q5_0(const void*, float*, int64_t);
void decode_q5_1(const void*, float*, int64_t);
void decode_q8_0(const void*, float*, int64_t);

// k_quants.cc: 256 values, quantised scales
void decode_q2_k(const void*, float*, int64_t);
void decode_q3_k(const void*, float*, int64_t);
void decode_q4_k(const void*, float*, int64_t);
void decode_q5_k(const void*, float*, int64_t);
void decode_q6_k(const void*, float*, int64_t);

// i_quants.cc: code-books
void decode_iq1_s(const void*, float*, int64_t);
void decode_iq1_m(const void*, float*, int64_t);
void decode_iq2_xxs(const void*, float*, int64_t);
void decode_iq2_xs(const void*, float*, int64_t);
void decode_iq2_s(const void*, float*, int64_t);
void decode_iq3_xxs(const void*, float*, int64_t);
void decode_iq3_s(const void*, float*, int64_t);
void decode_iq4_nl(const void*, float*, int64_t);
void decode_iq4_xs(const void*, float*, int64_t);

// ternary.cc
void decode_tq1_0(const void*, float*, int64_t);
void decode_tq2_0(const void*, float*, int64_t);

// fp4.cc
void decode_mxfp4(const void*, float*, int64_t);
void decode_nvfp4(const void*, float*, int64_t);

}  // namespace infer::quant
