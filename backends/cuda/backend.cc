// The table of the cuda backend: NVIDIA's GPUs.
#include <libinfer/backend.h>

#include <charconv>
#include <iterator>
#include <utility>

#include "backends/common/calls.h"
#include "backends/common/gpu_calls.h"
#include "backends/cuda/plan.h"

namespace infer::cuda {
namespace {

constinit backend::Host host;

Device* device(infer_dev* d) { return reinterpret_cast<Device*>(d); }
using Buffers = backend::BufferCalls<host, Buffer>;
using Plans = backend::PlanCalls<host, Device, Plan>;
using Devices = backend::GpuCalls<host, Instance, Device>;

const char* option_at(int32_t i) {
  static constexpr const char* kOptions[] = {
      "use|str|named gpus all|named|runtime|named: devices are used when the option device names them; gpus: always; "
      "all: also what the processor computes in place of a GPU (tests)",
      "named|bool||false|runtime|the option device names a device of this backend; libinfer sets it",
      "precision|str|auto exact int8|auto|runtime|what matrix products with block types compute with. exact: "
      "activations as they are; int8: in two numbers of 8 bits per value; auto: int8",
      "graphs|bool||true|runtime|runs are CUDA graphs; false: kernels are launched one by one",
      "fault.lost|int|0..1000000000|0|runtime|for tests: this part of a run finds the device lost; 0: none",
  };
  return i >= 0 && i < static_cast<int32_t>(std::size(kOptions)) ? kOptions[i] : nullptr;
}

infer_status device_open(int32_t index, const infer_setting* settings, int32_t n_settings, infer_dev** out) {
  const auto take = [](std::string_view key, std::string_view value, Device::Options& options) {
    if (key == "precision")
      options.precision = value;
    else if (key == "graphs")
      options.graphs = Devices::is_true(value);
    else if (key == "fault.lost")
      std::from_chars(value.data(), value.data() + value.size(), options.lost_at);
    else
      return false;
    return true;
  };
  return Devices::open("cuda", index, settings, n_settings, out, take);
}

infer_status buffer_new(infer_dev* d, int64_t bytes, int32_t use, infer_buf** out) {
  return Buffers::give(out, [&] { return Buffer::make(*device(d), bytes, use); });
}
// Kernels want weights in the device's own memory.
infer_status buffer_import(infer_dev*, const void*, int64_t, int32_t, infer_buf**) {
  return host.answer(Status::unsupported("the device has memory of its own"));
}

// Runs of each operator; kernels that were loaded; graphs that were made, and kernels in them that were changed.
int32_t counter_at(infer_dev* d, int32_t i, const char** name, int64_t* value) {
  if (Devices::operator_at(d, i, name, value)) return 1;
  Device& from = *device(d);
  const auto products = [&](backend::Arithmetic a) {
    return from.products[static_cast<size_t>(a)].load(std::memory_order_relaxed);
  };
  const std::pair<const char*, int64_t> others[] = {
      {"kernels", from.functions().loaded()},
      {"graphs", from.graphs.load(std::memory_order_relaxed)},
      {"graphs.changes", from.graph_changes.load(std::memory_order_relaxed)},
      {"products.f32", products(backend::Arithmetic::kF32)},
      {"products.int8", products(backend::Arithmetic::kInt8)},
      {"memory.bytes", from.memory.load(std::memory_order_relaxed)},  // of buffers there
      {"memory.pinned", from.pinned.load(std::memory_order_relaxed)},
  };
  const auto other = static_cast<size_t>(i - Devices::kOperators);
  if (other >= std::size(others)) return 0;
  *name = others[other].first;
  *value = others[other].second;
  return 1;
}

const infer_backend kBackend = {
    {sizeof(infer_backend), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
    "cuda",
    "CUDA 13.0",
    30,
    0,
    option_at,
    Devices::count,
    Devices::info,
    device_open,
    Devices::close,
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
