// What this machine's processor can do, asked once. The only file of the backend that knows processors and operating
// systems.
#pragma once
#include <cstdint>
#include <string>

namespace infer::cpu {

struct Features {
  bool avx2 = false;        // with FMA and F16C, and the system saves the registers
  bool avxvnni = false;     // avx2 and AVX-VNNI
  bool avx512 = false;      // F, BW, DQ, VL
  bool avx512vnni = false;  // avx512 and VNNI
  bool amx = false;         // avx512vnni, and AMX's tiles of bytes, for which a process must ask
  bool neon = false;
  bool dotprod = false;
  bool i8mm = false;  // with dotprod
  int threads_per_core = 1;
};
Features detect_features();

// Linux lends AMX's registers to a process that asks: to all its threads, until it ends. (Signals need more room on
// their stacks from then on, so it is asked when the registers are to be used.) False where that is refused.
bool ask_for_tiles();

// What an x86 processor says of itself: words of CPUID, and the register states that the system saves (XCR0, or 0 where
// it does not say).
struct X86Words {
  uint32_t leaf1_c = 0, leaf7_b = 0, leaf7_c = 0, leaf7_d = 0;
  uint32_t leaf7_1_a = 0;  // leaf 7's second page is 0 on processors without it
  uint64_t saved = 0;
};
Features features_of(const X86Words& w);

// What Linux says of an Arm processor.
struct ArmWords {
  uint64_t hwcap = 0, hwcap2 = 0;
};
Features features_of(const ArmWords& w);

// Threads that run at full speed: physical cores this process may use, at least 1.
int usable_cores(const Features& f);
// "avx2 fma f16c": for people.
std::string feature_text(const Features& f);

}  // namespace infer::cpu
