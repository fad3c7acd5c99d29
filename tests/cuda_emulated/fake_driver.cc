// A driver of CUDA without a GPU, in place of the one that backends/cuda/driver_library.cc would find. It is as lazy as
// it may be: what a stream is given runs when the host waits for it or asks, not before. So host code that forgets to
// wait, or that fills memory again before it was copied, gives wrong answers. Kernels of a graph run in the last order
// that its edges allow: a missing edge gives wrong answers, too.
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "backends/cuda/driver.h"
#include "backends/cuda/kernels.h"
#include "tests/cuda_emulated/block.h"
#include "tests/cuda_emulated/emulation.h"
#include "tests/cuda_emulated/memory.h"

namespace infer::cuda_emulated {
namespace {

using backend::Record;

struct Launch {
  const Registration* kernel = nullptr;
  uint32_t blocks = 0, threads = 0, shared = 0;
  Record record;
};
struct Node {
  Launch launch;
  std::vector<size_t> after;
};
struct Graph {
  std::vector<std::unique_ptr<Node>> nodes;
};
struct Exec {
  const Graph* graph;
  std::vector<Launch> launches;  // [nodes]
};
struct Work {
  std::function<CUresult()> run;
  uint64_t number;
};
struct Event {
  uint64_t number = 0;  // of the work that it comes after
};

std::mutex mutex;
Memory memory;
std::deque<Work> stream;       // there is one
uint64_t given = 0, done = 0;  // works
CUresult sticky = CUDA_SUCCESS;
std::string violation_text;
int64_t allocations_left = 0, launches_left = 0, launches_waiting = 0;
thread_local std::vector<CUcontext> contexts;
int the_context, the_stream, the_module;  // their addresses are handles

template <class H>
H handle(void* p) {
  return reinterpret_cast<H>(p);
}

// Every call that needs a context.
#define CALL                                               \
  const std::lock_guard lock(mutex);                       \
  if (contexts.empty()) return CUDA_ERROR_INVALID_CONTEXT; \
  if (sticky != CUDA_SUCCESS) return sticky

void give(std::function<CUresult()> run) { stream.push_back({std::move(run), ++given}); }

void run_next() {
  Work w = std::move(stream.front());
  stream.pop_front();
  memory.open();
  const CUresult r = sticky == CUDA_SUCCESS ? w.run() : sticky;
  memory.close();
  if (r != CUDA_SUCCESS) sticky = r;
  done = w.number;
}
CUresult run_until(uint64_t number) {
  while (done < number && !stream.empty()) run_next();
  return sticky;
}

CUresult misbehaved(std::string what) {
  std::fprintf(stderr, "emulated device: %s\n", what.c_str());
  violation_text = std::move(what);
  return CUDA_ERROR_ILLEGAL_ADDRESS;
}

CUresult run(const Launch& l) {
  --launches_waiting;
  if (launches_left > 0 && --launches_left == 0) return CUDA_ERROR_ILLEGAL_ADDRESS;
  for (const uint64_t a : l.record.a)
    if (a && !memory.has(a, 1))
      return misbehaved(std::string(l.kernel->name) + ": was given an address that is not the device's");
  const std::string failed = run_blocks(l.kernel->kernel, l.record, l.blocks, l.threads, l.shared);
  return failed.empty() ? CUDA_SUCCESS : misbehaved(std::string(l.kernel->name) + ": " + failed);
}

// Is this a launch that a GPU would take?
std::optional<Launch> launch_of(CUfunction f, const unsigned (&grid)[3], const unsigned (&block)[3], unsigned shared,
                                void** parameters) {
  const auto* const kernel = reinterpret_cast<const Registration*>(f);
  if (!kernel || !parameters || grid[0] < 1 || grid[0] > INT32_MAX || grid[1] != 1 || grid[2] != 1 || block[1] != 1 ||
      block[2] != 1)
    return std::nullopt;
  if (block[0] < 32 || block[0] % 32 || block[0] > kernel->most_threads || block[0] > kMostThreads ||
      shared > kMostShared)
    return std::nullopt;
  return Launch{kernel, grid[0], block[0], shared, *static_cast<const Record*>(parameters[0])};
}
std::optional<Launch> launch_of(const CUDA_KERNEL_NODE_PARAMS& p) {
  return launch_of(p.func, {p.gridDimX, p.gridDimY, p.gridDimZ}, {p.blockDimX, p.blockDimY, p.blockDimZ},
                   p.sharedMemBytes, p.kernelParams);
}

bool no_more_memory() { return allocations_left > 0 && --allocations_left == 0; }

// ---- devices and contexts ----

CUresult init(unsigned) { return CUDA_SUCCESS; }
CUresult version(int* v) { return *v = 13000, CUDA_SUCCESS; }
CUresult error_name(CUresult r, const char** name) {
  *name = r == CUDA_ERROR_ILLEGAL_ADDRESS ? "CUDA_ERROR_ILLEGAL_ADDRESS" : "an error of the emulated driver";
  return CUDA_SUCCESS;
}
CUresult device_count(int* n) { return *n = 1, CUDA_SUCCESS; }
CUresult device_get(CUdevice* d, int i) { return *d = 0, i == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE; }
CUresult device_name(char* name, int n, CUdevice) {
  return std::snprintf(name, static_cast<size_t>(n), "emulated device"), CUDA_SUCCESS;
}
CUresult attribute(int* v, CUdevice_attribute what, CUdevice) {
  *v = what == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR      ? 9
       : what == CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK ? static_cast<int>(kMostShared)
       : what == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT        ? 1
                                                                 : 0;
  return CUDA_SUCCESS;
}
CUresult total_memory(size_t* n, CUdevice) { return *n = Memory::kTotal, CUDA_SUCCESS; }
CUresult context_state(CUdevice, unsigned* flags, int* active) { return *flags = 0, *active = 1, CUDA_SUCCESS; }
CUresult context_retain(CUcontext* c, CUdevice) { return *c = handle<CUcontext>(&the_context), CUDA_SUCCESS; }
CUresult context_release(CUdevice) { return CUDA_SUCCESS; }
CUresult context_push(CUcontext c) { return contexts.push_back(c), CUDA_SUCCESS; }
CUresult context_pop(CUcontext* c) {
  if (contexts.empty()) return CUDA_ERROR_INVALID_CONTEXT;
  *c = contexts.back();
  contexts.pop_back();
  return CUDA_SUCCESS;
}

// ---- kernels ----

CUresult module_load(CUmodule* m, const void* image) {
  CALL;
  return *m = handle<CUmodule>(&the_module), image ? CUDA_SUCCESS : CUDA_ERROR_INVALID_IMAGE;
}
CUresult module_unload(CUmodule) { return CUDA_SUCCESS; }
CUresult module_function(CUfunction* f, CUmodule, const char* name) {
  CALL;
  for (const Registration* k = all_kernels(); k; k = k->next)
    if (std::string_view(k->name) == name)
      return *f = reinterpret_cast<CUfunction>(const_cast<Registration*>(k)), CUDA_SUCCESS;
  return CUDA_ERROR_NOT_FOUND;
}
CUresult launch_kernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                       unsigned shared, CUstream, void** parameters, void**) {
  CALL;
  const auto l = launch_of(f, {gx, gy, gz}, {bx, by, bz}, shared, parameters);
  if (!l) return CUDA_ERROR_INVALID_VALUE;
  ++launches_waiting;
  give([l = *l] { return run(l); });
  return CUDA_SUCCESS;
}

// ---- memory ----

CUresult memory_info(size_t* free, size_t* total) {
  CALL;
  return *free = memory.left(), *total = Memory::kTotal, CUDA_SUCCESS;
}
CUresult allocate(CUdeviceptr* p, size_t bytes) {
  CALL;
  if (no_more_memory()) return CUDA_ERROR_OUT_OF_MEMORY;
  const uint64_t made = memory.allocate(bytes);
  if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
  return *p = made, CUDA_SUCCESS;
}
CUresult deallocate(CUdeviceptr p) {
  const std::lock_guard lock(mutex);
  (void)run_until(given);
  return memory.free(p) ? sticky : CUDA_ERROR_INVALID_VALUE;
}
CUresult pin(void** p, size_t bytes, unsigned) {
  CALL;
  void* const made = no_more_memory() ? nullptr : memory.pin(bytes);
  if (!made) return CUDA_ERROR_OUT_OF_MEMORY;
  return *p = made, CUDA_SUCCESS;
}
CUresult unpin(void* p) {
  const std::lock_guard lock(mutex);
  (void)run_until(given);
  return memory.unpin(p) ? sticky : CUDA_ERROR_INVALID_VALUE;
}
CUresult device_pointer(CUdeviceptr* d, void* p, unsigned) {
  CALL;
  *d = memory.device_address(p);
  return *d ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
CUresult set_bytes(CUdeviceptr to, unsigned char v, size_t n, CUstream) {
  CALL;
  if (!memory.has(to, n)) return CUDA_ERROR_INVALID_VALUE;
  give([=] { return std::memset(reinterpret_cast<void*>(to), v, n), CUDA_SUCCESS; });
  return CUDA_SUCCESS;
}
CUresult copy_in(CUdeviceptr to, const void* from, size_t n, CUstream) {
  CALL;
  if (!memory.has(to, n) || !memory.is_pinned(from, n)) return CUDA_ERROR_INVALID_VALUE;
  give([=] { return std::memcpy(reinterpret_cast<void*>(to), from, n), CUDA_SUCCESS; });
  return CUDA_SUCCESS;
}
CUresult copy_out(void* to, CUdeviceptr from, size_t n, CUstream) {
  CALL;
  if (!memory.has(from, n) || !memory.is_pinned(to, n)) return CUDA_ERROR_INVALID_VALUE;
  give([=] { return std::memcpy(to, reinterpret_cast<const void*>(from), n), CUDA_SUCCESS; });
  return CUDA_SUCCESS;
}

// ---- streams and events ----

CUresult stream_create(CUstream* s, unsigned) { return *s = handle<CUstream>(&the_stream), CUDA_SUCCESS; }
CUresult stream_destroy(CUstream) { return CUDA_SUCCESS; }
CUresult stream_wait(CUstream) {
  CALL;
  return run_until(given);
}
CUresult event_create(CUevent* e, unsigned) { return *e = handle<CUevent>(new Event), CUDA_SUCCESS; }
CUresult event_destroy(CUevent e) { return delete reinterpret_cast<Event*>(e), CUDA_SUCCESS; }
CUresult event_record(CUevent e, CUstream) {
  CALL;
  return reinterpret_cast<Event*>(e)->number = given, CUDA_SUCCESS;
}
// Time passes by asking: each time, one work is done.
CUresult event_query(CUevent e) {
  CALL;
  if (done < reinterpret_cast<Event*>(e)->number) run_next();
  if (sticky != CUDA_SUCCESS) return sticky;
  return done < reinterpret_cast<Event*>(e)->number ? CUDA_ERROR_NOT_READY : CUDA_SUCCESS;
}
CUresult event_wait(CUevent e) {
  CALL;
  return run_until(reinterpret_cast<Event*>(e)->number);
}

// ---- graphs ----

CUresult graph_create(CUgraph* g, unsigned) { return *g = handle<CUgraph>(new Graph), CUDA_SUCCESS; }
CUresult graph_destroy(CUgraph g) { return delete reinterpret_cast<Graph*>(g), CUDA_SUCCESS; }
CUresult graph_add(CUgraphNode* out, CUgraph graph, const CUgraphNode* after, size_t n,
                   const CUDA_KERNEL_NODE_PARAMS* p) {
  CALL;
  Graph& g = *reinterpret_cast<Graph*>(graph);
  const auto l = launch_of(*p);
  if (!l) return CUDA_ERROR_INVALID_VALUE;
  auto node = std::make_unique<Node>();
  node->launch = *l;
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < g.nodes.size(); ++k)
      if (handle<CUgraphNode>(g.nodes[k].get()) == after[i]) node->after.push_back(k);
  if (node->after.size() != n) return CUDA_ERROR_INVALID_VALUE;
  *out = handle<CUgraphNode>(node.get());
  g.nodes.push_back(std::move(node));
  return CUDA_SUCCESS;
}
CUresult graph_instantiate(CUgraphExec* out, CUgraph graph, unsigned long long) {
  CALL;
  const Graph& g = *reinterpret_cast<const Graph*>(graph);
  auto* const made = new Exec{&g, {}};
  for (const auto& n : g.nodes) made->launches.push_back(n->launch);
  return *out = handle<CUgraphExec>(made), CUDA_SUCCESS;
}
CUresult exec_destroy(CUgraphExec e) { return delete reinterpret_cast<Exec*>(e), CUDA_SUCCESS; }
CUresult exec_change(CUgraphExec exec, CUgraphNode node, const CUDA_KERNEL_NODE_PARAMS* p) {
  CALL;
  Exec& e = *reinterpret_cast<Exec*>(exec);
  const auto l = launch_of(*p);
  for (size_t i = 0; i < e.launches.size(); ++i) {
    if (handle<CUgraphNode>(e.graph->nodes[i].get()) != node) continue;
    if (!l || l->kernel != e.launches[i].kernel) return CUDA_ERROR_INVALID_VALUE;
    return e.launches[i] = *l, CUDA_SUCCESS;
  }
  return CUDA_ERROR_INVALID_VALUE;
}
CUresult graph_launch(CUgraphExec exec, CUstream) {
  CALL;
  const Exec& e = *reinterpret_cast<const Exec*>(exec);
  std::vector<size_t> waits;  // of each node, for how many
  std::set<size_t> ready;
  std::vector<Launch> order;
  for (size_t i = 0; i < e.launches.size(); ++i) {
    waits.push_back(e.graph->nodes[i]->after.size());
    if (waits.back() == 0) ready.insert(i);
  }
  while (!ready.empty()) {
    const size_t next = *ready.rbegin();
    ready.erase(next);
    order.push_back(e.launches[next]);
    for (size_t i = 0; i < e.launches.size(); ++i)
      for (const size_t before : e.graph->nodes[i]->after)
        if (before == next && --waits[i] == 0) ready.insert(i);
  }
  launches_waiting += static_cast<int64_t>(order.size());
  give([order] {
    CUresult r = CUDA_SUCCESS;
    for (const Launch& l : order)
      if (r == CUDA_SUCCESS) r = run(l);
    return r;
  });
  return CUDA_SUCCESS;
}

}  // namespace

