// A block of threads on a processor: each thread is a fibre, that runs until it needs the others.
//
// What real hardware would not forgive ends the launch (violation): a barrier or an exchange that only some threads
// come to, or that different ones come to at different places; addresses that are nobody's; loads that are not aligned.
// Shared memory is filled with NaN before each block, and ends at a page that nobody may touch.
#pragma once
#include <cstdint>
#include <string>

#include "backends/common/record.h"

namespace infer::cuda_emulated {

struct Index {
  uint32_t x = 0;
};
struct Warp;
struct Fibre {  // what a kernel asks about itself, first
  Index thread, block, block_dim;
  Warp* warp = nullptr;
  uint32_t lane = 0, turn = 0;          // of its warp's two boards
  const uint32_t* waits_for = nullptr;  // a generation, null: it can run
  uint32_t seen = 0;                    // that generation when it came
  bool over = false;
  void* stack = nullptr;  // where it goes on
};
extern Fibre* now;  // the thread that runs

// place: line of the source; all threads must be at one.
void barrier(int place);
// What lane `lane ^ by` gave.
uint32_t exchange(uint32_t mask, uint32_t value, uint32_t by, int place);
// A warp's product of bytes, k = 32 or 16: a lane's part of d += a b, as kernels/tensor.cuh says who holds what.
void mma(int32_t (&d)[4], const uint32_t* a, const uint32_t* b, uint32_t k, int place = __builtin_LINE());
float* shared_floats();
[[noreturn]] void violation(const char* what);
float half_to_float(uint32_t h);
uint32_t float_to_half(float f);

using Kernel = void (*)(backend::Record);
struct Registration {  // of a kernel, by the macro KERNEL
  Registration(const char* name, Kernel kernel, uint32_t most_threads);
  const char* name;
  Kernel kernel;
  uint32_t most_threads;
  const Registration* next;
};
const Registration* all_kernels();  // linked by next

// Runs all blocks, one after the other. Empty, or the violation that ended it. One launch at a time.
std::string run_blocks(Kernel kernel, const backend::Record& record, uint32_t blocks, uint32_t threads,
                       uint32_t shared_memory);

constexpr uint32_t kMostThreads = 1024, kMostShared = 48 << 10;

}  // namespace infer::cuda_emulated
