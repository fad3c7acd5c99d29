// The table of the reference backend: every operator, plainly, on the host's memory. It defines what the others must
// compute.
//
// No options, one device, one thread (the caller's).
#include <libinfer/backend.h>

#include "backends/common/calls.h"
#include "backends/reference/plan.h"

namespace infer::reference {
namespace {

constinit backend::Host host;

Device* device(infer_dev* d) { return reinterpret_cast<Device*>(d); }
using Buffers = backend::HostBufferCalls<host>;
using Plans = backend::PlanCalls<host, Device, Plan>;

const char* option_at(int32_t) { return nullptr; }
int32_t device_count() { return 1; }

infer_status device_info(int32_t index, infer_dev_info* out) {
  if (index != 0) return host.fail(INFER_E_NOT_FOUND, "reference has one device, number 0");
  *out = {{sizeof(infer_dev_info), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
          INFER_DEV_CPU,
          1,
          "reference",
          "portable",
          0,
          0};
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
    Buffers::make,
    Buffers::import,
    Buffers::free,
    Buffers::write,
    Buffers::read,
    Buffers::address,
    Plans::supports,
    Plans::make,
    Plans::free,
    Plans::kernel,
    Plans::submit,
    Plans::wait,
    Plans::cancel,
    counter_at,
    nullptr,  // buffer_source: it keeps nothing
    Buffers::discard,
};

}  // namespace
}  // namespace infer::reference

extern "C" const infer_backend* infer_backend_reference_v0(const infer_host* table) {
  if (!infer::backend::Host::usable(table)) return nullptr;
  infer::reference::host.set(table);
  return &infer::reference::kBackend;
}
