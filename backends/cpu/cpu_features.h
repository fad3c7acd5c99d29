// What this machine's processor can do, asked once. The only file of the backend that knows processors and operating
// systems.
#pragma once
#include <string>

namespace infer::cpu {

struct Features {
  bool avx2 = false;        // with FMA and F16C, and the system saves the registers
  bool avx512 = false;      // F, BW, DQ, VL
  bool avx512vnni = false;  // avx512 and VNNI
  bool neon = false;
  bool dotprod = false;
  int threads_per_core = 1;
};
Features detect_features();

// Threads that run at full speed: physical cores this process may use, at least 1.
int usable_cores(const Features& f);
// "avx2 fma f16c": for people.
std::string feature_text(const Features& f);

}  // namespace infer::cpu
