// Which of the instruction sets that this library was built with a processor can run, and which one is used.
#pragma once
#include <span>
#include <string_view>

#include "backends/cpu/cpu_features.h"
#include "backends/cpu/kernels.h"
#include "base/status.h"

namespace infer::cpu {

struct Isa {
  const char* name;  // "avx2": also the name of its table
  bool (*runs_on)(const Features&);
  const Kernels* (*kernels)();
};
// All that this library was built with, best first; the last one runs everywhere.
std::span<const Isa> instruction_sets();

// wanted: "auto" (the best there is) or a name. Names that do not exist and those this processor cannot run are errors
// that list the ones it can.
Result<const Kernels*> choose_kernels(const Features& f, std::string_view wanted);

}  // namespace infer::cpu
