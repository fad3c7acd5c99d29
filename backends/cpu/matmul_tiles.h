// Block-quantised matmul in AMX's tiles: the bulk of what matmul_many.h does, for avx512vnni, whose kernels unpack the
// panels, do the rows that are left over and all second terms, and write the results.
//
// A tile register has up to 16 rows of 64 bytes, one instruction multiplies two of them. Here it gives the dot products
// of 16 rows of activations with one row vector of a panel over one part: exact integers, so that the floats made of
// them, by many() as everywhere, have the same bits. Panel::q already lies as the second factor wants it: 4 bytes of
// k of each of the 16 lanes in a tile row.
//
// The registers' shapes are a state of the thread, which others may use as well: isa_amx.cc sets them for a call and
// gives them up at its end. All shapes that any format needs are in one setting:
//   tiles 0, 1    [16 rows of x][16 lanes] i32     sums, of a row vector each
//   tile 2        [16 rows of x][32 values] i8     tiles 3, 4  [32/4][16 lanes][4 values] u8    parts of 32 values
//   tile 5        [16 rows of x][16 values] i8     tiles 6, 7  [16/4][16 lanes][4 values] u8    parts of 16 values
#pragma once
#if !defined(INFER_EMULATE_AMX)  // tests bring it in plain C++
#include <immintrin.h>
#endif

#include "backends/cpu/matmul_quant.h"
#include "backends/cpu/vec_avx512.h"

namespace infer::cpu {
namespace amx {

inline constexpr int kTileRows = 16;

struct alignas(64) TileShapes {  // as the instruction that sets them reads it
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 32, 64, 64, 16, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 8, 8, 16, 4, 4};
};

struct Vec : avx512vnni::Vec {};

}  // namespace amx

// Of 16 rows of activations that lie at equal distances.
template <class U>
struct PanelDots<amx::Vec, U, amx::kTileRows> : PanelGroup<amx::Vec, U> {
  using V = amx::Vec;
  static constexpr int R = V::kRowVectors, L = V::kLanes, T = amx::kTileRows, kParts = 32 / U::kPart;
  static_assert(R == 2 && L == 16);
  alignas(64) int32_t sums[kParts][R][T][L];
  INFER_INLINE PanelDots(const Panel<V, U>& panel, int64_t g, const int8_t* const (&x)[T])
      : PanelGroup<V, U>{panel, g} {
    const int64_t stride = x[1] - x[0];
    INFER_UNROLL for (int i = 0; i < kParts; i++) {
      const int8_t* a = x[0] + i * U::kPart;
      const uint8_t* b = panel.q + (g * 32 + i * U::kPart) * R * L;
      _tile_zero(0);
      _tile_zero(1);
      if constexpr (U::kPart == 32) {
        _tile_loadd(2, a, stride);
        _tile_loadd(3, b, R * L * 4);
        _tile_loadd(4, b + L * 4, R * L * 4);
        _tile_dpbsud(0, 2, 3);
        _tile_dpbsud(1, 2, 4);
      } else {
        _tile_loadd(5, a, stride);
        _tile_loadd(6, b, R * L * 4);
        _tile_loadd(7, b + L * 4, R * L * 4);
        _tile_dpbsud(0, 5, 6);
        _tile_dpbsud(1, 5, 7);
      }
      _tile_stored(0, sums[i][0], L * 4);
      _tile_stored(1, sums[i][1], L * 4);
    }
  }
  INFER_INLINE V::I result(int r, int t, int i, const Terms<V>& x, int64_t at) const {
    GroupDot<V, U> group;
    const auto add = [&](int part) INFER_INLINE_BODY {
      group.dot[i].add(V::load_b(reinterpret_cast<const uint8_t*>(sums[part][r][t])), !U::kScaled || part == 0,
                       [&]() INFER_INLINE_BODY { return this->multiplier(r)(part); });
    };
    if constexpr (U::kScaled)
      INFER_UNROLL for (int part = 0; part < kParts; part++) add(part);
    else
      add(i);
    return group.result(i, x, at, this->multiplier(r));
  }
};

namespace amx {

struct TileRecord : Record<Vec> {
  const int8_t* bytes;  // of a panel's groups
  INFER_INLINE const int8_t* q(int64_t) const { return bytes; }
};

// 16 rows of activations from row m on, their bytes at equal distances.
struct TileRecords {
  TileRecord x[kTileRows];
  // Rows at other distances (an expert's) are gathered; a line further apart, lest they compete for places in a cache.
  alignas(64) int8_t gathered[kTileRows][kPanelValues + 64];
  void take(const MatmulArgs& a, int64_t m, int64_t g0, int64_t n_groups) {
    bool equal = true;
    for (int i = 0; i < kTileRows; i++) {
      const Record<Vec> row = record<Vec>(a, m + i);
      x[i] = {row, row.first.q(g0)};
      equal = equal && (i == 0 || x[i].bytes - x[i - 1].bytes == x[1].bytes - x[0].bytes);
    }
    if (equal) return;
    for (int i = 0; i < kTileRows; i++) {
      __builtin_memcpy(gathered[i], x[i].bytes, static_cast<size_t>(n_groups * 32));
      x[i].bytes = gathered[i];
    }
    __asm__ volatile("" ::: "memory");  // gcc does not know that loading a tile reads memory
  }
};

template <class U>
int64_t Tiles<U>::multiply(const MatmulArgs& a, uint8_t* panel, int64_t g0, int64_t n_groups, int64_t m0,
                           int64_t m_count, float* y, float* low) {
  // Offsets by themselves, since 16 rows of them are more than there are registers.
  using Plain = Unblocked<U::kPart, U::kValues, U::kSigned, U::kScaled, false, U::kChain, U::kZero>;
  constexpr int T = kTileRows, kRow = Vec::kRowVectors * Vec::kLanes;
  const int64_t b0 = g0 * 32 / U::kValues, n_blocks = n_groups * 32 / U::kValues;
  TileRecords rows;
  int64_t t = 0;
  for (; t + T <= m_count; t += T) {
    rows.take(a, m0 + t, g0, n_groups);
    many<Vec, Plain, T>(Panel<Vec, Plain>(panel), n_blocks, rows.x, b0, y + t * kRow, nullptr);
    if constexpr (U::kOffset)
      for (int i = 0; i < T; i += 4) {
        const Record<Vec> four[4] = {rows.x[i], rows.x[i + 1], rows.x[i + 2], rows.x[i + 3]};
        many_offsets<Vec, U, 4>(Panel<Vec, U>(panel), n_blocks, four, b0, low + (t + i) * kRow);
      }
  }
  return t;
}

}  // namespace amx
}  // namespace infer::cpu
