// Register-only loops keep 12 sums, enough to hide the latency of a multiply-add on every processor of today. Empty asm
// statements hold the compiler to doing the work. Each function names its own instructions: the file needs no flags.
#include "machine_probes.h"

#include <string>

#include "machine.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

namespace infer::tool {
namespace {

constexpr int kSums = 12;

template <int Bytes>
struct Vector {
  typedef uint64_t Type __attribute__((vector_size(Bytes), aligned(8), may_alias));
};

// 8 streams, as kernels read 8 rows of a matrix; each asks for what comes 8 lines later.
template <int Bytes>
[[gnu::always_inline]] inline uint64_t read_streams(const char* data, size_t bytes) {
  using V = typename Vector<Bytes>::Type;
  constexpr size_t kStreams = 8, kLine = 64, kAhead = 512, kParts = kLine / Bytes;
  const size_t stream = bytes / kStreams / kLine * kLine;
  V sums[kParts] = {};
  for (size_t i = 0; i < stream; i += kLine) {
    for (size_t k = 0; k < kStreams; ++k) {
      const char* at = data + k * stream + i;
      __builtin_prefetch(at + kAhead);
      for (size_t j = 0; j < kParts; ++j) sums[j] += *reinterpret_cast<const V*>(at + j * Bytes);
    }
  }
  uint64_t sum = 0;
  for (const V& v : sums) {
    for (size_t j = 0; j < Bytes / 8; ++j) sum += v[j];
  }
  return sum;
}

uint64_t read_portable(const char* data, size_t bytes) { return read_streams<16>(data, bytes); }

void int8_portable(int64_t rounds) {
  int32_t sums[kSums] = {};
  int8_t x = 3;
  for (int64_t r = 0; r < rounds; ++r) {
    for (int32_t& s : sums) {
      asm volatile("" : "+r"(x));
      s += x * x;
    }
  }
  for (int32_t& s : sums) asm volatile("" : : "r"(s));
}

void f32_portable(int64_t rounds) {
  typedef float F __attribute__((vector_size(16)));
  F sums[kSums] = {};
  const F x = {0.5F, 0.5F, 0.5F, 0.5F};
  for (int64_t r = 0; r < rounds; ++r) {
    for (F& s : sums) s = s * x + x;
  }
  volatile float sink = 0;
  for (const F& s : sums) sink = sink + s[0];
}

constexpr Probes kPortable = {"portable", read_portable, int8_portable, kSums * 2.0, f32_portable, kSums * 4 * 2.0};

#if defined(__x86_64__)

[[gnu::target("avx2")]] uint64_t read_avx2(const char* data, size_t bytes) { return read_streams<32>(data, bytes); }
[[gnu::target("avx512f")]] uint64_t read_avx512(const char* data, size_t bytes) {
  return read_streams<64>(data, bytes);
}

[[gnu::target("avx2")]] void int8_avx2(int64_t rounds) {
  __m256i sums[kSums], x = _mm256_set1_epi8(3);
  const __m256i ones = _mm256_set1_epi16(1);
  for (auto& s : sums) s = _mm256_setzero_si256();
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (auto& s : sums) {
      asm volatile("" : "+x"(x));
      s = _mm256_add_epi32(s, _mm256_madd_epi16(_mm256_maddubs_epi16(x, x), ones));
    }
  }
  for (auto& s : sums) asm volatile("" : : "x"(s));
}

[[gnu::target("avx2,fma")]] void f32_avx2(int64_t rounds) {
  __m256 sums[kSums];
  const __m256 x = _mm256_set1_ps(0.5F);
  for (auto& s : sums) s = _mm256_setzero_ps();
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (auto& s : sums) s = _mm256_fmadd_ps(s, x, x);
  }
  for (auto& s : sums) asm volatile("" : : "x"(s));
}

[[gnu::target("avx2,avxvnni")]] void int8_avxvnni(int64_t rounds) {
  __m256i sums[kSums];
  const __m256i x = _mm256_set1_epi8(3);
  for (auto& s : sums) s = _mm256_setzero_si256();
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (auto& s : sums) s = _mm256_dpbusd_avx_epi32(s, x, x);
  }
  for (auto& s : sums) asm volatile("" : : "x"(s));
}

bool has_avxvnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__builtin_cpu_supports("avx2") || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || a < 1) return false;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) && ((a >> 4) & 1) != 0;
}

[[gnu::target("avx512f,avx512vnni")]] void int8_vnni(int64_t rounds) {
  __m512i sums[kSums], x = _mm512_set1_epi8(3);
  for (auto& s : sums) s = _mm512_setzero_si512();
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (auto& s : sums) s = _mm512_dpbusd_epi32(s, x, x);
  }
  for (auto& s : sums) asm volatile("" : : "v"(s));
}

bool has_amx() {  // tiles of bytes
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __builtin_cpu_supports("avx512vnni") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && ((d >> 24) & 3) == 3;
}
bool may_use_tiles() {  // Linux lends them to a process that asks
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return has_amx() && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

// Four sums, each of tiles of 16 x 64 and 64 x 16, in every eighth round: they take longer than vectors.
constexpr double kTileOps = 4 * 16 * 16 * 64 * 2.0 / 8;
[[gnu::target("amx-tile,amx-int8")]] void int8_amx(int64_t rounds) {
  alignas(64) static constexpr struct {
    uint8_t palette = 1, zeros[15] = {};
    uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16};
  } kShapes;
  _tile_loadconfig(&kShapes);
  for (int64_t r = 0; r < rounds; r += 8) {
    _tile_dpbsud(0, 4, 5);
    _tile_dpbsud(1, 4, 5);
    _tile_dpbsud(2, 4, 5);
    _tile_dpbsud(3, 4, 5);
  }
  _tile_release();
}

