// The entry of the cpu backend. Its kernels are landing; until its plans run it refuses by name, and the registry goes
// on without.
#include <libinfer/backend.h>

extern "C" const infer_backend* infer_backend_cpu_v0(const infer_host* host);
extern "C" const infer_backend* infer_backend_cpu_v0(const infer_host* host) {
  static const char kWhy[] = "the cpu backend of this build has no plans yet";
  host->fail(host->self, INFER_E_UNSUPPORTED, kWhy, sizeof kWhy - 1);
  return nullptr;
}
