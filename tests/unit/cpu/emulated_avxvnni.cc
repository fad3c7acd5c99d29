// backends/cpu/isa_avxvnni.cc with its one instruction emulated. Other names: the real ones are in the same program.
#include "tests/unit/cpu/emulate_avxvnni.h"
#define avxvnni avxvnni_emulated
#define kernels_avxvnni kernels_avxvnni_emulated
#include "backends/cpu/isa_avxvnni.cc"
