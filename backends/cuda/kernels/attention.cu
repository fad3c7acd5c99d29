// Attention over pages, and what writes them.
#include "backends/cuda/kernels/pages.cuh"

namespace {

constexpr uint32_t kThreads = 128, kWarps = kThreads / kWarp;
constexpr uint32_t kPart = kThreads;  // positions of a part: one per thread; parts begin at multiples of it

// ---- rows of K or of V into pages: one value, or one block of 32, per thread
// ------------------------------------------
//   a: x, state, q_start, kv_len, block_table
//   n: threads, sequences, columns of the table, page, values of a row
template <class S>
__device__ inline void kv_write(const Record& r) {
  const uint32_t i = invocation();
  if (i >= r.n[0]) return;
  const uint32_t width = r.n[4], units = width / S::kUnit, t = i / units, u = i % units;
  const auto *const q_start = memory<const int32_t>(r.a[2]), *const kv_len = memory<const int32_t>(r.a[3]);
  const uint32_t s = sequence_of(q_start, t, r.n[1]);
  const uint64_t slot = slot_of(memory<const int32_t>(r.a[4]), s, r.n[2], r.n[3], position_of(q_start, kv_len, s, t));
  S::put(memory<uint8_t>(r.a[1], (slot * units + u) * S::kUnitBytes),
         memory<const float>(r.a[0], static_cast<uint64_t>(t) * width + u * S::kUnit));
}

// ---- attention: online softmax (arXiv 1805.02867) over parts of 128 positions
// ----------------------------------------- A block of 128 takes one row of q and Q query heads of one kv head, which
// share what is read of K and V. Of a part it computes the scores, a thread per position; then the sums of values, a
// thread per dimension (OWN of them each). Parts meet in the order of positions, by `meet`: here (kernels _whole), or,
// where few rows would leave most of the GPU idle, in attention_sum after a block per part (kernels _part). Both do the
// same operations on the same numbers.
//   a: out, q, k_state, v_state, q_start, kv_len, block_table, sinks or 0
//   n: blocks, sequences, columns of the table, page, heads, kv heads, head_dim, head_dim_v, window, parts, whole (K
//   rows
//      take `eight`)
//   f: scale, softcap
// With parts, out is [row, head, part, 2 + head_dim_v]: top score, sum, values not yet divided by it.

struct Span {
  uint32_t first, end;  // positions that a row sees
};
__device__ inline Span sees(uint32_t position, uint32_t window) {
  return {window > 0 && position + 1 > window ? position + 1 - window : 0, position + 1};
}

// What two runs of positions share of their maximum: how much less each counts.
struct Shares {
  float top, old, added;
};
__device__ inline Shares meet(float top, float added) {
  const float most = fmaxf(top, added);
  return {most, expf(top - most), expf(added - most)};
}
// The end: a sink is one more score without a value; then all are divided by the sum.
struct Close {
  float shrink, total;
};
__device__ inline Close close_with(const float* sinks, uint32_t head, float top, float sum) {
  if (!sinks) return {1.0f, sum};
  const Shares m = meet(top, sinks[head]);
  return {m.old, sum * m.old + m.added};
}

template <uint32_t Q, uint32_t OWN>
struct Sums {
  float top[Q], sum[Q], own[Q][OWN];
};

// Shared memory, in floats: queries [Q, head_dim], weights [Q, 128], per warp [Q, 4], slots [128] as two words each.
template <class S, uint32_t Q, uint32_t OWN>
__device__ inline void one_part(const Record& r, float* pool, uint32_t s, uint32_t kv_head, uint32_t base, Span span,
                                uint32_t heads, Sums<Q, OWN>& out) {
  const uint32_t dim = r.n[6], dim_v = r.n[7], n_kv = r.n[5], thread = threadIdx.x;
  float *const query = pool + 2 * kPart, *const weights = query + Q * dim, *const warps = weights + Q * kPart;
  auto* const slots = reinterpret_cast<uint64_t*>(pool);
  const uint32_t position = base + thread;
  const bool inside = position >= span.first && position < span.end;
  const uint32_t from = span.first > base ? span.first - base : 0, to = min(kPart, span.end - base);  // within the part

  float scores[Q] = {};
  if (inside) {
    const uint64_t slot = slot_of(memory<const int32_t>(r.a[6]), s, r.n[2], r.n[3], position);
    slots[thread] = slot * n_kv + kv_head;
    const uint8_t* const key =
        memory<const uint8_t>(r.a[2], (slot * n_kv + kv_head) * (dim / S::kUnit * S::kUnitBytes));
    uint32_t i = 0;
    if (r.n[10])
      for (; i + 8 <= dim; i += 8) {
        float v[8];
        S::eight(key, i, v);
#pragma unroll
        for (uint32_t k = 0; k < 8; ++k)
#pragma unroll
          for (uint32_t h = 0; h < Q; ++h) scores[h] = __fmaf_rn(query[h * dim + i + k], v[k], scores[h]);
      }
    for (; i < dim; ++i) {
      const float v = S::at(key, i);
#pragma unroll
      for (uint32_t h = 0; h < Q; ++h) scores[h] = __fmaf_rn(query[h * dim + i], v, scores[h]);
    }
  }
#pragma unroll
  for (uint32_t h = 0; h < Q; ++h) {
    float x = scores[h] * r.f[0];
    if (r.f[1] > 0.0f) x = r.f[1] * tanhf(x / r.f[1]);
    scores[h] = inside && h < heads ? x : kNone;
    const float most = warp_max(scores[h]);
    if (lane_of() == 0) warps[h * kWarps + thread / kWarp] = most;
  }
  __syncthreads();
#pragma unroll
  for (uint32_t h = 0; h < Q; ++h) {
    float most = kNone;
    for (uint32_t w = 0; w < kWarps; ++w) most = fmaxf(most, warps[h * kWarps + w]);
    out.top[h] = most;
    const float weight = inside && h < heads ? expf(scores[h] - most) : 0.0f;
    weights[h * kPart + thread] = weight;
    out.sum[h] = warp_sum(weight);
    for (uint32_t i = 0; i < OWN; ++i) out.own[h][i] = 0.0f;
  }
  __syncthreads();  // all have read the maxima
#pragma unroll
  for (uint32_t h = 0; h < Q; ++h)
    if (lane_of() == 0) warps[h * kWarps + thread / kWarp] = out.sum[h];
  __syncthreads();
#pragma unroll
  for (uint32_t h = 0; h < Q; ++h) {
    out.sum[h] = warps[h * kWarps];
    for (uint32_t w = 1; w < kWarps; ++w) out.sum[h] += warps[h * kWarps + w];
  }
  if (thread >= dim_v) return;
  const uint32_t row = dim_v / S::kUnit * S::kUnitBytes;
  for (uint32_t j = from; j < to; ++j) {
    const uint8_t* const value = memory<const uint8_t>(r.a[3], slots[j] * row);
#pragma unroll
    for (uint32_t i = 0; i < OWN; ++i) {
      const uint32_t d = thread + i * kThreads;
      if (d >= dim_v) continue;
      const float v = S::at(value, d);
#pragma unroll
      for (uint32_t h = 0; h < Q; ++h) out.own[h][i] = __fmaf_rn(weights[h * kPart + j], v, out.own[h][i]);
    }
  }
}

template <class S, uint32_t Q, uint32_t OWN, bool WHOLE>
__device__ inline void attention(const Record& r) {
  SHARED_FLOATS(pool);
  if (blockIdx.x >= r.n[0]) return;
  const uint32_t n_heads = r.n[4], n_kv = r.n[5], dim = r.n[6], dim_v = r.n[7], parts = r.n[9], thread = threadIdx.x;
  const uint32_t grouped = n_heads / n_kv, groups = (grouped + Q - 1) / Q;
  uint32_t g = blockIdx.x;
  uint32_t part = 0;
  if (!WHOLE) part = g % parts, g /= parts;
  const uint32_t group = g % groups;
  g /= groups;
  const uint32_t kv_head = g % n_kv, t = g / n_kv;
  const uint32_t first_head = kv_head * grouped + group * Q, heads = min(Q, grouped - group * Q);

  const auto *const q_start = memory<const int32_t>(r.a[4]), *const kv_len = memory<const int32_t>(r.a[5]);
  const uint32_t s = sequence_of(q_start, t, r.n[1]);
  const Span span = sees(position_of(q_start, kv_len, s, t), r.n[8]);
  const uint32_t first_part = span.first / kPart, last_part = (span.end - 1) / kPart;
  if (!WHOLE && (part < first_part || part > last_part)) return;  // attention_sum knows

  float* const query = pool + 2 * kPart;
  const float* const q = memory<const float>(r.a[1], (static_cast<uint64_t>(t) * n_heads + first_head) * dim);
  for (uint32_t i = thread; i < Q * dim; i += kThreads) query[i] = i < heads * dim ? q[i] : 0.0f;
  __syncthreads();

  Sums<Q, OWN> all;
  one_part<S, Q, OWN>(r, pool, s, kv_head, (WHOLE ? first_part : part) * kPart, span, heads, all);
  if constexpr (WHOLE) {
    for (uint32_t p = first_part + 1; p <= last_part; ++p) {
      __syncthreads();
      Sums<Q, OWN> next;
      one_part<S, Q, OWN>(r, pool, s, kv_head, p * kPart, span, heads, next);
#pragma unroll
      for (uint32_t h = 0; h < Q; ++h) {
        const Shares m = meet(all.top[h], next.top[h]);
        all.top[h] = m.top;
        all.sum[h] = all.sum[h] * m.old + next.sum[h] * m.added;
#pragma unroll
        for (uint32_t i = 0; i < OWN; ++i) all.own[h][i] = all.own[h][i] * m.old + next.own[h][i] * m.added;
      }
    }
  }
#pragma unroll
  for (uint32_t h = 0; h < Q; ++h) {
    if (h >= heads) continue;
    const uint64_t head = static_cast<uint64_t>(t) * n_heads + first_head + h;
    float* const out =
        WHOLE ? memory<float>(r.a[0], head * dim_v) : memory<float>(r.a[0], (head * parts + part) * (dim_v + 2)) + 2;
    const Close end = WHOLE ? close_with(memory<const float>(r.a[7]), first_head + h, all.top[h], all.sum[h]) : Close{};
    if (!WHOLE && thread == 0) out[-2] = all.top[h], out[-1] = all.sum[h];
#pragma unroll
    for (uint32_t i = 0; i < OWN; ++i) {
      const uint32_t d = thread + i * kThreads;
      if (d < dim_v) out[d] = WHOLE ? all.own[h][i] * end.shrink / end.total : all.own[h][i];
    }
  }
}

}  // namespace

