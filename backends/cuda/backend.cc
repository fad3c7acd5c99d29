// The table of the cuda backend: NVIDIA's GPUs.
#include <libinfer/backend.h>

#include <charconv>
#include <iterator>
#include <utility>

#include "backends/common/calls.h"
#include "backends/cuda/plan.h"

namespace infer::cuda {
namespace {

constinit backend::Host host;

Device* device(infer_dev* d) { return reinterpret_cast<Device*>(d); }
using Buffers = backend::BufferCalls<host, Buffer>;
using Plans = backend::PlanCalls<host, Device, Plan>;

const char* option_at(int32_t i) {
  static constexpr const char* kOptions[] = {
      "use|str|named gpus all|named|runtime|named: devices are used when the option device names them; gpus: always; "
      "all: also what the processor computes in place of a GPU (tests)",
      "named|bool||false|runtime|the option device names a device of this backend; libinfer sets it",
      "graphs|bool||true|runtime|runs are CUDA graphs; false: kernels are launched one by one",
      "fault.lost|int|0..1000000000|0|runtime|for tests: this part of a run finds the device lost; 0: none",
  };
  return i >= 0 && i < static_cast<int32_t>(std::size(kOptions)) ? kOptions[i] : nullptr;
}

// The driver takes time and memory, so it is not loaded before a device is really wanted (device_open); until then
// there may be one.
int32_t device_count() { return Instance::loaded() ? static_cast<int32_t>(Instance::loaded()->adapters().size()) : 1; }

Result<const Adapter*> adapter_at(int32_t index) {
  TRY_SET(const Instance* instance, Instance::get());
  if (instance->adapters().empty()) return Status::not_found("the NVIDIA driver shows no device");
  if (index < 0 || static_cast<size_t>(index) >= instance->adapters().size())
    return Status::not_found(str("there is no CUDA device ", index));
  return &instance->adapters()[static_cast<size_t>(index)];
}

infer_status device_info(int32_t index, infer_dev_info* out) {
  return host.guard([&]() -> Status {
    TRY_SET(const Adapter* a, adapter_at(index));
    *out = {{sizeof(infer_dev_info), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
            a->kind,
            1,
            a->name.c_str(),
            a->features.c_str(),
            a->memory_total,
            a->memory_free()};
    return {};
  });
}

infer_status device_open(int32_t index, const infer_setting* settings, int32_t n_settings, infer_dev** out) {
  return host.guard([&]() -> Status {
    bool named = false, gpus = false, all = false;
    Device::Options options;
    for (int32_t i = 0; i < n_settings; ++i) {
      const std::string_view key = settings[i].key, value = settings[i].value;
      const bool yes = value == "true" || value == "1";
      if (key == "use") {
        all = value == "all", gpus = all || value == "gpus";
        if (!gpus && value != "named")
          return Status::invalid(str("cuda.use is '", value, "'; it takes named, gpus or all"));
      } else if (key == "named")
        named = yes;
      else if (key == "graphs")
        options.graphs = yes;
      else if (key == "fault.lost")
        std::from_chars(value.data(), value.data() + value.size(), options.lost_at);
      else
        return Status::not_found(str("cuda has no option '", key, "'"));
    }
    if (!named && !gpus)
      return Status::not_found("no driver was loaded: name the device (option device), or set cuda.use to gpus");
    TRY_SET(const Adapter* a, adapter_at(index));
    if (a->kind == INFER_DEV_EMULATED && !named && !all)
      return Status::unsupported(str(a->name, " is no GPU: the processor computes it; cuda.use all takes it"));
    TRY_SET(auto opened, Device::open(*a, options));
    *out = reinterpret_cast<infer_dev*>(opened.release());
    return {};
  });
}
void device_close(infer_dev* d) { delete device(d); }

infer_status buffer_new(infer_dev* d, int64_t bytes, int32_t use, infer_buf** out) {
  return Buffers::give(out, [&] { return Buffer::make(*device(d), bytes, use); });
}
// Kernels want weights in the device's own memory.
infer_status buffer_import(infer_dev*, const void*, int64_t, int32_t, infer_buf**) {
  return host.answer(Status::unsupported("the device has memory of its own"));
}

// Runs of each operator; kernels that were loaded; graphs that were made, and kernels in them that were changed.
int32_t counter_at(infer_dev* d, int32_t i, const char** name, int64_t* value) {
  const Device& from = *device(d);
  if (i >= 0 && i < INFER_OP_COUNT - 1) {
    *name = backend::op_name(static_cast<uint32_t>(i + 1));
    *value = from.runs[static_cast<size_t>(i + 1)].load(std::memory_order_relaxed);
    return 1;
  }
  switch (i - (INFER_OP_COUNT - 1)) {
    case 0:
      *name = "kernels", *value = device(d)->functions().loaded();
      return 1;
    case 1:
      *name = "graphs", *value = from.graphs.load(std::memory_order_relaxed);
      return 1;
    case 2:
      *name = "graphs.changes", *value = from.graph_changes.load(std::memory_order_relaxed);
      return 1;
    default:
      return 0;
  }
}

const infer_backend kBackend = {
    {sizeof(infer_backend), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
    "cuda",
    "CUDA 13.0",
    30,
    0,
    option_at,
    device_count,
    device_info,
    device_open,
    device_close,
    buffer_new,
    buffer_import,
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
    nullptr,  // buffer_discard
};

}  // namespace
}  // namespace infer::cuda

extern "C" const infer_backend* infer_backend_cuda_v0(const infer_host* table) {
  if (!infer::backend::Host::usable(table)) return nullptr;
  infer::cuda::host.set(table);
  return &infer::cuda::kBackend;
}
