/* Lets libraries that are linked against Debian 12's C library (2.36) run with 2.28, which is what the wheel's tag
 * manylinux_2_28 promises. Names that got a new version since then are bound to their old one; names that are newer are
 * written here with what was there. The definitions are hidden: they serve the library that they are linked into. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define HIDDEN __attribute__((visibility("hidden")))
#define OLD(name, version) __asm__(".symver old_" #name "," #name "@" version)
#if defined(__x86_64__)
#define FIRST "GLIBC_2.2.5"
#define AFFINITY "GLIBC_2.3.4"
#define STAT_VERSION 1
#elif defined(__aarch64__)
#define FIRST "GLIBC_2.17"
#define AFFINITY FIRST
#define STAT_VERSION 0
#endif

/* ---- moved from libpthread and libdl into libc (2.34): the same functions under their first version ---- */
#define FORWARD_TO(version, result, name, parameters, arguments) \
  extern result old_##name parameters;                           \
  OLD(name, version);                                            \
  HIDDEN result name parameters { return old_##name arguments; }
#define FORWARD(result, name, parameters, arguments) FORWARD_TO(FIRST, result, name, parameters, arguments)

FORWARD(int, pthread_create, (pthread_t * t, const pthread_attr_t* a, void* (*f)(void*), void* arg), (t, a, f, arg))
FORWARD(int, pthread_join, (pthread_t t, void** result), (t, result))
FORWARD(int, pthread_detach, (pthread_t t), (t))
FORWARD(int, pthread_once, (pthread_once_t * once, void (*f)(void)), (once, f))
FORWARD(int, pthread_key_create, (pthread_key_t * key, void (*f)(void*)), (key, f))
FORWARD(int, pthread_key_delete, (pthread_key_t key), (key))
FORWARD(void*, pthread_getspecific, (pthread_key_t key), (key))
FORWARD(int, pthread_setspecific, (pthread_key_t key, const void* value), (key, value))
FORWARD(int, pthread_mutex_trylock, (pthread_mutex_t * m), (m))
FORWARD(int, pthread_attr_setstacksize, (pthread_attr_t * a, size_t n), (a, n))
FORWARD_TO(AFFINITY, int, pthread_setaffinity_np, (pthread_t t, size_t n, const cpu_set_t* set), (t, n, set))
FORWARD(void*, dlopen, (const char* name, int flags), (name, flags))
FORWARD(void*, dlsym, (void* library, const char* name), (library, name))
FORWARD(int, dlclose, (void* library), (library))
FORWARD(char*, dlerror, (void), ())
FORWARD(int, dladdr, (const void* address, Dl_info* info), (address, info))
/* The name under which libstdc++ asks whether there are threads. */
HIDDEN int __pthread_key_create(pthread_key_t* key, void (*f)(void*)) { return old_pthread_key_create(key, f); }

/* ---- new versions of functions of the maths library (2.29): they differ in errno alone ---- */
FORWARD(double, exp, (double x), (x))
FORWARD(double, log, (double x), (x))
FORWARD(double, pow, (double x, double y), (x, y))

/* ---- functions that the headers of before had as macros (2.33) ---- */
#define STAT(name, old, what)                                \
  extern int old_##old(int version, what, struct stat* out); \
  OLD(old, FIRST);                                           \
  HIDDEN int name(what, struct stat* out) { return old_##old(STAT_VERSION, file, out); }
STAT(stat, __xstat, const char* file)
STAT(lstat, __lxstat, const char* file)
STAT(fstat, __fxstat, int file)

/* ---- newer than 2.28 ---- */
HIDDEN char __libc_single_threaded = 0; /* 2.32: counts are always atomic */

HIDDEN uint32_t arc4random(void) { /* 2.36 */
  uint32_t value = 0;
  while (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value && errno == EINTR) {
  }
  return value;
}

HIDDEN int pthread_cond_clockwait(pthread_cond_t* c, pthread_mutex_t* m, clockid_t clock,
                                  const struct timespec* until) { /* 2.30 */
  struct timespec now, real;
  clock_gettime(clock, &now);
  clock_gettime(CLOCK_REALTIME, &real);
  int64_t ns = (int64_t)real.tv_nsec + (until->tv_nsec - now.tv_nsec);
  int64_t s = (int64_t)real.tv_sec + (until->tv_sec - now.tv_sec);
  s += ns / 1000000000 - (ns < 0);
  ns = (ns % 1000000000 + 1000000000) % 1000000000;
  real.tv_sec = s;
  real.tv_nsec = ns;
  return pthread_cond_timedwait(c, m, &real);
}

/* 2.35: how the unwinder of this compiler finds the table of the code at an address. */
struct found {
  uintptr_t address;
  struct dl_find_object* out;
  int result;
};
static int look(struct dl_phdr_info* info, size_t size, void* data) {
  (void)size;
  struct found* f = data;
  int inside = 0;
  void* table = NULL;
  uintptr_t from = UINTPTR_MAX, to = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr)* p = &info->dlpi_phdr[i];
    const uintptr_t begin = info->dlpi_addr + p->p_vaddr;
    if (p->p_type == PT_GNU_EH_FRAME) table = (void*)begin;
    if (p->p_type != PT_LOAD) continue;
    if (f->address >= begin && f->address - begin < p->p_memsz) inside = 1;
    if (begin < from) from = begin;
    if (begin + p->p_memsz > to) to = begin + p->p_memsz;
  }
  if (!inside || !table) return inside;
  f->out->dlfo_flags = 0;
  f->out->dlfo_map_start = (void*)from;
  f->out->dlfo_map_end = (void*)to;
  f->out->dlfo_link_map = NULL;
  f->out->dlfo_eh_frame = table;
  f->result = 0;
  return 1;
}
HIDDEN int _dl_find_object(void* address, struct dl_find_object* out) {
  struct found f = {(uintptr_t)address, out, -1};
  dl_iterate_phdr(look, &f);
  return f.result;
}
