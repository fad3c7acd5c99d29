// What tests may ask the emulated driver for.
#pragma once
#include <cstdint>
#include <string>

namespace infer::cuda_emulated {

// The n-th allocation from now on, of device or pinned memory, finds none; 0: all find some.
void fail_allocation(int64_t n);
// After the n-th launch from now on the device answers CUDA_ERROR_ILLEGAL_ADDRESS for good; 0: none.
void lose_device(int64_t n);
// As if the machine was started again: the device lives, nothing fails.
void reset();
// What ended the last kernel that misbehaved; empty: none did since reset().
std::string last_violation();
int64_t blocks_of_memory();  // that nobody has freed
int64_t kernels_waiting();   // launched, not run yet

}  // namespace infer::cuda_emulated
