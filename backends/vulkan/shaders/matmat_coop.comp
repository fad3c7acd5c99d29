#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
// matmat_f16.comp for devices with matrix units (VK_KHR_cooperative_matrix, 16 x 16 x 16, binary16 to binary32): four
// subgroups make 64 rows of 64 columns, each of them 16 columns. What binary16 cannot hold is computed as there.
//   a: y, x, w, bias or 0, rounded x, scales of x, counters, tables
//   n: as of matvec.comp
#include "common.glsl"
#include "weights.glsl"
const uint kRows = 64u, kCols = 64u, kDepth = 32u, kSide = 16u;
const uint kWords = kDepth / 2u + 4u;  // of a row or column; more than there are, so that they lie in different banks
const float kTooLarge = 65504.0, kTooSmall = 0.0009765625;

shared uint w_tile[kRows * kWords];  // [row][pair of k]
shared uint x_tile[kCols * kWords];  // [column][pair of k]
shared float y_tile[kCols * kRows];  // [column][row]
shared uint most;                    // bits of the weights' largest magnitude

void main() {
  if (group() >= node.n[0]) return;
  const uint lane = gl_LocalInvocationID.x, n_columns = node.n[1], n_rows = node.n[2], n_k = node.n[3];
  const uint row_groups = (n_rows + kRows - 1u) / kRows;
  const uint first_row = group() % row_groups * kRows, first_col = group() / row_groups * kCols;
  float my_most = 0.0;
  if (lane == 0u) most = 0u;
  coopmat<float, gl_ScopeSubgroup, kSide, kSide, gl_MatrixUseAccumulator> sums[kRows / kSide];
  for (uint r = 0u; r < kRows / kSide; r++)
    sums[r] = coopmat<float, gl_ScopeSubgroup, kSide, kSide, gl_MatrixUseAccumulator>(0.0);

  for (uint k = 0u; k < n_k; k += kDepth) {
    for (uint piece = lane; piece < kRows * kDepth / 8u; piece += gl_WorkGroupSize.x) {
      const uint r = piece % kRows, e = piece / kRows;
      float v[8];
      weights8(row_at(advance(node.a[2], min(first_row + r, n_rows - 1u), node.n[4])), k / 8u + e, n_k, v);
      for (uint i = 0u; i < 8u; i++) my_most = max(my_most, abs(v[i]));
      for (uint i = 0u; i < 4u; i++) w_tile[r * kWords + 4u * e + i] = packHalf2x16(vec2(v[2u * i], v[2u * i + 1u]));
    }
    for (uint piece = lane; piece < kCols * kDepth / 2u; piece += gl_WorkGroupSize.x) {
      const uint c = piece / (kDepth / 2u), i = piece % (kDepth / 2u);
      x_tile[c * kWords + i] = U32(advance(node.a[4], min(first_col + c, n_columns - 1u), 2u * n_k)).v[k / 2u + i];
    }
    barrier();
    for (uint i = 0u; i < kDepth / 2u; i += kSide / 2u) {
      coopmat<float16_t, gl_ScopeSubgroup, kSide, kSide, gl_MatrixUseA> x;
      coopMatLoad(x, x_tile, gl_SubgroupID * kSide * kWords + i, kWords, gl_CooperativeMatrixLayoutRowMajor);
      for (uint r = 0u; r < kRows / kSide; r++) {
        coopmat<float16_t, gl_ScopeSubgroup, kSide, kSide, gl_MatrixUseB> w;
        coopMatLoad(w, w_tile, r * kSide * kWords + i, kWords, gl_CooperativeMatrixLayoutColumnMajor);
        sums[r] = coopMatMulAdd(x, w, sums[r]);
      }
    }
    barrier();
  }

  for (uint r = 0u; r < kRows / kSide; r++)
    coopMatStore(sums[r], y_tile, gl_SubgroupID * kSide * kRows + r * kSide, kRows, gl_CooperativeMatrixLayoutRowMajor);
  atomicMax(most, floatBitsToUint(my_most));
  barrier();
  const float largest = uintBitsToFloat(most);
  const bool again = largest > kTooLarge || (largest > 0.0 && largest < kTooSmall);
  if (again && lane == 0u) atomicAdd(U32(node.a[6]).v[1], 1u);
  for (uint i = lane; i < kCols * kRows; i += gl_WorkGroupSize.x) {
    const uint column = first_col + i / kRows, row = first_row + i % kRows;
    if (column >= n_columns || row >= n_rows) continue;
    float sum = F32(node.a[5]).v[column] * y_tile[i];
    if (again) {
      Row weights = row_at(advance(node.a[2], row, node.n[4]));
      F32 x = F32(advance(node.a[1], column, 4u * n_k));
      sum = 0.0;
      for (uint chunk = 0u; 8u * chunk < n_k; chunk++) {
        float v[8];
        weights8(weights, chunk, n_k, v);
        for (uint j = 0u; j < 8u; j++) sum = fma(v[j], x.v[8u * chunk + j], sum);
      }
    }
    F32(advance(node.a[0], column, 4u * n_rows)).v[row] = sum + (present(node.a[3]) ? F32(node.a[3]).v[row] : 0.0);
  }
}