// The parts put together: one value per thread.
//   a: out, partial sums, sinks or 0, q_start, kv_len
//   n: threads, sequences, heads, parts, head_dim_v, window
KERNEL(attention_sum, 128) {
  const uint32_t i = invocation();
  if (i >= r.n[0]) return;
  const uint32_t n_heads = r.n[2], parts = r.n[3], width = r.n[4], row = i / width, d = i % width, t = row / n_heads;
  const auto *const q_start = memory<const int32_t>(r.a[3]), *const kv_len = memory<const int32_t>(r.a[4]);
  const Span span = sees(position_of(q_start, kv_len, sequence_of(q_start, t, r.n[1]), t), r.n[5]);
  const uint32_t first_part = span.first / kPart, last_part = (span.end - 1) / kPart;
  const float* partial = memory<const float>(r.a[1], (static_cast<uint64_t>(row) * parts + first_part) * (width + 2));
  float top = partial[0], sum = partial[1], own = partial[2 + d];
  for (uint32_t p = first_part + 1; p <= last_part; ++p) {
    partial += width + 2;
    const Shares m = meet(top, partial[0]);
    top = m.top;
    sum = sum * m.old + partial[1] * m.added;
    own = own * m.old + partial[2 + d] * m.added;
  }
  const Close end = close_with(memory<const float>(r.a[2]), row % n_heads, top, sum);
  memory<float>(r.a[0])[i] = own * end.shrink / end.total;
}

