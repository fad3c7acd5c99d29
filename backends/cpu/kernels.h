// What one instruction set offers: a table of functions, one table per isa_*.cc, chosen once when a device is opened.
//
// Only plain data crosses this line. The files behind it are compiled with flags of their own, so nothing here may be
// an inline function: the linker might keep the copy that only a newer machine can run.
#pragma once
#include <cstddef>
#include <cstdint>

#include "quant/types.h"

namespace infer::cpu {

struct Unpacker;

// A row of activations in the form that integer kernels read. x[i] ~= scale[i / 32] * q[i], |q| <= 127. Groups of 32
// that stand out have a second term of the same form for what the first left over. The rounding errors of such a group
// would otherwise outweigh those of all others together.
//
// A group stands out whose largest value, squared, is more than `stands_out` times the mean sum of squares of a group
// of the row. So what rounding leaves of a row is bounded by its length: at most stands_out * 32 / 12 / 127^2 of |x|^2,
// and two fifths of that for numbers that are normally distributed, of which few stand out. On SmolLM2's text factor
// 0.5 gives 20 % of the groups a second term and lowers the KL divergence from f32 activations from 2.6e-3 to 3.5e-4.
// (0.4: 24 %, 3.2e-4; 0.6: 16 %, 4.2e-4; 0.85: 11 %, 5.2e-4; 1: 10 %, 5.7e-4. By the mean square of the groups' largest
// values instead of their sums of squares: 22 %, 4.2e-4, and with random weights 36 % instead of 16 %.) Of rows up to
// kShortRow, in which few errors average out, every group has a second term.
//
// Offsets of the arrays within a record; q is first. Second terms lie behind one another in the order of their groups,
// as a second set of the same arrays, `term` bytes further.
struct RecordLayout {
  int64_t k;         // values
  int64_t scale;     // f32 [k/32]
  int64_t sum;       // f32 [k/32]: scale * sum of q, over 32 values: multiplies a weight's offset
  int64_t isum16;    // i16 [k/16]: sum of q over 16 values: takes a weight's zero point out
  int64_t group;     // i32 [k/32]: groups of the second terms, ascending
  int64_t panel;     // i32 [ceil(k/kPanelValues) + 1]: how many second terms lie before each panel
  int64_t term;      // bytes from the first set of arrays to the second
  int64_t bytes;     // of a record
  float stands_out;  // 0: every group that is not zero; infinity: none
};
inline constexpr float kStandsOut = 0.5f;
inline constexpr int64_t kShortRow = 512;
inline constexpr int64_t kPanelValues = 1024;  // part of the numeric form: see matmul_quant.h

// y[m][n0..n1) = x w^T (+ bias) (+ residual). One output element is computed by the same sequence of operations
// whatever m, n0 and n1 are.
struct MatmulArgs {
  const uint8_t* w;       // [n] rows of row_bytes bytes; any alignment
  const uint8_t* packed;  // the same as packing.h describes, or null
  int64_t row_bytes;
  int64_t n, k;
  int64_t n0, n1;              // wanted columns; n0 a multiple of kColumnUnit, for float weights any
  const uint8_t* x;            // [m] quantised records, or f32 rows for float weights
  int64_t x_stride;            // bytes
  const RecordLayout* layout;  // null for float weights
  const int32_t* x_rows;       // [m]: which row of x; null: row i
  int64_t m;
  float* y;
  int64_t y_stride;          // floats
  const int32_t* y_rows;     // [m]: which row of y; null: row i
  const float* bias;         // [n] or null
  const float* residual;     // laid out as y, or null
  const Unpacker* unpacker;  // for kernels of unpacked types
  uint8_t* scratch;          // this thread's, as large as scratch_bytes says
  bool tiles;                // set by amx's kernels for avx512vnni's: see matmul_tiles.h
};
inline constexpr int64_t kColumnUnit = 32;

struct MatmulKernel {
  void (*run)(const MatmulArgs&);
  const char* few;   // "4x1": name of the form for few rows
  const char* many;  // name of the tiled form
  int64_t few_rows;  // up to this many rows run() takes the first
};

// Queries of one kv head against its pages: see attention.h.
struct AttentionArgs {
  const uint8_t* k_state;  // pages of heads of keys as stored.h draws them
  const uint8_t* v_state;
  int64_t k_page, v_page;  // bytes of a page
  quant::Type kv_type;     // f32 f16 bf16 q8_0 q4_0
  int32_t head_dim, head_dim_v, page;
  int32_t n_heads, n_kv_heads, kv_head;
  const int32_t* block_table;  // of this sequence
  const float* q;              // [rows, H * D]: the block's first row
  int64_t q_stride;            // floats
  int32_t n_rows;
  int64_t first_position;  // of row 0; row i is at first_position + i
  int64_t window;          // 0: all
  float scale, softcap;
  const float* sinks;      // [H] or null
  int64_t chunk0, chunk1;  // chunks of kAttentionChunk positions to take, in absolute numbers
  int64_t next_position;   // what will be attended to next, from there on with that kv head, so that it is fetched in
  int32_t next_head;       // time; -1: not known
  float* state;            // running softmax of each row and head of the group: [rows * group][kStateHead + Dv]
  int64_t state_stride;    // floats
  int32_t raw;             // the state becomes that of the one chunk taken, instead of being merged with it
  float* scratch;          // this thread's: kAttentionTileMax * (2 * kScoreStride + kStateHead + Dv) floats
};
inline constexpr int64_t kAttentionChunk = 256;  // positions; part of the numeric form
inline constexpr int kAttentionTileMax = 6;
inline constexpr int kStateHead =
    2;  // a softmax state is m, l, a[Dv]: largest score in units of ln 2, sum of weights, weighted values
inline constexpr int kScoreStride = static_cast<int>(kAttentionChunk) + 32;  // 16 floats of room before and after
inline constexpr int kQuantTypes = 48;                                       // block types are numbered below this

struct Kernels {
  const char* name;  // "avx2"
  int lanes;
  bool avx2;  // compiled for AVX2 and F16C or what includes them: unpackers compiled for those may run, too

