// The table of the reference backend: every operator, plainly, on the host's memory. It defines what the others must
// compute.
//
// No options, one device, one thread (the caller's).
#include <libinfer/backend.h>

#include "backends/common/check.h"
#include "backends/common/host.h"
#include "backends/common/host_buffer.h"
#include "backends/reference/plan.h"

namespace infer::reference {
namespace {

using backend::as_buf;
using backend::host_buffer;
using backend::HostBuffer;

constinit backend::Host host;

Device* device(infer_dev* d) { return reinterpret_cast<Device*>(d); }
Plan* plan(infer_plan* p) { return reinterpret_cast<Plan*>(p); }

const char* option_at(int32_t) { return nullptr; }
int32_t device_count() { return 1; }

infer_status device_info(int32_t index, infer_dev_info* out) {
  if (index != 0) return host.fail(INFER_E_NOT_FOUND, "reference has one device, number 0");
  *out = {{sizeof(infer_dev_info), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR}, 0, 1, "reference", "portable", 0, 0};
  return INFER_OK;
}

infer_status device_open(int32_t index, const infer_setting*, int32_t, infer_dev** out) {
  if (index != 0) return host.fail(INFER_E_NOT_FOUND, "reference has one device, number 0");
  return host.guard([&]() -> Status {
    *out = reinterpret_cast<infer_dev*>(new Device);
    return {};
  });
}
void device_close(infer_dev* d) { delete device(d); }

infer_status buffer_new(infer_dev*, int64_t bytes, int32_t, infer_buf** out) {
  return host.guard([&]() -> Status {
    TRY_SET(auto buffer, HostBuffer::make(bytes));
    *out = as_buf(buffer.release());
    return {};
  });
}
infer_status buffer_import(infer_dev*, const void* ptr, int64_t bytes, int32_t read_only, infer_buf** out) {
  return host.guard([&]() -> Status {
    TRY_SET(auto buffer, HostBuffer::import(ptr, bytes, read_only != 0));
    *out = as_buf(buffer.release());
    return {};
  });
}
void buffer_free(infer_buf* b) { delete host_buffer(b); }
infer_status buffer_write(infer_buf* b, int64_t at, const void* src, int64_t n) {
  return host.guard([&] { return host_buffer(b)->write(at, src, n); });
}
infer_status buffer_read(infer_buf* b, int64_t at, void* dst, int64_t n) {
  return host.guard([&] { return host_buffer(b)->read(at, dst, n); });
}
void* buffer_host(infer_buf* b) { return host_buffer(b)->data; }
infer_status buffer_discard(infer_buf* b, int64_t at, int64_t n, int64_t* freed) {
  return host.guard([&] { return host_buffer(b)->discard(at, n, *freed); });
}

int32_t supports(infer_dev*, const infer_program* p, uint32_t op) {
  try {
    return backend::sound_node(p, op) && supported(*p, op).ok();
  } catch (...) {
    return 0;
  }
}

infer_status plan_new(infer_dev* d, const infer_program* p, const infer_binding* weights, uint32_t n_weights,
                      uint32_t* bad_op, int64_t* bytes, infer_plan** out) {
  return host.guard([&]() -> Status {
    TRY_SET(auto made, Plan::make(*device(d), *p, weights, n_weights, bad_op));
    if (bytes) *bytes = made->bytes();
    *out = reinterpret_cast<infer_plan*>(made.release());
    return {};
  });
}
void plan_free(infer_plan* p) { delete plan(p); }
const char* plan_kernel(infer_plan* p, uint32_t op) { return op < plan(p)->n_nodes() ? "plain" : nullptr; }
infer_status plan_submit(infer_plan* p, const int64_t* symbols, const infer_binding* binds, uint32_t n_binds) {
  return host.guard([&] { return plan(p)->submit(symbols, binds, n_binds); });
}
infer_status plan_wait(infer_plan* p, int32_t) {
  return host.guard([&] { return plan(p)->wait(); });
}
void plan_cancel(infer_plan* p) { plan(p)->cancel(); }

int32_t counter_at(infer_dev* d, int32_t i, const char** name, int64_t* value) {
  if (i < 0 || i >= INFER_OP_COUNT - 1) return 0;
  *name = backend::op_name(static_cast<uint32_t>(i + 1));
  *value = device(d)->runs[static_cast<size_t>(i + 1)].load(std::memory_order_relaxed);
  return 1;
}

const infer_backend kBackend = {
    {sizeof(infer_backend), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
    "reference",
    "plain C++",
    0,
    0,
    option_at,
    device_count,
    device_info,
    device_open,
    device_close,
    buffer_new,
    buffer_import,
    buffer_free,
    buffer_write,
    buffer_read,
    buffer_host,
    supports,
    plan_new,
    plan_free,
    plan_kernel,
    plan_submit,
    plan_wait,
    plan_cancel,
    counter_at,
    nullptr,  // buffer_source: it keeps nothing
    buffer_discard,
};

}  // namespace
}  // namespace infer::reference

extern "C" const infer_backend* infer_backend_reference_v0(const infer_host* table) {
  if (!infer::backend::Host::usable(table)) return nullptr;
  infer::reference::host.set(table);
  return &infer::reference::kBackend;
}
