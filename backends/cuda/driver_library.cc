// Where the driver is: the library that its package puts on the system's search path.
#include <mutex>

#include "backends/cuda/driver.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace infer::cuda {
namespace {

#ifdef _WIN32
constexpr const char* kLibrary = "nvcuda.dll";
void* open_library() { return LoadLibraryExA(kLibrary, nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32); }
void* symbol(void* library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}
#else
constexpr const char* kLibrary = "libcuda.so.1";
void* open_library() { return dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL); }
void* symbol(void* library, const char* name) { return dlsym(library, name); }
#endif

#define INFER_CUDA_TEXT(name) #name
#define INFER_CUDA_SYMBOL(name) INFER_CUDA_TEXT(name)

Status fill(Driver& d) {
  void* const library = open_library();  // never closed: drivers keep threads
  if (!library) return Status::not_found(str("no NVIDIA driver is installed (", kLibrary, " was not found)"));
  const char* missing = nullptr;
#define INFER_CUDA_FUNCTION(name)                                                        \
  d.name = reinterpret_cast<decltype(d.name)>(symbol(library, INFER_CUDA_SYMBOL(name))); \
  if (!d.name && !missing) missing = INFER_CUDA_SYMBOL(name);
#include "backends/cuda/driver.def"
#undef INFER_CUDA_FUNCTION
  if (missing) return Status::unsupported(str("the NVIDIA driver is too old: it has no ", missing));
  return {};
}

}  // namespace

Result<const Driver*> find_driver() {
  static std::mutex mutex;
  static Driver found;
  static bool whole = false;
  const std::lock_guard lock(mutex);
  if (!whole) {
    Driver d;
    TRY(fill(d));
    found = d;
    whole = true;
  }
  return static_cast<const Driver*>(&found);
}

}  // namespace infer::cuda
