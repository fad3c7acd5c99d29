#include "backends/cpu/cpu_features.h"

#include <algorithm>
#include <cstdint>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#include "base/processors.h"

namespace infer::cpu {
namespace {

bool bit(uint64_t word, int i) { return (word >> i) & 1; }

}  // namespace

Features features_of(const X86Words& w) {
  Features f;
  const bool ymm = (w.saved & 0x6) == 0x6, zmm = (w.saved & 0xe6) == 0xe6;
  f.avx2 = ymm && bit(w.leaf1_c, 28) && bit(w.leaf1_c, 12) && bit(w.leaf1_c, 29) && bit(w.leaf7_b, 5);
  f.avxvnni = f.avx2 && bit(w.leaf7_1_a, 4);
  f.avx512 = f.avx2 && zmm && bit(w.leaf7_b, 16) && bit(w.leaf7_b, 17) && bit(w.leaf7_b, 30) && bit(w.leaf7_b, 31);
  f.avx512vnni = f.avx512 && bit(w.leaf7_c, 11);
  f.amx = f.avx512vnni && (w.saved & 0x60000) == 0x60000 && bit(w.leaf7_d, 24) && bit(w.leaf7_d, 25);
  return f;
}

Features features_of(const ArmWords& w) {
  Features f;
  f.neon = true;
  f.dotprod = bit(w.hwcap, 20);
  f.i8mm = f.dotprod && bit(w.hwcap2, 13);
  return f;
}

#if defined(__x86_64__) || defined(__i386__)
namespace {

struct Leaf {
  unsigned a = 0, b = 0, c = 0, d = 0;
};
Leaf cpuid(unsigned leaf, unsigned sub) {
  Leaf r;
  if (!__get_cpuid_count(leaf, sub, &r.a, &r.b, &r.c, &r.d)) return {};
  return r;
}

// Which register states the operating system saves; only valid when OSXSAVE is set.
uint64_t saved_states() {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

}  // namespace

Features detect_features() {
  const Leaf one = cpuid(1, 0), seven = cpuid(7, 0);
  X86Words w{one.c, seven.b, seven.c, seven.d, 0, 0};
  if (seven.a >= 1) w.leaf7_1_a = cpuid(7, 1).a;
  if (bit(one.c, 27)) w.saved = saved_states();
  Features f = features_of(w);
  const Leaf topology = cpuid(0xb, 0);
  if (((topology.c >> 8) & 255) == 1 && (topology.b & 0xffff) > 0)
    f.threads_per_core = static_cast<int>(topology.b & 0xffff);
#if !(defined(__linux__) && defined(__x86_64__))
  f.amx = false;  // nobody to ask
#endif
  return f;
}
#elif defined(__aarch64__)
Features detect_features() {
#if defined(__linux__)
  return features_of(ArmWords{getauxval(AT_HWCAP), getauxval(AT_HWCAP2)});
#else
  Features f;  // what the compiler was told that every processor has
  f.neon = true;
#if defined(__ARM_FEATURE_DOTPROD)
  f.dotprod = true;
#endif
#if defined(__ARM_FEATURE_DOTPROD) && defined(__ARM_FEATURE_MATMUL_INT8)
  f.i8mm = true;
#endif
  return f;
#endif
}
#else
Features detect_features() { return {}; }
#endif

bool ask_for_tiles() {
#if defined(__linux__) && defined(__x86_64__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, since Linux 5.16
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

int usable_cores(const Features& f) { return std::max(1, usable_processors() / std::max(1, f.threads_per_core)); }

std::string feature_text(const Features& f) {
  std::string s;
  const auto add = [&](bool has, const char* name) {
    if (!has) return;
    if (!s.empty()) s += ' ';
    s += name;
  };
  add(f.avx2, "avx2 fma f16c");
  add(f.avxvnni, "avxvnni");
  add(f.avx512, "avx512");
  add(f.avx512vnni, "avx512vnni");
  add(f.amx, "amx");
  add(f.neon, "neon");
  add(f.dotprod, "dotprod");
  add(f.i8mm, "i8mm");
  return s.empty() ? "portable" : s;
}

}  // namespace infer::cpu
