// What a case file writes into a tensor, as text: where the values come from, then, after "->", what becomes of each
// (v).
//
//   uniform(SEED), uniform(SEED, REACH)  f32 within -REACH .. REACH (1)
//   blocks(SEED)                         a weight of any type (quant/random_blocks.h)
//   ids(SEED, N)                         i32 within 0 .. N - 1
//   choices(SEED, N)                     i32: each row of the innermost dimension has different ones of 0 .. N - 1
//   slots(SEED, N)                       i32 within -1 .. N - 1
//   value(V)                             V everywhere
#pragma once
#include "tests/backends/case.h"
#include "tests/backends/expression.h"

namespace infer::conformance {

// dims: of the whole tensor, no symbols. more: added to the seed, so that the same text gives other values.
Result<Bytes> fill(std::string_view text, uint32_t type, std::span<const int64_t> dims, const Lookup& lookup,
                   uint64_t more = 0);

}  // namespace infer::conformance
