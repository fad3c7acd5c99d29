// Under a sanitizer operator new is the sanitizer's own and never comes to malloc. The test program replaces it by
// these, which every library of the process then uses; memory stays the sanitizer's.
#include <cstdlib>
#include <new>

#include "inject.h"

namespace {
void* take(size_t n) noexcept {
  if (inject::memory_fails()) return nullptr;
  void* p = std::malloc(n ? n : 1);
  if (p) inject::add_live(1);
  return p;
}
void* take_or_throw(size_t n) {
  void* p = take(n);
  if (!p) throw std::bad_alloc();
  return p;
}
void give(void* p) noexcept {
  if (p) inject::add_live(-1);
  std::free(p);
}
}  // namespace

#define PUBLIC __attribute__((visibility("default")))
PUBLIC void* operator new(size_t n) { return take_or_throw(n); }
PUBLIC void* operator new[](size_t n) { return take_or_throw(n); }
PUBLIC void* operator new(size_t n, const std::nothrow_t&) noexcept { return take(n); }
PUBLIC void* operator new[](size_t n, const std::nothrow_t&) noexcept { return take(n); }
PUBLIC void operator delete(void* p) noexcept { give(p); }
PUBLIC void operator delete[](void* p) noexcept { give(p); }
PUBLIC void operator delete(void* p, size_t) noexcept { give(p); }
PUBLIC void operator delete[](void* p, size_t) noexcept { give(p); }
PUBLIC void operator delete(void* p, const std::nothrow_t&) noexcept { give(p); }
PUBLIC void operator delete[](void* p, const std::nothrow_t&) noexcept { give(p); }
