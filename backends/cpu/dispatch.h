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
  bool needs_tiles = false;  // of the system: see ask_for_tiles
};
// All that this library was built with, best first; the last one runs everywhere.
std::span<const Isa> instruction_sets();

// wanted: "auto" (the best there is) or a name. Names that do not exist and those this processor cannot run are errors
// that list the ones it can. The system is asked for AMX's tiles where they are what is chosen, and nowhere else: auto
// goes on to the next best where it refuses, a name is an error.
Result<const Kernels*> choose_kernels(const Features& f, std::string_view wanted, bool (*ask)() = ask_for_tiles);

}  // namespace infer::cpu
