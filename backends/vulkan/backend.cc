// The table of the vulkan backend: the GPUs that the machine's Vulkan drivers show.
#include <libinfer/backend.h>

#include <charconv>
#include <utility>

#include "backends/common/calls.h"
#include "backends/common/gpu_calls.h"
#include "backends/vulkan/plan.h"

namespace infer::vulkan {
namespace {

constinit backend::Host host;

Device* device(infer_dev* d) { return reinterpret_cast<Device*>(d); }
using Buffers = backend::BufferCalls<host, Buffer>;
using Plans = backend::PlanCalls<host, Device, Plan>;
using Devices = backend::GpuCalls<host, Instance, Device>;

const char* option_at(int32_t i) {
  static constexpr const char* kOptions[] = {
      "use|str|named gpus all|named|runtime|named: devices are used when the option device names them; gpus: GPUs "
      "always; all: also what the processor computes in place of a GPU (lavapipe), which is slower than cpu",
      "named|bool||false|runtime|the option device names a device of this backend; libinfer sets it",
      "precision|str|auto exact f16 int8|auto|runtime|what matrix products with block types compute with. exact: "
      "32-bit "
      "floats; f16: 16-bit floats over more than 8 rows; int8: the same, and over fewer 8-bit integers; auto: 8-bit "
      "integers over few rows where the device has them in hardware",
      "separate|bool||false|runtime|for tests: as if host and device shared no memory",
      "fault.lost|int|0..1000000000|0|runtime|for tests: this submission finds the device lost; 0: none",
      "pack.dir|str|||runtime|folder where compiled kernels are kept; empty: they are compiled at every start",
  };
  return i >= 0 && i < static_cast<int32_t>(std::size(kOptions)) ? kOptions[i] : nullptr;
}

infer_status device_open(int32_t index, const infer_setting* settings, int32_t n_settings, infer_dev** out) {
  const auto take = [](std::string_view key, std::string_view value, Device::Options& options) {
    if (key == "pack.dir")
      options.folder = value;
    else if (key == "precision")
      options.precision = value;
    else if (key == "separate")
      options.separate = Devices::is_true(value);
    else if (key == "fault.lost")
      std::from_chars(value.data(), value.data() + value.size(), options.lost_at);
    else
      return false;
    return true;
  };
  return Devices::open("vulkan", index, settings, n_settings, out, take);
}

infer_status buffer_new(infer_dev* d, int64_t bytes, int32_t use, infer_buf** out) {
  return Buffers::give(out, [&] { return Buffer::make(*device(d), bytes, use); });
}
infer_status buffer_import(infer_dev* d, const void* data, int64_t bytes, int32_t read_only, infer_buf** out) {
  return Buffers::give(out, [&] { return Buffer::import(*device(d), data, bytes, read_only != 0); });
}

// Runs of each operator, and what else there is to count.
int32_t counter_at(infer_dev* d, int32_t i, const char** name, int64_t* value) {
  if (i < 0) return 0;
  if (Devices::operator_at(d, i, name, value)) return 1;
  Device& from = *device(d);
  const auto products = [&](Arithmetic a) {
    return from.products[static_cast<size_t>(a)].load(std::memory_order_relaxed);
  };
  const Device::MemoryUse memory = from.memory_use();
  const std::pair<const char*, int64_t> others[] = {
      {"memory.bytes", memory.used},   // of buffers that are not imported
      {"memory.taken", memory.taken},  // from the driver for them: whole blocks
      {"kernels", from.pipelines().made()},
      {"kernels.kept", from.pipelines().kept()},  // bytes that the driver was given at the start
      {"dispatches", from.dispatches.load(std::memory_order_relaxed)},
      {"products.f32", products(Arithmetic::kF32)},
      {"products.f16", products(Arithmetic::kF16)},
      {"products.int8", products(Arithmetic::kInt8)},
      {"f16.scaled", from.counted(Device::kScaledRows)},  // rows of x beyond binary16, which were divided before
      {"f16.exact", from.counted(Device::kExactTiles)},   // tiles computed in binary32, their weights being beyond it
  };
  const auto other = static_cast<size_t>(i - Devices::kOperators);
  if (other >= std::size(others)) return 0;
  *name = others[other].first;
  *value = others[other].second;
  return 1;
}

const infer_backend kBackend = {
    {sizeof(infer_backend), INFER_BACKEND_MAJOR, INFER_BACKEND_MINOR},
    "vulkan",
    "Vulkan 1.2",
    20,
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
}  // namespace infer::vulkan

extern "C" const infer_backend* infer_backend_vulkan_v0(const infer_host* table) {
  if (!infer::backend::Host::usable(table)) return nullptr;
  infer::vulkan::host.set(table);
  return &infer::vulkan::kBackend;
}
