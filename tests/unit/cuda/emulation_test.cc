// The emulated device forgives nothing that a GPU would not: silence elsewhere means something.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/cuda_emulated/cuda_on_host.h"
#include "tests/cuda_emulated/memory.h"

using namespace infer::cuda_emulated;
using infer::backend::Record;

namespace {

std::string run(Kernel k, uint64_t a = 0, uint32_t blocks = 1, uint32_t threads = 64, uint32_t shared = 0) {
  Record r;
  r.a[0] = a;
  return run_blocks(k, r, blocks, threads, shared);
}

void half_of_a_block_waits(Record) {
  if (threadIdx.x < 32) __syncthreads();
}
void half_of_a_warp_exchanges(Record) {
  if (threadIdx.x % 32 < 16) (void)__shfl_xor_sync(0xffffffffu, 1u, 1);
}
void a_warp_exchanges_at_two_places(Record) {
  if (threadIdx.x % 32 < 16)
    (void)__shfl_xor_sync(0xffffffffu, 1u, 1);
  else
    (void)__shfl_xor_sync(0xffffffffu, 2u, 1);
}
void two_barriers_at_a_time(Record) {
  if (threadIdx.x < 32)
    __syncthreads();
  else
    __syncthreads();
}
void reads_beyond_shared_memory(Record) { shared_floats()[32 + threadIdx.x] = 1; }
void reads_at_an_odd_address(Record r) { (void)__ldg(reinterpret_cast<const uint32_t*>(r.a[0] + 2)); }
void reads_nobodys(Record r) { *reinterpret_cast<volatile int*>(r.a[0]) = 1; }

// Out: [blocks, 128] of sums over the block, by shared memory.
void sums(Record r) {
  float* const pool = shared_floats();
  if (!std::isnan(pool[threadIdx.x])) violation("shared memory that holds something at the start");
  pool[threadIdx.x] = static_cast<float>(threadIdx.x + blockIdx.x);
  __syncthreads();
  float sum = 0;
  for (uint32_t i = 0; i < blockDim.x; ++i) sum += pool[i];
  __syncthreads();
  pool[threadIdx.x] = -1;
  reinterpret_cast<float*>(r.a[0])[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}
void exchanges(Record r) {
  auto* const out = reinterpret_cast<uint32_t*>(r.a[0]);
  uint32_t v = threadIdx.x;
  for (uint32_t by = 16; by > 0; by /= 2) v += __shfl_xor_sync(0xffffffffu, v, by);
  out[threadIdx.x] = v;
}

}  // namespace

TEST_CASE("barriers and exchanges do what they do on a GPU") {
  std::vector<float> out(3 * 128);
  CHECK(run(sums, reinterpret_cast<uint64_t>(out.data()), 3, 128, 512) == "");
  for (uint32_t i = 0; i < 3 * 128; ++i) CHECK(out[i] == 128 * 127 / 2 + 128 * static_cast<float>(i / 128));
  std::vector<uint32_t> sum(64);
  CHECK(run(exchanges, reinterpret_cast<uint64_t>(sum.data())) == "");
  for (uint32_t i = 0; i < 64; ++i) CHECK(sum[i] == 496 + (i < 32 ? 0 : 1024));
}

TEST_CASE("what a GPU does not forgive ends the launch, and the next one works") {
  const struct {
    Kernel kernel;
    const char* says;
  } bad[] = {{half_of_a_block_waits, "only some threads"},      {half_of_a_warp_exchanges, "only some threads"},
             {a_warp_exchanges_at_two_places, "two exchanges"}, {two_barriers_at_a_time, "two barriers"},
             {reads_beyond_shared_memory, "nobody's"},          {reads_nobodys, "nobody's"}};
  std::vector<uint32_t> sum(64);
  for (const auto& b : bad) {
    const std::string said = run(b.kernel, 64, 2, 64, 128);
    CHECK_MESSAGE(said.find(b.says) != std::string::npos, said, " instead of ", b.says);
    CHECK(run(exchanges, reinterpret_cast<uint64_t>(sum.data())) == "");
  }
  CHECK(run(reads_at_an_odd_address, reinterpret_cast<uint64_t>(sum.data())).find("not aligned") != std::string::npos);
}

TEST_CASE("the host cannot read the device's memory, nor beyond a buffer while it is open") {
  Memory memory;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const auto readable = [&](uint64_t at) { return write(ends[1], reinterpret_cast<const void*>(at), 1) == 1; };
  const uint64_t a = memory.allocate(1000);
  void* const host = memory.pin(100);
  const uint64_t pinned = memory.device_address(host);
  REQUIRE(a != 0);
  REQUIRE(pinned != 0);
  CHECK(!readable(a));
  CHECK(!readable(pinned));
  CHECK(readable(reinterpret_cast<uint64_t>(host)));
  memory.open();
  CHECK(readable(a));
  CHECK(readable(a + 999));
  CHECK(!readable(a + 1024));
  std::memcpy(reinterpret_cast<void*>(pinned), "x", 2);
  memory.close();
  CHECK(std::strcmp(static_cast<char*>(host), "x") == 0);
  CHECK(memory.has(a, 1000));
  CHECK(!memory.has(a, 1001));
  CHECK(!memory.has(a - 1, 1));
  CHECK(memory.is_pinned(host, 100));
  CHECK(!memory.is_pinned(ends, 1));
  CHECK(!memory.free(pinned));
  CHECK(memory.free(a));
  CHECK(!memory.free(a));
  CHECK(memory.unpin(host));
  close(ends[0]), close(ends[1]);
}

TEST_CASE("halves are converted as a GPU does") {
  for (uint32_t h = 0; h < 0x10000; ++h) {
    const float f = half_to_float(h);
    const bool nan = (h & 0x7c00) == 0x7c00 && (h & 0x3ff);
    CHECK(std::isnan(f) == nan);
    if (!nan && float_to_half(f) != h) FAIL("half ", h);
  }
  CHECK(float_to_half(65520.0f) == 0x7c00);
  CHECK(float_to_half(65519.0f) == 0x7bff);
  CHECK(float_to_half(1.0f + 0x1p-11f) == 0x3c00);  // ties to even
  CHECK(float_to_half(1.0f + 0x3p-11f) == 0x3c02);
}
