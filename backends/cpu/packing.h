// Weights in the layout that kernels read fastest: rows side by side, so that lanes of a vector are rows.
//
// A packed matrix is tiles of kPackedRows rows; a tile is its blocks along K one after the other; of a block first the
// bytes that make no whole 32-bit word (a binary16 scale), [row][bytes], then word after word, [word][row], in the
// order in which kernels read them. So it has exactly the bytes of the file in another order, and a kernel computes
// from it bit for bit what it computes from the file: the two may be mixed at will.
#pragma once
#include <cstdint>

#include "quant/types.h"

namespace infer::cpu {

inline constexpr int kPackedRows = 16;

// Where a block type's bytes that make no whole word lie: `odd_bytes` (0, 1 or 2) from `odd` on. False: kernels do not
// read this type packed.
bool packing_of(quant::Type t, int* odd, int* odd_bytes);

// The place of a block's word in a packed block: its own (the file's order), but for Q6_K, whose kernels need words of
// its three parts together: scales first, then for each 4 values low, middle and high bits.
// Always inline: see kernels.h.
__attribute__((always_inline)) inline constexpr int place_in_order(int word) { return word; }
__attribute__((always_inline)) inline constexpr int place_in_q6_k(int word) {
  if (word >= 48) return word - 48;
  const int high = word / 32, part = high ? 2 : word / 8 % 2;
  const int step = high ? (word - 32) / 8 : word / 16;
  return 4 + (step * 8 + word % 8) * 3 + part;
}

// Can n rows of this type be packed?
bool can_pack(quant::Type t, int64_t n);

// Rows [row0, row1) (multiples of kPackedRows) of row_bytes each from `rows` to their places in `packed`.
void pack_rows(quant::Type t, int64_t row_bytes, const uint8_t* rows, int64_t row0, int64_t row1, uint8_t* packed);
// One row of a packed matrix as it was: row_bytes bytes to `out`.
void unpack_row(quant::Type t, int64_t row_bytes, const uint8_t* packed, int64_t row, uint8_t* out);

}  // namespace infer::cpu
