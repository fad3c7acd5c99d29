// Makes the n-th call of a class of system functions fail, in the whole process: the C library's functions are
// interposed by the shared library infer_inject, which the test program links first.
#pragma once
#include <cstdint>

namespace inject {

enum Class : uint32_t {
  kMemory = 1,  // malloc calloc realloc aligned_alloc posix_memalign -> no memory
  kMap = 2,     // mmap -> ENOMEM
  kFile = 4,    // open openat fstat read pread -> EIO, EMFILE
  kThread = 8,  // pthread_create -> EAGAIN
  kWrite = 16,  // mkdir fallocate ftruncate pwrite rename -> ENOSPC
};

// Counting starts at 0. The n-th call (from 1) of a class in `classes` fails; all later ones too if `persistent`.
void arm(uint32_t classes, int64_t n, bool persistent);
// Stops injecting. Returns how many calls failed since arm().
int64_t disarm();
// Calls of the armed classes since arm().
int64_t calls();
// Blocks that were allocated and not yet freed, by the whole process.
int64_t live_blocks();

// For an operator new that does not come to malloc (inject_new.cc): whether this call is to fail, and its count of
// blocks.
bool memory_fails();
void add_live(int64_t blocks);

}  // namespace inject
