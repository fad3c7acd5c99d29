#include "backends/cpu/dispatch.h"

#include <string>

namespace infer::cpu {
namespace {

// AVX-512 goes before AVX-VNNI: the processors that have both have AVX-512's own byte dot product as well, which is the
// same on twice the bytes.
constexpr Isa kIsas[] = {
#if defined(INFER_CPU_X86)
#if !defined(INFER_CPU_AVX2_ALONE)
    {"amx", [](const Features& f) { return f.amx; }, kernels_amx, true},
    {"avx512vnni", [](const Features& f) { return f.avx512vnni; }, kernels_avx512vnni},
    {"avx512", [](const Features& f) { return f.avx512; }, kernels_avx512},
    {"avxvnni", [](const Features& f) { return f.avxvnni; }, kernels_avxvnni},
#endif
    {"avx2", [](const Features& f) { return f.avx2; }, kernels_avx2},
#elif defined(INFER_CPU_ARM)
    {"neon_i8mm", [](const Features& f) { return f.i8mm; }, kernels_neon_i8mm},
    {"neon_dotprod", [](const Features& f) { return f.dotprod; }, kernels_neon_dotprod},
    {"neon", [](const Features& f) { return f.neon; }, kernels_neon},
#endif
    {"portable", [](const Features&) { return true; }, kernels_portable},
};

}  // namespace

Kernels completed(const Kernels& products, const Kernels& base) {
  Kernels k = base;
  k.name = products.name;
  for (int i = 0; i < kQuantTypes; i++)
    if (products.matmul[i].run) k.matmul[i] = products.matmul[i];
  for (int i = 0; i < 2; i++) k.unpacked[i] = products.unpacked[i];
  k.scratch_bytes = products.scratch_bytes;
  return k;
}

std::span<const Isa> instruction_sets() { return kIsas; }

Result<const Kernels*> choose_kernels(const Features& f, std::string_view wanted, bool (*ask)()) {
  std::string usable;
  bool known = false;
  for (const Isa& isa : kIsas) {
    known = known || wanted == isa.name;
    if (!isa.runs_on(f)) continue;
    if (wanted == "auto" || wanted == isa.name) {
      if (!isa.needs_tiles || ask()) return isa.kernels();
      if (wanted == isa.name)
        return Status::invalid(str("cpu.isa: the system does not lend this process the registers of '", wanted,
                                   "' (it takes Linux 5.16, and signal stacks that have room for them); auto does "
                                   "without"));
    }
    usable += str(usable.empty() ? "" : " ", isa.name);
  }
  return Status::invalid(str("cpu.isa: ", known ? "this processor cannot run '" : "this library has no '", wanted,
                             "'; here it is auto or one of: ", usable));
}

}  // namespace infer::cpu
