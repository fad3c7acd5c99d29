// backends/cpu/isa_amx.cc with its intrinsics emulated. Other names: the real ones are in the same program.
#include "tests/unit/cpu/emulate_amx.h"
#include "tests/unit/cpu/emulate_avx512.h"
#define INFER_EMULATE_AMX
#define INFER_EMULATE_AVX512
#define INFER_PLAIN_LOOPS
#define avx512 avx512_emulated
#define avx512vnni avx512vnni_emulated
#define amx amx_emulated
#define kernels_avx512vnni kernels_avx512vnni_emulated
#define kernels_amx kernels_amx_emulated
#include "backends/cpu/isa_amx.cc"
