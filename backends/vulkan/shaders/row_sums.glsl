// What matrix-vector products share: which rows and columns a workgroup makes, and how the sums of its invocations become
// values of y. Entries of the node: matvec.comp.
layout(constant_id = 1) const uint ROWS = 2u;
layout(constant_id = 2) const uint COLS = 1u;
layout(constant_id = 3) const bool ONE_SUBGROUP = false;  // the workgroup is one: its sums need no shared memory

float sums[ROWS * COLS];                // of this invocation
shared float parts[64u * ROWS * COLS];  // of each subgroup

struct Place {
  uint first, column;  // row of w, column
  uint x_row, bias;    // where they begin
  uvec2 w;
};
Place place_of_group() {
  const uint n_rows = node.n[2], row_groups = (n_rows + ROWS - 1u) / ROWS, first = group() % row_groups * ROWS;
  Place p = Place(first, 0u, 0u, first, node.a[2]);
  if (present(node.a[4])) {
    p.column = group() / row_groups;
    p.x_row = p.column / node.n[5];
    const uint expert = uint(I32(node.a[4]).v[p.column]);
    p.w = advance(p.w, expert * n_rows, node.n[4]);
    p.bias += expert * n_rows;
  }
  return p;
}

void put(uint row, uint column, uint bias, float sum) {
  if (present(node.a[3])) sum += F32(node.a[3]).v[bias];
  F32(advance(node.a[0], column, 4u * node.n[2])).v[row] = sum;
}

void put_sums(Place p) {
  const uint lane = gl_LocalInvocationID.x, n_rows = node.n[2], n_columns = node.n[1];
  for (uint s = 0u; s < ROWS * COLS; s++) {
    sums[s] = subgroupAdd(sums[s]);
    if (!ONE_SUBGROUP && subgroupElect()) parts[gl_SubgroupID * ROWS * COLS + s] = sums[s];
  }
  if (ONE_SUBGROUP) {
    if (lane != 0u) return;
    for (uint r = 0u; r < ROWS; r++)
      for (uint c = 0u; c < COLS; c++)
        if (p.first + r < n_rows && p.column + c < n_columns)
          put(p.first + r, p.column + c, p.bias + r, sums[r * COLS + c]);
    return;
  }
  barrier();
  for (uint s = lane; s < ROWS * COLS; s += gl_WorkGroupSize.x) {
    const uint r = s / COLS, c = s % COLS;
    if (p.first + r >= n_rows || p.column + c >= n_columns) continue;
    float sum = 0.0;
    for (uint g = 0u; g < gl_NumSubgroups; g++) sum += parts[g * ROWS * COLS + s];
    put(p.first + r, p.column + c, p.bias + r, sum);
  }
}