  MatmulKernel matmul[kQuantTypes];                        // by quant::Type; run null: no kernel of its own
  MatmulKernel unpacked[2];                                // [group is 16]
  int64_t (*scratch_bytes)(int64_t k, int64_t row_bytes);  // of a matmul

  void (*quantize)(const float* x, const RecordLayout& layout, uint8_t* record);  // a row x[k]
  void (*rms_norm)(const float* x, const float* weight, float* y, int64_t n, float eps);
  void (*add)(const float* a, const float* b, float* y, int64_t n);
  void (*mul)(const float* a, const float* b, float* y, int64_t n);
  void (*scale)(const float* x, float by, float* y, int64_t n);
  void (*act)(int32_t kind, const float* x, float* y, int64_t n);  // infer_act
  void (*glu)(int32_t kind, const float* gate, const float* up, float* y, int64_t n);
  // x[head_dim] -> y: pairs of the first n_rot values turned by cos/sin [n_rot/2]; the rest copied. y may be x.
  void (*rope)(const float* x, const float* cos, const float* sin, float* y, int64_t head_dim, int64_t n_rot,
               int32_t style);
  void (*to_f16)(const float* x, uint16_t* y, int64_t n);

  void (*attend)(const AttentionArgs&);  // chunks -> states
  void (*attention_merge)(float* into, const float* part,
                          int64_t head_dim_v);  // the states of two neighbours, in order
  void (*attention_finish)(const float* state, float sink, int32_t has_sink, float* out, int64_t head_dim_v);
};

// `products` with everything that it lacks from `base`. Compiled for any machine, as tables are made on any.
Kernels completed(const Kernels& products, const Kernels& base);

const Kernels* kernels_portable();
const Kernels* kernels_avx2();
const Kernels* kernels_avxvnni();
const Kernels* kernels_avx512();
const Kernels* kernels_avx512vnni();
const Kernels* kernels_amx();
const Kernels* kernels_neon();
const Kernels* kernels_neon_dotprod();
const Kernels* kernels_neon_i8mm();

}  // namespace infer::cpu
