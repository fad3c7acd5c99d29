// Products with plain weights, and adapters, whose matrices are plain.
#include "backends/cuda/kernels/matmul.cuh"

WEIGHT_KERNELS(f32, Plain<F32>)
WEIGHT_KERNELS(f16, Plain<F16>)
WEIGHT_KERNELS(bf16, Plain<BF16>)

// The first half of an adapter: low = down x, a block of 128 per row of x and row of down. Rows without an adapter, or
// beyond its rank, are left.
//   a: low, x, down, slots, ranks
//   n: blocks, -, most ranks (r), K, bytes of a row of down
template <class W>
__device__ inline void adapt_down(const Record& r) {
  SHARED_FLOATS(warps);  // [4]
  if (blockIdx.x >= r.n[0]) return;
  const uint32_t most = r.n[2], n_k = r.n[3], t = blockIdx.x / most, j = blockIdx.x % most;
  const int32_t slot = memory<const int32_t>(r.a[3])[t];
  if (slot < 0 || j >= static_cast<uint32_t>(memory<const int32_t>(r.a[4])[slot])) return;
  const Bytes row = memory<const uint8_t>(r.a[2] + (static_cast<uint64_t>(slot) * most + j) * r.n[4]);
  const float* const x = memory<const float>(r.a[1], static_cast<uint64_t>(t) * n_k);
  float sum = 0.0f;
  for (uint32_t part = threadIdx.x; 8 * part < n_k; part += blockDim.x) {
    float v[8], in[8];
    W::eight(row, part, n_k, false, nullptr, v);
    load8(x, 8 * part, n_k, false, in);
    EACH sum = __fmaf_rn(v[i], in[i], sum);
  }
  const float total = block_sum(sum, warps);
  if (threadIdx.x == 0) memory<float>(r.a[0], static_cast<uint64_t>(t) * most)[j] = total;
}

// The second half: out = y + up low, one value per thread. out may be y.
//   a: out, y, up, slots, ranks, low
//   n: threads, -, N, most ranks (r), bytes of a row of up
template <class W>
__device__ inline void adapt_up(const Record& r) {
  if (invocation() >= r.n[0]) return;
  const uint32_t n_out = r.n[2], most = r.n[3], t = invocation() / n_out, o = invocation() % n_out;
  const int32_t slot = memory<const int32_t>(r.a[3])[t];
  float sum = memory<const float>(r.a[1])[invocation()];
  if (slot >= 0) {
    const uint32_t rank = min(static_cast<uint32_t>(memory<const int32_t>(r.a[4])[slot]), most);
    const Bytes row = memory<const uint8_t>(r.a[2] + (static_cast<uint64_t>(slot) * n_out + o) * r.n[4]);
    const float* const low = memory<const float>(r.a[5], static_cast<uint64_t>(t) * most);
    float added = 0.0f;
    for (uint32_t part = 0; 8 * part < rank; ++part) {
      float v[8];
      W::eight(row, part, rank, false, nullptr, v);
      for (uint32_t i = 0; i < 8 && 8 * part + i < rank; ++i) added = __fmaf_rn(v[i], low[8 * part + i], added);
    }
    sum += added;
  }
  memory<float>(r.a[0])[invocation()] = sum;
}

#define ADAPTER_KERNELS(name, W)                       \
  KERNEL(adapt_down_##name, 128) { adapt_down<W>(r); } \
  KERNEL(adapt_up_##name, 128) { adapt_up<W>(r); }

ADAPTER_KERNELS(f32, Plain<F32>)
ADAPTER_KERNELS(f16, Plain<F16>)
ADAPTER_KERNELS(bf16, Plain<BF16>)
