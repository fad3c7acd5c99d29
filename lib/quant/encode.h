// Values into blocks, for those types that writers and tests need. Round to nearest, equal bit for bit to the `gguf`
// package's quantize() on finite values whose blocks have a scale that is normal or zero; other values give some block,
// never a fault.
#pragma once
#include <cstdint>

#include "quant/types.h"

namespace infer::quant {

bool can_encode(Type t);  // F32, F16, BF16, Q4_0, Q4_1, Q8_0

// values[n] -> out, row_bytes(t, n) bytes at any alignment. n is a multiple of block_elems; t as can_encode says.
void encode_row(Type t, const float* values, void* out, int64_t n);

}  // namespace infer::quant