void fail_allocation(int64_t n) {
  const std::lock_guard lock(mutex);
  allocations_left = n;
}
void lose_device(int64_t n) {
  const std::lock_guard lock(mutex);
  launches_left = n;
}
void reset() {
  const std::lock_guard lock(mutex);
  stream.clear();
  done = given;
  sticky = CUDA_SUCCESS;
  allocations_left = launches_left = launches_waiting = 0;
  violation_text.clear();
}
std::string last_violation() {
  const std::lock_guard lock(mutex);
  return violation_text;
}
int64_t blocks_of_memory() {
  const std::lock_guard lock(mutex);
  return memory.blocks();
}
int64_t kernels_waiting() {
  const std::lock_guard lock(mutex);
  return launches_waiting;
}

}  // namespace infer::cuda_emulated

namespace infer::cuda {

Result<const Driver*> find_driver() {
  namespace e = cuda_emulated;
  static const Driver d = [] {
    Driver t;
    t.cuInit = e::init, t.cuDriverGetVersion = e::version, t.cuGetErrorName = e::error_name;
    t.cuDeviceGetCount = e::device_count, t.cuDeviceGet = e::device_get, t.cuDeviceGetName = e::device_name;
    t.cuDeviceGetAttribute = e::attribute, t.cuDeviceTotalMem = e::total_memory;
    t.cuDevicePrimaryCtxGetState = e::context_state, t.cuDevicePrimaryCtxRetain = e::context_retain;
    t.cuDevicePrimaryCtxRelease = e::context_release;
    t.cuCtxPushCurrent = e::context_push, t.cuCtxPopCurrent = e::context_pop;
    t.cuModuleLoadData = e::module_load, t.cuModuleUnload = e::module_unload,
    t.cuModuleGetFunction = e::module_function;
    t.cuMemGetInfo = e::memory_info, t.cuMemAlloc = e::allocate, t.cuMemFree = e::deallocate;
    t.cuMemHostAlloc = e::pin, t.cuMemFreeHost = e::unpin, t.cuMemHostGetDevicePointer = e::device_pointer;
    t.cuMemsetD8Async = e::set_bytes, t.cuMemcpyHtoDAsync = e::copy_in, t.cuMemcpyDtoHAsync = e::copy_out;
    t.cuStreamCreate = e::stream_create, t.cuStreamDestroy = e::stream_destroy, t.cuStreamSynchronize = e::stream_wait;
    t.cuEventCreate = e::event_create, t.cuEventDestroy = e::event_destroy, t.cuEventRecord = e::event_record;
    t.cuEventQuery = e::event_query, t.cuEventSynchronize = e::event_wait;
    t.cuLaunchKernel = e::launch_kernel;
    t.cuGraphCreate = e::graph_create, t.cuGraphDestroy = e::graph_destroy, t.cuGraphAddKernelNode = e::graph_add;
    t.cuGraphInstantiate = e::graph_instantiate, t.cuGraphExecDestroy = e::exec_destroy;
    t.cuGraphExecKernelNodeSetParams = e::exec_change, t.cuGraphLaunch = e::graph_launch;
    t.emulated = true;
    return t;
  }();
  return &d;
}

// The kernels are linked in, not loaded: any address does.
std::span<const Fatbin> fatbins() {
  static constexpr int kNothing = 0;
  static constexpr Fatbin kAll[kModules] = {{&kNothing}, {&kNothing}, {&kNothing}, {&kNothing},
                                            {&kNothing}, {&kNothing}, {&kNothing}};
  return kAll;
}

}  // namespace infer::cuda
