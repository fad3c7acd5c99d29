#include "tests/support/memory.h"

#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<size_t> out{0}, most{0};

void* counted_or_null(size_t n) noexcept {
  void* p = std::malloc(n ? n : 1);
  if (!p) return p;
  const size_t now = out.fetch_add(malloc_usable_size(p)) + malloc_usable_size(p);
  size_t seen = most.load();
  while (now > seen && !most.compare_exchange_weak(seen, now)) {
  }
  return p;
}
void* counted(size_t n) {
  void* p = counted_or_null(n);
  if (!p) throw std::bad_alloc();
  return p;
}
void release(void* p) noexcept {
  if (p) out.fetch_sub(malloc_usable_size(p));
  std::free(p);
}
}  // namespace

void* operator new(size_t n) { return counted(n); }
void* operator new[](size_t n) { return counted(n); }
void* operator new(size_t n, const std::nothrow_t&) noexcept { return counted_or_null(n); }
void* operator new[](size_t n, const std::nothrow_t&) noexcept { return counted_or_null(n); }
void operator delete(void* p) noexcept { release(p); }
void operator delete[](void* p) noexcept { release(p); }
void operator delete(void* p, size_t) noexcept { release(p); }
void operator delete[](void* p, size_t) noexcept { release(p); }

namespace infer {
MemoryWatch::MemoryWatch() : before_(out.load()) { most.store(before_); }
size_t MemoryWatch::peak() const { return most.load() - before_; }
}  // namespace infer
