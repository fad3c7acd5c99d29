// See inject.h. Forwards to the next definition (the C library's, or a sanitizer's) unless this call is to fail.
#include "inject.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

namespace {

std::atomic<uint32_t> armed{0};
std::atomic<int64_t> count{0}, failed{0}, live{0}, target{0};
std::atomic<bool> keep{false};

bool fails(uint32_t cls) {
  if (!(armed.load(std::memory_order_relaxed) & cls)) return false;
  const int64_t n = ++count;
  if (n != target && !(keep && n > target)) return false;
  ++failed;
  return true;
}

// dlsym itself may allocate before the real functions are known: those few blocks come from here and are never freed.
alignas(16) char early[16384];
std::atomic<size_t> early_used{0};
bool is_early(const void* p) { return p >= early && p < early + sizeof early; }
void* early_alloc(size_t n) {
  const size_t at = early_used.fetch_add((n + 31) / 16 * 16);
  return at + n <= sizeof early ? early + at : nullptr;
}

template <class F>
F next(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

thread_local int resolving = 0;
#define REAL(ret, name, ...)                         \
  static ret (*real_##name)(__VA_ARGS__) = nullptr;  \
  if (!real_##name) {                                \
    ++resolving;                                     \
    real_##name = next<ret (*)(__VA_ARGS__)>(#name); \
    --resolving;                                     \
  }

void* counted(void* p) {
  if (p) ++live;
  return p;
}

}  // namespace

namespace inject {
void arm(uint32_t classes, int64_t n, bool persistent) {
  count = 0;
  failed = 0;
  target = n;
  keep = persistent;
  armed = classes;
}
int64_t disarm() {
  armed = 0;
  return failed;
}
int64_t calls() { return count; }
int64_t live_blocks() { return live; }
bool memory_fails() { return fails(kMemory); }
void add_live(int64_t blocks) { live += blocks; }
}  // namespace inject

extern "C" {

void* malloc(size_t n) {
  if (resolving) return early_alloc(n);
  REAL(void*, malloc, size_t)
  if (fails(inject::kMemory)) return errno = ENOMEM, nullptr;
  return counted(real_malloc(n));
}
void* calloc(size_t a, size_t b) {
  if (resolving) return early_alloc(a * b);  // zero: static memory, used once
  REAL(void*, calloc, size_t, size_t)
  if (fails(inject::kMemory)) return errno = ENOMEM, nullptr;
  return counted(real_calloc(a, b));
}
void* realloc(void* p, size_t n) {
  REAL(void*, realloc, void*, size_t)
  if (is_early(p)) {
    void* q = malloc(n);
    if (q) memcpy(q, p, n);
    return q;
  }
  if (fails(inject::kMemory)) return errno = ENOMEM, nullptr;
  void* q = real_realloc(p, n);
  if (!p && q) ++live;
  return q;
}
void* aligned_alloc(size_t align, size_t n) {
  REAL(void*, aligned_alloc, size_t, size_t)
  if (fails(inject::kMemory)) return errno = ENOMEM, nullptr;
  return counted(real_aligned_alloc(align, n));
}
int posix_memalign(void** out, size_t align, size_t n) {
  REAL(int, posix_memalign, void**, size_t, size_t)
  if (fails(inject::kMemory)) return ENOMEM;
  const int rc = real_posix_memalign(out, align, n);
  if (rc == 0) ++live;
  return rc;
}
void free(void* p) {
  if (!p || is_early(p)) return;
  REAL(void, free, void*)
  --live;
  real_free(p);
}
void* mmap(void* at, size_t n, int prot, int flags, int fd, off_t offset) {
  REAL(void*, mmap, void*, size_t, int, int, int, off_t)
  // The allocator's own and thread stacks' maps are anonymous: only maps of files and of our own memory count.
  if (fails(inject::kMap)) return errno = ENOMEM, MAP_FAILED;
  return real_mmap(at, n, prot, flags, fd, offset);
}
int open(const char* path, int flags, ...) {
  va_list a;
  va_start(a, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(a, mode_t) : 0;
  va_end(a);
  REAL(int, open, const char*, int, ...)
  if (fails(inject::kFile)) return errno = EMFILE, -1;
  return real_open(path, flags, mode);
}
int openat(int dir, const char* path, int flags, ...) {
  va_list a;
  va_start(a, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(a, mode_t) : 0;
  va_end(a);
  REAL(int, openat, int, const char*, int, ...)
  if (fails(inject::kFile)) return errno = EMFILE, -1;
  return real_openat(dir, path, flags, mode);
}
int fstat(int fd, struct stat* out) {
  REAL(int, fstat, int, struct stat*)
  if (fails(inject::kFile)) return errno = EIO, -1;
  return real_fstat(fd, out);
}
ssize_t read(int fd, void* to, size_t n) {
  REAL(ssize_t, read, int, void*, size_t)
  if (fails(inject::kFile)) return errno = EIO, -1;
  return real_read(fd, to, n);
}
ssize_t pread(int fd, void* to, size_t n, off_t at) {
  REAL(ssize_t, pread, int, void*, size_t, off_t)
  if (fails(inject::kFile)) return errno = EIO, -1;
  return real_pread(fd, to, n, at);
}
int mkdir(const char* path, mode_t mode) {
  REAL(int, mkdir, const char*, mode_t)
  if (fails(inject::kWrite)) return errno = ENOSPC, -1;
  return real_mkdir(path, mode);
}
int fallocate(int fd, int mode, off_t at, off_t n) {
  REAL(int, fallocate, int, int, off_t, off_t)
  if (fails(inject::kWrite)) return errno = ENOSPC, -1;
  return real_fallocate(fd, mode, at, n);
}
int ftruncate(int fd, off_t n) {
  REAL(int, ftruncate, int, off_t)
  if (fails(inject::kWrite)) return errno = ENOSPC, -1;
  return real_ftruncate(fd, n);
}
ssize_t pwrite(int fd, const void* from, size_t n, off_t at) {
  REAL(ssize_t, pwrite, int, const void*, size_t, off_t)
  if (fails(inject::kWrite)) return errno = ENOSPC, -1;
  return real_pwrite(fd, from, n, at);
}
int rename(const char* from, const char* to) {
  REAL(int, rename, const char*, const char*)
  if (fails(inject::kWrite)) return errno = ENOSPC, -1;
  return real_rename(from, to);
}
int pthread_create(pthread_t* out, const pthread_attr_t* attr, void* (*fn)(void*), void* arg) {
  REAL(int, pthread_create, pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)
  if (fails(inject::kThread)) return EAGAIN;
  return real_pthread_create(out, attr, fn, arg);
}

}  // extern "C"
