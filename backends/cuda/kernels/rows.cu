// What is done to rows one by one: sums, products, activations, norms, positions, choices of experts.
#include "backends/cuda/kernels/rounding.cuh"

// ---- elementwise: one value per thread
// --------------------------------------------------------------------------------
//   a: out, a, b
//   n: threads, -, columns, what is b (0: like a, 1: one per column, 2: one per row), what (below), infer_act
//   f: factor of SCALE

__device__ inline float activate(uint32_t kind, float x) {
  switch (kind) {
    case 0:
      return x / (1.0f + expf(-x));
    case 1:
      return 0.5f * x * (1.0f + tanhf(0.7978845608028654f * (x + 0.044715f * x * x * x)));
    case 2:
      return 0.5f * x * (1.0f + erff(x * 0.7071067811865476f));
    case 3:
      return x < 0.0f ? 0.0f : x;
    case 4:
      return 1.0f / (1.0f + expf(-x));
    default:
      return tanhf(x);
  }
}

KERNEL(elementwise, 128) {
  const uint32_t i = invocation();
  if (i >= r.n[0]) return;
  const float a = memory<const float>(r.a[1])[i];
  const float* const b = memory<const float>(r.a[2]);
  const uint32_t at = r.n[3] == 0 ? i : r.n[3] == 1 ? i % r.n[2] : i / r.n[2];
  float v = a;
  switch (r.n[4]) {
    case 0:
      v = a + b[at];
      break;
    case 1:
      v = a * b[at];
      break;
    case 2:
      v = a * r.f[0];
      break;
    case 3:
      v = activate(r.n[5], a);
      break;
    case 4:
      v = activate(r.n[5], a) * b[i];
      break;
    default:
      break;  // a copy
  }
  memory<float>(r.a[0])[i] = v;
}

// ---- RMS norm: a block of 128 per run of values
// -----------------------------------------------------------------------
//   a: out, x, weight
//   n: blocks, -, values of a run
//   f: eps
KERNEL(norm, 128) {
  SHARED_FLOATS(warps);  // [4]
  if (blockIdx.x >= r.n[0]) return;
  const uint32_t n = r.n[2];
  const float *const x = memory<const float>(r.a[1], static_cast<uint64_t>(blockIdx.x) * n), *const weight =
                                                                                                 memory<const float>(
                                                                                                     r.a[2]);
  float* const y = memory<float>(r.a[0], static_cast<uint64_t>(blockIdx.x) * n);
  float sum = 0.0f;
  for (uint32_t i = threadIdx.x; i < n; i += blockDim.x) sum = __fmaf_rn(x[i], x[i], sum);
  const float by = 1.0f / sqrtf(block_sum(sum, warps) / static_cast<float>(n) + r.f[0]);
  for (uint32_t i = threadIdx.x; i < n; i += blockDim.x) y[i] = x[i] * by * weight[i];
}

// ---- x as whole numbers times scales (rounding.cuh): 32 values per thread
// --------------------------------------------
//   a: rounded, scales, x
//   n: threads
KERNEL(round_int8, 128) {
  if (invocation() >= r.n[0]) return;
  const float* const x = memory<const float>(r.a[2], uint64_t{32} * invocation());
  float v[32];
#pragma unroll
  for (uint32_t i = 0; i < 32; ++i) v[i] = x[i];
  round32(v, memory<uint32_t>(r.a[0], uint64_t{16} * invocation()), memory<float>(r.a[1], uint64_t{2} * invocation()));
}

