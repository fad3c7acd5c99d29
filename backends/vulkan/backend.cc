// The table of the vulkan backend: the GPUs that the machine's Vulkan drivers show.
#include <libinfer/backend.h>

#include <charconv>
#include <utility>

#include "backends/common/calls.h"
#include "backends/vulkan/plan.h"

namespace infer::vulkan {
namespace {

constinit backend::Host host;

Device* device(infer_dev* d) { return reinterpret_cast<Device*>(d); }
using Buffers = backend::BufferCalls<host, Buffer>;
using Plans = backend::PlanCalls<host, Device, Plan>;

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

// Drivers take time and memory, so none is loaded before a device is really wanted (device_open); until then there may
// be one.
int32_t device_count() { return Instance::loaded() ? static_cast<int32_t>(Instance::loaded()->adapters().size()) : 1; }

Result<const Adapter*> adapter_at(int32_t index) {
  TRY_SET(const Instance* instance, Instance::get());
  if (instance->adapters().empty()) return Status::not_found("no Vulkan driver shows a device");
  if (index < 0 || static_cast<size_t>(index) >= instance->adapters().size())
    return Status::not_found(str("there is no Vulkan device ", index));
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
      if (key == "use") {
        all = value == "all", gpus = all || value == "gpus";
        if (!gpus && value != "named")
          return Status::invalid(str("vulkan.use is '", value, "'; it takes named, gpus or all"));
      } else if (key == "named")
        named = value == "true" || value == "1";
      else if (key == "pack.dir")
        options.folder = value;
      else if (key == "precision")
        options.precision = value;
      else if (key == "separate")
        options.separate = value == "true" || value == "1";
      else if (key == "fault.lost")
        std::from_chars(value.data(), value.data() + value.size(), options.lost_at);
      else
        return Status::not_found(str("vulkan has no option '", key, "'"));
    }
    if (!named && !gpus)
      return Status::not_found("no driver was loaded: name the device (option device), or set vulkan.use to gpus");
    TRY_SET(const Adapter* a, adapter_at(index));
    if (a->software && !named && !all)
      return Status::unsupported(str(a->name, " is no GPU: the processor computes it; vulkan.use all takes it"));
    TRY_SET(auto opened, Device::open(*a, options));
    *out = reinterpret_cast<infer_dev*>(opened.release());
    return {};
  });
}
void device_close(infer_dev* d) { delete device(d); }

infer_status buffer_new(infer_dev* d, int64_t bytes, int32_t use, infer_buf** out) {
  return Buffers::give(out, [&] { return Buffer::make(*device(d), bytes, use); });
}
infer_status buffer_import(infer_dev* d, const void* data, int64_t bytes, int32_t read_only, infer_buf** out) {
  return Buffers::give(out, [&] { return Buffer::import(*device(d), data, bytes, read_only != 0); });
}

// Runs of each operator, and what else there is to count.
int32_t counter_at(infer_dev* d, int32_t i, const char** name, int64_t* value) {
  constexpr int32_t kOperators = INFER_OP_COUNT - 1;
  Device& from = *device(d);
  if (i < 0) return 0;
  if (i < kOperators) {
    *name = backend::op_name(static_cast<uint32_t>(i + 1));
    *value = from.runs[static_cast<size_t>(i + 1)].load(std::memory_order_relaxed);
    return 1;
  }
  const auto products = [&](Arithmetic a) {
    return from.products[static_cast<size_t>(a)].load(std::memory_order_relaxed);
  };
  const std::pair<const char*, int64_t> others[] = {
      {"kernels", from.pipelines().made()},
      {"kernels.kept", from.pipelines().kept()},  // bytes that the driver was given at the start
      {"dispatches", from.dispatches.load(std::memory_order_relaxed)},
      {"products.f32", products(Arithmetic::kF32)},
      {"products.f16", products(Arithmetic::kF16)},
      {"products.int8", products(Arithmetic::kInt8)},
      {"f16.scaled", from.counted(Device::kScaledRows)},  // rows of x beyond binary16, which were divided before
      {"f16.exact", from.counted(Device::kExactTiles)},   // tiles computed in binary32, their weights being beyond it
  };
  const auto other = static_cast<size_t>(i - kOperators);
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
}  // namespace infer::vulkan

extern "C" const infer_backend* infer_backend_vulkan_v0(const infer_host* table) {
  if (!infer::backend::Host::usable(table)) return nullptr;
  infer::vulkan::host.set(table);
  return &infer::vulkan::kBackend;
}