[[gnu::target("avx512f")]] void f32_avx512(int64_t rounds) {
  __m512 sums[kSums];
  const __m512 x = _mm512_set1_ps(0.5F);
  for (auto& s : sums) s = _mm512_setzero_ps();
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (auto& s : sums) s = _mm512_fmadd_ps(s, x, x);
  }
  for (auto& s : sums) asm volatile("" : : "v"(s));
}

constexpr Probes kAvx2 = {"avx2", read_avx2, int8_avx2, kSums * 64.0, f32_avx2, kSums * 8 * 2.0};
constexpr Probes kAvxVnni = {"avxvnni", read_avx2, int8_avxvnni, kSums * 64.0, f32_avx2, kSums * 8 * 2.0};
constexpr Probes kAvx512Vnni = {"avx512vnni", read_avx512, int8_vnni, kSums * 128.0, f32_avx512, kSums * 16 * 2.0};
constexpr Probes kAmx = {"amx", read_avx512, int8_amx, kTileOps, f32_avx512, kSums * 16 * 2.0};

#elif defined(__aarch64__)

bool has_dotprod() {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & (1ul << 20)) != 0;  // HWCAP_ASIMDDP
#else
  return true;
#endif
}
bool has_i8mm() {
#if defined(__linux__)
  return has_dotprod() && (getauxval(AT_HWCAP2) & (1ul << 13)) != 0;  // HWCAP2_I8MM
#else
  return false;
#endif
}

void int8_neon(int64_t rounds) {
  int32x4_t sums[kSums];
  int8x8_t x = vdup_n_s8(3);
  for (auto& s : sums) s = vdupq_n_s32(0);
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (auto& s : sums) {
      asm volatile("" : "+w"(x));
      s = vpadalq_s16(s, vmull_s8(x, x));
    }
  }
  for (auto& s : sums) asm volatile("" : : "w"(s));
}

#if defined(__clang__)
#define WITH_EXTENSION(name) [[gnu::target(name)]]
#else
#define WITH_EXTENSION(name) [[gnu::target("arch=armv8.2-a+" name)]]
#endif

WITH_EXTENSION("dotprod") void int8_dotprod(int64_t rounds) {
  int32x4_t sums[kSums];
  const int8x16_t x = vdupq_n_s8(3);
  for (auto& s : sums) s = vdupq_n_s32(0);
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (auto& s : sums) asm volatile("sdot %0.4s, %1.16b, %1.16b" : "+w"(s) : "w"(x));
  }
}

WITH_EXTENSION("i8mm") void int8_i8mm(int64_t rounds) {
  int32x4_t sums[kSums];
  const int8x16_t x = vdupq_n_s8(3);
  for (auto& s : sums) s = vdupq_n_s32(0);
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (auto& s : sums) asm volatile("smmla %0.4s, %1.16b, %1.16b" : "+w"(s) : "w"(x));
  }
}

void f32_neon(int64_t rounds) {
  float32x4_t sums[kSums];
  const float32x4_t x = vdupq_n_f32(0.5F);
  for (auto& s : sums) s = vdupq_n_f32(0);
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 12
    for (auto& s : sums) s = vfmaq_f32(x, s, x);
  }
  for (auto& s : sums) asm volatile("" : : "w"(s));
}

constexpr Probes kNeon = {"neon", read_portable, int8_neon, kSums * 16.0, f32_neon, kSums * 4 * 2.0};
constexpr Probes kDotprod = {"neon dotprod", read_portable, int8_dotprod, kSums * 32.0, f32_neon, kSums * 4 * 2.0};
constexpr Probes kI8mm = {"neon i8mm", read_portable, int8_i8mm, kSums * 64.0, f32_neon, kSums * 4 * 2.0};

#endif

}  // namespace

const Probes& best_probes() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vnni"))
    return may_use_tiles() ? kAmx : kAvx512Vnni;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return has_avxvnni() ? kAvxVnni : kAvx2;
#elif defined(__aarch64__)
  return has_i8mm() ? kI8mm : has_dotprod() ? kDotprod : kNeon;
#endif
  return kPortable;
}

std::string cpu_features() {
  std::string out;
  [[maybe_unused]] const auto add = [&](bool has, const char* name) {
    if (!has) return;
    if (!out.empty()) out += ' ';
    out += name;
  };
#if defined(__x86_64__)
  add(__builtin_cpu_supports("avx"), "avx");
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  add(has_avxvnni(), "avxvnni");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512bw"), "avx512bw");
  add(__builtin_cpu_supports("avx512vl"), "avx512vl");
  add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
  add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
  add(has_amx(), "amx");
#elif defined(__aarch64__)
  add(true, "neon");
  add(has_dotprod(), "dotprod");
  add(has_i8mm(), "i8mm");
#endif
  return out.empty() ? "none that matter here" : out;
}

}  // namespace infer::tool
