// The AMX instructions of backends/cpu/matmul_tiles.h in plain C++. What the processor answers with a fault ends the
// program here: tiles that are not set up, or of shapes that do not belong together. So does setting them up twice
// without giving them up, since they are the whole thread's.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace infer::emulated {

struct TileState {
  struct Shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } shapes;
  alignas(64) uint8_t tiles[8][16][64];
};
inline thread_local TileState tile_state{};

inline void tile_fault_if(bool wrong, const char* what) {
  if (!wrong) return;
  std::fprintf(stderr, "AMX: %s\n", what);
  std::abort();
}
inline uint8_t (&tile(int t))[16][64] {
  const TileState::Shapes& s = tile_state.shapes;
  tile_fault_if(s.palette != 1 || t < 0 || t > 7 || s.rows[t] == 0, "a tile that is not set up");
  return tile_state.tiles[t];
}

inline void tile_loadconfig(const void* from) {
  tile_fault_if(tile_state.shapes.palette != 0, "tiles that were not given up");
  std::memset(&tile_state, 0, sizeof tile_state);
  TileState::Shapes s;
  static_assert(sizeof s == 64);
  std::memcpy(&s, from, sizeof s);
  bool odd = s.palette != 1 || s.start_row != 0;
  for (const uint8_t byte : s.reserved) odd = odd || byte != 0;
  for (int t = 0; t < 16; t++) {
    odd = odd || s.rows[t] > 16 || s.row_bytes[t] > 64 || (s.rows[t] == 0) != (s.row_bytes[t] == 0);
    odd = odd || (t > 7 && s.rows[t] != 0);
  }
  tile_fault_if(odd, "shapes that there are not");
  tile_state.shapes = s;
}
inline void tile_release() { std::memset(&tile_state, 0, sizeof tile_state); }
inline void tile_zero(int t) { std::memset(tile(t), 0, sizeof tile(t)); }
// Bytes past a tile's shape become zeros.
inline void tile_loadd(int t, const void* from, int64_t stride) {
  tile_zero(t);
  for (int row = 0; row < tile_state.shapes.rows[t]; row++)
    std::memcpy(tile(t)[row], static_cast<const uint8_t*>(from) + row * stride, tile_state.shapes.row_bytes[t]);
}
inline void tile_stored(int t, void* to, int64_t stride) {
  for (int row = 0; row < tile_state.shapes.rows[t]; row++)
    std::memcpy(static_cast<uint8_t*>(to) + row * stride, tile(t)[row], tile_state.shapes.row_bytes[t]);
}
// sum[m][n] += a[m][4k .. 4k+3] (signed) * b[k][4n .. 4n+3] (unsigned)
inline void tile_dpbsud(int sum, int a, int b) {
  const TileState::Shapes& s = tile_state.shapes;
  uint8_t(&c)[16][64] = tile(sum);
  const uint8_t(&x)[16][64] = tile(a), (&w)[16][64] = tile(b);
  tile_fault_if(s.rows[sum] != s.rows[a] || s.row_bytes[sum] != s.row_bytes[b] || s.row_bytes[a] != 4 * s.rows[b] ||
                    s.row_bytes[sum] % 4 != 0 || sum == a || sum == b || a == b,
                "shapes that cannot be multiplied");
  for (int m = 0; m < s.rows[sum]; m++) {
    int32_t row[16];
    std::memcpy(row, c[m], sizeof row);
    for (int k = 0; k < s.row_bytes[a]; k++)
      for (int n = 0; n < s.row_bytes[sum] / 4; n++) row[n] += static_cast<int8_t>(x[m][k]) * w[k / 4][4 * n + k % 4];
    std::memcpy(c[m], row, sizeof row);
  }
}

}  // namespace infer::emulated

#define _tile_loadconfig infer::emulated::tile_loadconfig
#define _tile_release infer::emulated::tile_release
#define _tile_zero infer::emulated::tile_zero
#define _tile_loadd infer::emulated::tile_loadd
#define _tile_stored infer::emulated::tile_stored
#define _tile_dpbsud infer::emulated::tile_dpbsud
