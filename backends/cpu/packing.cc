#include "backends/cpu/packing.h"

#include <cstring>

namespace infer::cpu {

bool packing_of(quant::Type t, int* odd, int* odd_bytes) {
  switch (t) {
    case quant::Type::kQ3_K:
      *odd = 108;
      break;
    case quant::Type::kQ6_K:
      *odd = 208;
      break;
    case quant::Type::kTQ2_0:
      *odd = 64;
      break;
    default:
      *odd = 0;
  }
  switch (t) {
    case quant::Type::kQ4_1:
    case quant::Type::kQ5_1:
    case quant::Type::kQ2_K:
    case quant::Type::kQ4_K:
    case quant::Type::kQ5_K:
    case quant::Type::kIQ4_XS:
    case quant::Type::kNVFP4:
      *odd_bytes = 0;
      return true;
    case quant::Type::kMXFP4:
      *odd_bytes = 1;
      return true;
    case quant::Type::kQ4_0:
    case quant::Type::kQ5_0:
    case quant::Type::kQ8_0:
    case quant::Type::kQ3_K:
    case quant::Type::kQ6_K:
    case quant::Type::kIQ4_NL:
    case quant::Type::kTQ2_0:
      *odd_bytes = 2;
      return true;
    default:
      return false;
  }
}

bool can_pack(quant::Type t, int64_t n) {
  int odd, odd_bytes;
  return n % kPackedRows == 0 && packing_of(t, &odd, &odd_bytes);
}

// Calls f(at, n, to) for the pieces of a block: the n bytes from `at` on of row r of a tile lie at to + r * n of the
// packed blocks.
template <class F>
void each_piece(quant::Type t, F f) {
  int odd, odd_bytes;
  if (!packing_of(t, &odd, &odd_bytes)) return;
  if (odd_bytes > 0) f(odd, odd_bytes, 0);
  const int words = (static_cast<int>(quant::info(t).block_bytes) - odd_bytes) / 4;
  for (int word = 0; word < words; word++) {
    const int place = t == quant::Type::kQ6_K ? place_in_q6_k(word) : place_in_order(word);
    f(4 * word + (4 * word >= odd ? odd_bytes : 0), 4, kPackedRows * (odd_bytes + 4 * place));
  }
}

void pack_rows(quant::Type t, int64_t row_bytes, const uint8_t* rows, int64_t row0, int64_t row1, uint8_t* packed) {
  const int64_t block = quant::info(t).block_bytes;
  for (int64_t tile = row0; tile < row1; tile += kPackedRows)
    for (int64_t at = 0; at < row_bytes; at += block) {
      const uint8_t* from = rows + tile * row_bytes + at;
      uint8_t* into = packed + tile * row_bytes + at * kPackedRows;
      each_piece(t, [&](int piece, int n, int to) {
        for (int r = 0; r < kPackedRows; r++) {
          const uint8_t* p = from + r * row_bytes + piece;
          n == 4 ? std::memcpy(into + to + r * 4, p, 4) : std::memcpy(into + to + r * n, p, static_cast<size_t>(n));
        }
      });
    }
}

void unpack_row(quant::Type t, int64_t row_bytes, const uint8_t* packed, int64_t row, uint8_t* out) {
  const int64_t block = quant::info(t).block_bytes, r = row % kPackedRows;
  const uint8_t* tile = packed + (row - r) * row_bytes;
  for (int64_t at = 0; at < row_bytes; at += block)
    each_piece(t, [&](int piece, int n, int to) {
      std::memcpy(out + at + piece, tile + at * kPackedRows + to + r * n, static_cast<size_t>(n));
    });
}

}  // namespace infer::cpu