// Names: query heads together, dimensions of a thread.
#define STATE_KERNELS(name, S)                                               \
  KERNEL(kv_write_##name, 128) { kv_write<S>(r); }                           \
  KERNEL(attention_##name##_1_1_whole, 128) { attention<S, 1, 1, true>(r); } \
  KERNEL(attention_##name##_1_4_whole, 128) { attention<S, 1, 4, true>(r); } \
  KERNEL(attention_##name##_4_1_whole, 128) { attention<S, 4, 1, true>(r); } \
  KERNEL(attention_##name##_4_4_whole, 128) { attention<S, 4, 4, true>(r); } \
  KERNEL(attention_##name##_1_1_part, 128) { attention<S, 1, 1, false>(r); } \
  KERNEL(attention_##name##_1_4_part, 128) { attention<S, 1, 4, false>(r); } \
  KERNEL(attention_##name##_4_1_part, 128) { attention<S, 4, 1, false>(r); } \
  KERNEL(attention_##name##_4_4_part, 128) { attention<S, 4, 4, false>(r); }

STATE_KERNELS(f32, PagesF32)
STATE_KERNELS(f16, PagesF16)
STATE_KERNELS(bf16, PagesBF16)
STATE_KERNELS(q8_0, PagesQ8_0)
STATE_KERNELS(q4_0, PagesQ4_0)