// ---- RMS norm over whole rows, of which the first product takes y rounded: both at once
// ------------------------------
//   a: y, x, weight, rounded, scales
//   n: blocks, -, values of a row (a multiple of 32)
//   f: eps
KERNEL(norm_int8, 128) {
  SHARED_FLOATS(warps);  // [4]
  if (blockIdx.x >= r.n[0]) return;
  const uint32_t n = r.n[2], units = n / 32;
  const float* const x = memory<const float>(r.a[1], static_cast<uint64_t>(blockIdx.x) * n);
  const float* const weight = memory<const float>(r.a[2]);
  float* const y = memory<float>(r.a[0], static_cast<uint64_t>(blockIdx.x) * n);
  float sum = 0.0f;
  for (uint32_t i = threadIdx.x; i < n; i += blockDim.x) sum = __fmaf_rn(x[i], x[i], sum);
  const float by = 1.0f / sqrtf(block_sum(sum, warps) / static_cast<float>(n) + r.f[0]);
  for (uint32_t unit = threadIdx.x; unit < units; unit += blockDim.x) {
    float v[32];
#pragma unroll
    for (uint32_t i = 0; i < 32; ++i) {
      v[i] = x[32 * unit + i] * by * weight[32 * unit + i];
      y[32 * unit + i] = v[i];
    }
    const uint64_t at = static_cast<uint64_t>(blockIdx.x) * units + unit;
    round32(v, memory<uint32_t>(r.a[3], 16 * at), memory<float>(r.a[4], 2 * at));
  }
}

// ---- rotary positions: a pair per thread, and one for each value that stays
// -------------------------------------------
//   a: out, x, positions, turns
//   n: threads, -, columns, head_dim, n_rot, style (0: neighbours, 1: halves)
//   f: attn_factor
// turns: for each pair how far one position turns it, as a fraction of a whole turn in two words {high, low}. So the
// angle is exact to 2^-32 of a turn at any position: products are taken modulo a turn.

// cos and sin of phase / 2^32 turns: an eighth of a turn by polynomials.
__device__ inline float2 turn(uint32_t phase) {
  const uint32_t quadrant = (phase + 0x20000000u) >> 30;
  const float x = static_cast<float>(static_cast<int32_t>(phase - (quadrant << 30))) * 1.4629180792671596e-9f;
  const float x2 = x * x;  // 2 pi / 2^32 each: within pi / 4
  const float s = x * (1.0f - x2 * (0.16666667f - x2 * (0.0083333333f - x2 * (1.9841270e-4f - x2 * 2.7557319e-6f))));
  const float c =
      1.0f - x2 * (0.5f - x2 * (0.041666667f - x2 * (0.0013888889f - x2 * (2.4801587e-5f - x2 * 2.7557319e-7f))));
  return quadrant == 0   ? make_float2(c, s)
         : quadrant == 1 ? make_float2(-s, c)
         : quadrant == 2 ? make_float2(-c, -s)
                         : make_float2(s, -c);
}

KERNEL(rope, 128) {
  const uint32_t i = invocation();
  if (i >= r.n[0]) return;
  const uint32_t columns = r.n[2], head_dim = r.n[3], n_rot = r.n[4], half = n_rot / 2;
  const uint32_t per_head = head_dim - half, per_row = columns / head_dim * per_head;
  const uint32_t t = i / per_row, h = i % per_row / per_head, j = i % per_head;
  const float* const x = memory<const float>(r.a[1], static_cast<uint64_t>(t) * columns);
  float* const y = memory<float>(r.a[0], static_cast<uint64_t>(t) * columns);
  if (j >= half) {
    const uint32_t at = h * head_dim + j + half;
    y[at] = x[at];
    return;
  }
  const uint32_t* const turns = memory<const uint32_t>(r.a[3]);
  const int32_t position = memory<const int32_t>(r.a[2])[t];
  const uint32_t p = position < 0 ? 0u - static_cast<uint32_t>(position) : static_cast<uint32_t>(position);
  const uint32_t phase = p * turns[2 * j] + __umulhi(p, turns[2 * j + 1]);
  const float2 cs = turn(position < 0 ? 0u - phase : phase);
  const float c = cs.x * r.f[0], s = cs.y * r.f[0];
  const uint32_t a = h * head_dim + (r.n[5] == 1 ? j : 2 * j), b = h * head_dim + (r.n[5] == 1 ? j + half : 2 * j + 1);
  const float u = x[a], v = x[b];
  y[a] = u * c - v * s;
  y[b] = u * s + v * c;
}

// ---- chosen rows: one value per thread
// --------------------------------------------------------------------------------
//   a: out, x, rows
//   n: threads, -, columns
KERNEL(gather, 128) {
  const uint32_t i = invocation();
  if (i >= r.n[0]) return;
  const uint32_t columns = r.n[2];
  const auto row = static_cast<uint64_t>(memory<const int32_t>(r.a[2])[i / columns]);
  memory<float>(r.a[0])[i] = memory<const float>(r.a[1], row * columns)[i % columns];
}

// ---- the k largest of a row of logits, and what each weighs: a warp per row
// -------------------------------------------
//   a: ids, weights, logits
//   n: warps, -, experts, k, mode (0: softmax over all, else over the chosen)
//   f: scale of the weights

// NaN is smaller than any number, so that ids are valid whatever the logits are. Ties: lower index.
__device__ inline bool before(float a, int32_t at_a, float b, int32_t at_b) {
  const bool larger = a > b || (isnan(b) && !isnan(a)), smaller = b > a || (isnan(a) && !isnan(b));
  return larger || (!smaller && at_a < at_b);
}

KERNEL(route, 128) {
  const uint32_t row = blockIdx.x * (blockDim.x / kWarp) + threadIdx.x / kWarp, lane = lane_of();
  if (row >= r.n[0]) return;
  const uint32_t n_experts = r.n[2], k = r.n[3];
  const float* const logits = memory<const float>(r.a[2], static_cast<uint64_t>(row) * n_experts);
  float* const weights = memory<float>(r.a[1], static_cast<uint64_t>(row) * k);
  int32_t* const ids = memory<int32_t>(r.a[0], static_cast<uint64_t>(row) * k);
  float last = 0.0f, top = 0.0f, total = 0.0f;
  int32_t last_id = -1;
  for (uint32_t j = 0; j < k; ++j) {
    // The first of those that come after the one chosen last: of each lane, then of all.
    float best = 0.0f;
    int32_t best_id = -1;
    for (uint32_t e = lane; e < n_experts; e += kWarp) {
      const auto id = static_cast<int32_t>(e);
      const float v = logits[e];
      if (last_id >= 0 && !before(last, last_id, v, id)) continue;
      if (best_id < 0 || before(v, id, best, best_id)) best = v, best_id = id;
    }
    for (uint32_t h = kWarp / 2; h > 0; h /= 2) {
      const float other = __shfl_xor_sync(kAll, best, h);
      const int32_t other_id = __shfl_xor_sync(kAll, best_id, h);
      if (other_id >= 0 && (best_id < 0 || before(other, other_id, best, best_id))) best = other, best_id = other_id;
    }
    last = best, last_id = best_id;
    if (j == 0) top = best;
    if (r.n[4] != 0) total += expf(best - top);
    if (lane == 0) ids[j] = best_id, weights[j] = expf(best - top);
  }
  if (r.n[4] == 0) {
    for (uint32_t e = lane; e < n_experts; e += kWarp) total += expf(logits[e] - top);
    total = warp_sum(total);
  }
  if (lane == 0)
    for (uint32_t j = 0; j < k; ++j) weights[j] = weights[j] / total * r.f[0];
}

// ---- what the chosen experts said, weighed and added up in ascending order of their ids: one value per thread
// ---------
//   a: out, y, weights, ids
//   n: threads, -, columns, k
KERNEL(expert_sum, 128) {
  const uint32_t i = invocation();
  if (i >= r.n[0]) return;
  const uint32_t columns = r.n[2], k = r.n[3], t = i / columns, d = i % columns;
  const float* const weights = memory<const float>(r.a[2], static_cast<uint64_t>(t) * k);
  const int32_t* const ids = memory<const int32_t>(r.a[3], static_cast<uint64_t>(t) * k);
  float sum = 0.0f;
  int32_t last_id = -1;
  uint32_t last = 0;
  for (uint32_t j = 0; j < k; ++j) {
    uint32_t next = k;  // the first after {last_id, last}
    for (uint32_t e = 0; e < k; ++e) {
      const bool after = ids[e] > last_id || (ids[e] == last_id && j > 0 && e > last);
      if (after && (next == k || ids[e] < ids[next])) next = e;
    }
    if (next == k) break;  // cannot be, with ids from 0 on
    sum =
        __fmaf_rn(weights[next], memory<const float>(r.a[1], (static_cast<uint64_t>(t) * k + next) * columns)[d], sum);
    last_id = ids[next], last = next;
  }
  memory<float>(r.a[0])[i] = sum;
}
